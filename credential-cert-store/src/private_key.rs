//! Private keys as files hold them: PKCS#8, PKCS#1 and SEC1.

use std::fmt;

use aws_lc_rs::rsa::KeyPair as RsaKeyPair;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, ECDSA_P521_SHA512_FIXED_SIGNING, EcdsaKeyPair,
    EcdsaSigningAlgorithm, KeyPair,
};
use credential_core::SourceError;
use zeroize::Zeroizing;

use crate::der::{self, CONTEXT_0, INTEGER, OCTET_STRING, OID, Reader, SEQUENCE};
use crate::error::Malformed;
use crate::oid;
use crate::public_key::{self, Curve, PublicKey};

/// Smallest RSA key that signs; the authorities refuse smaller ones, and so does the crypto library.
const MIN_RSA_BITS: usize = 2048;
/// Largest RSA key that signs.
const MAX_RSA_BITS: usize = 8192;

/// A private key whose structure is known and whose numbers are not yet checked.
pub(crate) struct PrivateKey {
    kind: Kind,
    der: Zeroizing<Vec<u8>>,
}

#[derive(Clone, Copy)]
enum Kind {
    /// PKCS#1.
    Rsa,
    /// PKCS#8 or SEC1 with the curve named.
    Ec(Curve),
}

/// A private key that signs.
pub(crate) enum SigningKey {
    Rsa(RsaKeyPair),
    Ec(EcdsaKeyPair),
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PrivateKey")
    }
}

impl PrivateKey {
    /// PKCS#8 (RFC 5208, RFC 5958).
    pub(crate) fn from_pkcs8(pkcs8: &[u8]) -> Result<Self, SourceError> {
        let mut fields = Reader::new(pkcs8).sequence().map_err(unreadable)?;
        fields.unsigned().map_err(unreadable)?;
        let info = fields.any().map_err(unreadable)?;
        let (algorithm, mut parameters) = Reader::new(info.raw).algorithm().map_err(unreadable)?;
        let key = fields.expect(OCTET_STRING).map_err(unreadable)?;
        match algorithm {
            oid::RSA => Self::from_pkcs1(key),
            oid::EC => {
                let named = parameters.optional(OID).map_err(unreadable)?.unwrap_or_default();
                let curve = Curve::of(named).ok_or_else(|| unsupported(&public_key::other_curve(named)))?;
                // Without what may follow the key: version 2 of the structure and attributes.
                let mut body = Zeroizing::new(Vec::with_capacity(pkcs8.len()));
                der::write(&mut body, INTEGER, &[0]);
                body.extend_from_slice(info.raw);
                der::write(&mut body, OCTET_STRING, key);
                let mut whole = Zeroizing::new(Vec::with_capacity(body.len() + 8));
                der::write(&mut whole, SEQUENCE, &body);
                Ok(Self { kind: Kind::Ec(curve), der: whole })
            }
            _ => Err(unsupported(&public_key::other_algorithm(algorithm))),
        }
    }

    /// `RSAPrivateKey` (RFC 8017 appendix A.1.2).
    pub(crate) fn from_pkcs1(pkcs1: &[u8]) -> Result<Self, SourceError> {
        let first = Reader::new(pkcs1).any().map_err(unreadable)?;
        Ok(Self { kind: Kind::Rsa, der: Zeroizing::new(first.raw.to_vec()) })
    }

    /// `ECPrivateKey` (RFC 5915), with its curve.
    pub(crate) fn from_sec1(sec1: &[u8]) -> Result<Self, SourceError> {
        let mut outer = Reader::new(sec1);
        let first = outer.any().map_err(unreadable)?;
        let mut fields = Reader::new(first.raw).sequence().map_err(unreadable)?;
        fields.unsigned().map_err(unreadable)?;
        fields.expect(OCTET_STRING).map_err(unreadable)?;
        let parameters = fields.optional(CONTEXT_0).map_err(unreadable)?.unwrap_or_default();
        let named = Reader::new(parameters).optional(OID).unwrap_or_default().unwrap_or_default();
        let curve = Curve::of(named).ok_or_else(|| unsupported(&public_key::other_curve(named)))?;
        Ok(Self { kind: Kind::Ec(curve), der: Zeroizing::new(first.raw.to_vec()) })
    }

    /// The public half.
    pub(crate) fn public(&self) -> Result<PublicKey, SourceError> {
        match self.kind {
            Kind::Rsa => {
                let mut fields = Reader::new(&self.der).sequence().map_err(unreadable)?;
                if fields.unsigned().map_err(unreadable)? != 0 {
                    return Err(unsupported("RSA with more than two primes"));
                }
                PublicKey::rsa(fields).map_err(unreadable)
            }
            Kind::Ec(curve) => Ok(PublicKey::Ec { curve, point: self.ec_pair(curve)?.public_key().as_ref().to_vec() }),
        }
    }

    /// Checks the key's numbers and makes it ready to sign.
    pub(crate) fn signing_key(&self) -> Result<SigningKey, SourceError> {
        match self.kind {
            Kind::Ec(curve) => self.ec_pair(curve).map(SigningKey::Ec),
            Kind::Rsa => match self.public()?.rsa_bits() {
                Some(bits) if bits < MIN_RSA_BITS => Err(SourceError::invalid(
                    "key-too-weak",
                    format!("the key is RSA {bits}; keys below {MIN_RSA_BITS} bits are not used"),
                )
                .remedy("make a new key and certificate: openssl req -x509 -newkey rsa:2048")),
                Some(bits) if bits > MAX_RSA_BITS => Err(SourceError::invalid(
                    "key-not-supported",
                    format!("the key is RSA {bits}; keys above MAX_RSA_BITS ({MAX_RSA_BITS}) are not used"),
                )),
                _ => RsaKeyPair::from_der(&self.der)
                    .map(SigningKey::Rsa)
                    .map_err(|_| unreadable(Malformed("its numbers do not make an RSA key"))),
            },
        }
    }

    fn ec_pair(&self, curve: Curve) -> Result<EcdsaKeyPair, SourceError> {
        EcdsaKeyPair::from_private_key_der(signing_algorithm(curve), &self.der)
            .map_err(|_| unreadable(Malformed("its numbers do not make a key on its curve")))
    }
}

/// Signing with the signature in the form of RFC 7518 §3.4.
fn signing_algorithm(curve: Curve) -> &'static EcdsaSigningAlgorithm {
    match curve {
        Curve::P256 => &ECDSA_P256_SHA256_FIXED_SIGNING,
        Curve::P384 => &ECDSA_P384_SHA384_FIXED_SIGNING,
        Curve::P521 => &ECDSA_P521_SHA512_FIXED_SIGNING,
    }
}

pub(crate) fn unreadable(malformed: Malformed) -> SourceError {
    SourceError::invalid("key-unreadable", format!("the private key is damaged: {}", malformed.0))
        .remedy("export key and certificate once more; openssl pkey -in FILE -noout -check tells what is wrong")
}

/// The error for a key that signs no client assertion.
pub(crate) fn unsupported(name: &str) -> SourceError {
    SourceError::invalid(
        "key-not-supported",
        format!("the key is {name}; client assertions are signed with RSA or with EC on P-256, P-384 or P-521"),
    )
    .remedy("use a certificate with such a key; Microsoft Entra ID takes RSA")
}
