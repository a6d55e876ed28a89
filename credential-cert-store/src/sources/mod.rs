//! The credential sources.

mod base64;
mod blame;
mod given;
mod memory;
mod path;
mod store;

use std::sync::Arc;

use credential_core::CredentialSource;

pub use self::base64::Base64Source;
pub use given::CertificateSource;
pub use path::PathSource;
pub use store::{MAX_STORE_FILES, MAX_STORE_ROUNDS, StoreSource};

/// The sources of this crate, ready to be registered.
pub fn sources() -> Vec<Arc<dyn CredentialSource>> {
    let mut sources: Vec<Arc<dyn CredentialSource>> =
        vec![Arc::new(CertificateSource), Arc::new(PathSource::default()), Arc::new(Base64Source::default())];
    for store in StoreSource::all() {
        sources.push(Arc::new(store));
    }
    sources
}
