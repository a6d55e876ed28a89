#![cfg_attr(docsrs, feature(doc_cfg))]
#![doc = include_str!("../README.md")]

mod endpoint;
mod hashicorp;
mod identity;
mod load;
mod loader;
mod lock;
mod plan;
mod session;
mod settings;
mod source;
mod vault;
mod watch;

pub use hashicorp::HashiCorpVaultSource;
pub use source::{KeyVaultSources, sources};
