//! Signing apart from the certificate: a local key, a vault's key, a platform's or an HSM's look alike.

use std::fmt;

use async_trait::async_trait;

use crate::world::Moment;
use crate::{SourceError, World};

/// A JWS algorithm (RFC 7518 §3.1) that client assertions are signed with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SigningAlgorithm {
    /// RSASSA-PSS with SHA-256, salt of 32 bytes.
    Ps256,
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
    /// ECDSA on P-256 with SHA-256; the signature is `r || s`, 64 bytes (RFC 7518 §3.4).
    Es256,
    /// ECDSA on P-384 with SHA-384; 96 bytes.
    Es384,
    /// ECDSA on P-521 with SHA-512; 132 bytes.
    Es512,
}

impl SigningAlgorithm {
    /// The algorithm of that name, whatever its case.
    pub fn named(name: &str) -> Option<Self> {
        let all = [Self::Ps256, Self::Rs256, Self::Es256, Self::Es384, Self::Es512];
        all.into_iter().find(|algorithm| algorithm.as_str().eq_ignore_ascii_case(name))
    }

    /// The name in a JWS header.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ps256 => "PS256",
            Self::Rs256 => "RS256",
            Self::Es256 => "ES256",
            Self::Es384 => "ES384",
            Self::Es512 => "ES512",
        }
    }
}

impl fmt::Display for SigningAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What is to be signed.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct SigningRequest<'a> {
    /// One of the signer's [`Signer::algorithms`].
    pub algorithm: SigningAlgorithm,
    /// The bytes to sign; hashing them is the signer's part.
    pub message: &'a [u8],
    /// When the caller stops waiting.
    pub deadline: Moment,
    /// The outside world.
    pub world: &'a World,
}

impl<'a> SigningRequest<'a> {
    /// Asks for a signature over the message.
    pub fn new(algorithm: SigningAlgorithm, message: &'a [u8], deadline: Moment, world: &'a World) -> Self {
        Self { algorithm, message, deadline, world }
    }
}

/// Signs with the private key of one certificate.
///
/// Implementations print nothing of the key in `Debug`, do not hold up a runtime thread, and may be
/// called from many tasks at once.
#[async_trait]
pub trait Signer: fmt::Debug + Send + Sync {
    /// What the key can do, preferred first. Never empty.
    fn algorithms(&self) -> &[SigningAlgorithm];

    /// The signature in the form that RFC 7518 gives for the algorithm.
    ///
    /// # Errors
    /// [`SourceErrorKind::Invalid`](crate::SourceErrorKind::Invalid) when the key cannot do the
    /// algorithm; `Denied` and `Transient` as the place of the key has it.
    async fn sign(&self, request: SigningRequest<'_>) -> Result<Vec<u8>, SourceError>;
}
