#![doc = include_str!("../README.md")]

mod address;
mod azure_cli;
mod challenge;
mod cli_turn;
mod environment;
mod identity;
mod load;
mod loader;
mod managed_identity;
mod material;
mod means;
mod memory;
mod missing;
mod pages;
mod peer;
mod plan;
mod problem;
mod remote_signer;
mod session;
mod settings;
mod source;
mod transport;
mod vault;
mod version;

pub use source::{KeyVaultSources, sources};
