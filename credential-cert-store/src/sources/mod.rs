//! The credential sources.

mod base64;
mod given;
mod memory;
mod path;

use std::sync::Arc;

use credential_core::CredentialSource;

pub use self::base64::Base64Source;
pub use given::CertificateSource;
pub use path::PathSource;

/// The sources of this crate, ready to be registered.
pub fn sources() -> Vec<Arc<dyn CredentialSource>> {
    vec![Arc::new(CertificateSource), Arc::new(PathSource::default()), Arc::new(Base64Source::default())]
}
