//! Public keys, to tell which key belongs to which certificate and what it could sign.

use std::fmt;

use credential_core::credential::SigningAlgorithm;

use crate::der::{BIT_STRING, INTEGER, OID, Reader, magnitude};
use crate::error::Malformed;
use crate::oid;

/// A curve that client assertions are signed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Curve {
    P256,
    P384,
    P521,
}

impl Curve {
    pub(crate) fn of(identifier: &[u8]) -> Option<Self> {
        match identifier {
            oid::P256 => Some(Self::P256),
            oid::P384 => Some(Self::P384),
            oid::P521 => Some(Self::P521),
            _ => None,
        }
    }
}

/// A public key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum PublicKey {
    /// Modulus and exponent, without leading zeros.
    Rsa { modulus: Vec<u8>, exponent: Vec<u8> },
    /// Curve and point.
    Ec { curve: Curve, point: Vec<u8> },
    /// A key that signs no client assertions, by name.
    Other(String),
}

impl PublicKey {
    /// `SubjectPublicKeyInfo` (RFC 5280 §4.1.2.7).
    pub(crate) fn of_info(info: &[u8]) -> Result<Self, Malformed> {
        let mut fields = Reader::new(info).sequence()?;
        let (algorithm, mut parameters) = fields.algorithm()?;
        let (_, bits) = fields.expect(BIT_STRING)?.split_first().ok_or(Malformed("a public key without bits"))?;
        match algorithm {
            oid::RSA => Self::rsa(Reader::new(bits).sequence()?),
            oid::EC => {
                let curve = parameters.optional(OID)?.unwrap_or_default();
                Ok(match Curve::of(curve) {
                    Some(curve) => Self::Ec { curve, point: bits.to_vec() },
                    None => Self::Other(other_curve(curve)),
                })
            }
            _ => Ok(Self::Other(other_algorithm(algorithm))),
        }
    }

    /// Modulus and exponent, the next two numbers.
    pub(crate) fn rsa(mut fields: Reader<'_>) -> Result<Self, Malformed> {
        let modulus = magnitude(fields.expect(INTEGER)?)?.to_vec();
        let exponent = magnitude(fields.expect(INTEGER)?)?.to_vec();
        Ok(Self::Rsa { modulus, exponent })
    }

    /// Size of an RSA key in bits; of no other.
    pub(crate) fn rsa_bits(&self) -> Option<usize> {
        match self {
            Self::Rsa { modulus, .. } => {
                let unused = modulus.first().map_or(0, |first| first.leading_zeros() as usize);
                Some(modulus.len() * 8 - unused)
            }
            _ => None,
        }
    }

    /// What a key like this can sign, preferred first.
    pub(crate) fn algorithms(&self) -> &'static [SigningAlgorithm] {
        match self {
            Self::Rsa { .. } => &[SigningAlgorithm::Ps256, SigningAlgorithm::Rs256],
            Self::Ec { curve: Curve::P256, .. } => &[SigningAlgorithm::Es256],
            Self::Ec { curve: Curve::P384, .. } => &[SigningAlgorithm::Es384],
            Self::Ec { curve: Curve::P521, .. } => &[SigningAlgorithm::Es512],
            Self::Other(_) => &[],
        }
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rsa { .. } => write!(f, "RSA {}", self.rsa_bits().unwrap_or(0)),
            Self::Ec { curve: Curve::P256, .. } => f.write_str("EC P-256"),
            Self::Ec { curve: Curve::P384, .. } => f.write_str("EC P-384"),
            Self::Ec { curve: Curve::P521, .. } => f.write_str("EC P-521"),
            Self::Other(name) => f.write_str(name),
        }
    }
}

/// The name of a key algorithm that signs no client assertions.
pub(crate) fn other_algorithm(algorithm: &[u8]) -> String {
    match algorithm {
        oid::RSA_PSS => "RSA-PSS".to_owned(),
        oid::DSA => "DSA".to_owned(),
        oid::ED25519 => "Ed25519".to_owned(),
        oid::ED448 => "Ed448".to_owned(),
        _ => format!("key algorithm {}", oid::text(algorithm)),
    }
}

/// The name of a curve that no client assertion is signed on.
pub(crate) fn other_curve(curve: &[u8]) -> String {
    match oid::text(curve).as_str() {
        "1.3.132.0.10" => "EC secp256k1".to_owned(),
        "1.3.36.3.3.2.8.1.1.7" => "EC brainpoolP256r1".to_owned(),
        "1.3.36.3.3.2.8.1.1.11" => "EC brainpoolP384r1".to_owned(),
        "1.3.36.3.3.2.8.1.1.13" => "EC brainpoolP512r1".to_owned(),
        "?" => "EC on a curve without a name".to_owned(),
        text => format!("EC on curve {text}"),
    }
}
