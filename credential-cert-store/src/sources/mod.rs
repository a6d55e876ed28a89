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
    let [thumbprint, distinguished_name, subject_name] = StoreSource::all();
    vec![
        Arc::new(CertificateSource),
        Arc::new(PathSource),
        Arc::new(Base64Source),
        Arc::new(thumbprint),
        Arc::new(distinguished_name),
        Arc::new(subject_name),
    ]
}
