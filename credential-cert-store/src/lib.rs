//! Certificates as credentials: PFX, PEM and DER from files and from configuration values, with
//! signers whose keys are in this process.
//!
//! ```json
//! { "SourceType": "Path", "CertificateDiskPath": "app.pfx", "CertificatePassword": "..." }
//! { "SourceType": "Path", "CertificateDiskPath": "tls.crt", "CertificateKeyDiskPath": "tls.key" }
//! { "SourceType": "Base64Encoded", "Base64EncodedValue": "MIIJ..." }
//! ```
//!
//! What a content is, is told from the content. [`Material`] reads it, wherever it comes from.

mod ber;
mod certificate;
mod cipher;
mod der;
mod error;
mod hash;
mod kdf;
mod material;
#[cfg_attr(not(test), expect(dead_code, reason = "store look-ups by name use the rest"))]
mod name;
mod oid;
mod password;
mod pbe;
mod pem;
mod pfx;
mod pieces;
mod private_key;
mod public_key;
mod shape;
mod signer;
#[cfg(feature = "sources")]
mod sources;
mod work;

pub use certificate::{algorithms_of, certificate_facts, judge};
pub use material::Material;
pub use shape::MAX_CONTENT;
#[cfg(feature = "sources")]
pub use sources::{Base64Source, CertificateSource, PathSource, sources};
pub use work::MAX_ROUNDS;
