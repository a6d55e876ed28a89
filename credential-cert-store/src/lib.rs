#![cfg_attr(docsrs, feature(doc_cfg))]
#![doc = include_str!("../README.md")]

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
mod time;
mod work;
mod x509;

pub use certificate::{algorithms_of, certificate_alone, certificate_facts, judge, public_key_info};
pub use inspect::{Inspection, inspect};
pub use material::Material;
pub use shape::MAX_CONTENT;
#[cfg(feature = "sources")]
pub use sources::{
    Base64Source, CertificateSource, MAX_STORE_FILES, MAX_STORE_ROUNDS, PathSource, StoreSource, sources,
};
pub use time::date;
pub use work::MAX_ROUNDS;
