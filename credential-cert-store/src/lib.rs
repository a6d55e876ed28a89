//! Certificates as credentials: PFX, PEM and DER from files, configuration values and
//! certificate stores, with signers whose keys are in this process.
//!
//! ```json
//! { "SourceType": "Path", "CertificateDiskPath": "app.pfx", "CertificatePassword": "..." }
//! { "SourceType": "Path", "CertificateDiskPath": "tls.crt", "CertificateKeyDiskPath": "tls.key" }
//! { "SourceType": "Base64Encoded", "Base64EncodedValue": "MIIJ..." }
//! { "SourceType": "StoreWithThumbprint", "CertificateStorePath": "CurrentUser/My", "CertificateThumbprint": "0117..." }
//! { "SourceType": "StoreWithDistinguishedName", "CertificateStorePath": "CurrentUser/My",
//!   "CertificateDistinguishedName": "CN=app, O=Contoso" }
//! { "SourceType": "StoreWithSubjectName", "CertificateStorePath": "CurrentUser/My", "CertificateSubjectName": "app" }
//! ```
//!
//! What a content is, is told from the content. [`Material`] reads it, wherever it comes from.

mod ber;
mod certificate;
mod cipher;
mod decrypter;
mod der;
mod error;
mod hash;
mod inspect;
mod kdf;
mod material;
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

pub use certificate::{algorithms_of, certificate_alone, certificate_facts, date, judge};
pub use inspect::{Inspection, inspect};
pub use material::Material;
pub use shape::MAX_CONTENT;
#[cfg(feature = "sources")]
pub use sources::{
    Base64Source, CertificateSource, MAX_STORE_FILES, MAX_STORE_ROUNDS, PathSource, StoreSource, sources,
};
pub use work::MAX_ROUNDS;
