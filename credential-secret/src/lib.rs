#![cfg_attr(docsrs, feature(doc_cfg))]
#![doc = include_str!("../README.md")]

mod doubt;
mod place;
mod source;
mod text;

use std::sync::Arc;

use credential_core::CredentialSource;

pub use source::ClientSecretSource;
pub use text::MAX_SECRET_LENGTH;

/// The sources of this crate, ready to be registered.
pub fn sources() -> Vec<Arc<dyn CredentialSource>> {
    vec![Arc::new(ClientSecretSource)]
}
