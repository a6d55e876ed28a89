//! Decrypting apart from the certificate, as signing is: for tokens that an issuer has encrypted for it.

use std::fmt;

use async_trait::async_trait;

use crate::credential::SecretBytes;
use crate::world::Moment;
use crate::{SourceError, World};

/// The most bytes that are handed to a [`Decrypter`]: what an RSA key of 8192 bits encrypts to.
pub const MAX_CIPHERTEXT: usize = 1024;

/// A JWE algorithm (RFC 7518 §4.1) that content keys are encrypted with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DecryptionAlgorithm {
    /// RSAES-OAEP with SHA-1 and MGF1 with SHA-1 (RFC 7518 §4.3), which is what Microsoft Entra ID uses.
    RsaOaep,
    /// RSAES-OAEP with SHA-256 and MGF1 with SHA-256 (RFC 7518 §4.3).
    RsaOaep256,
}

impl DecryptionAlgorithm {
    /// The algorithm of that name in a JWE header, whose case counts.
    pub fn named(name: &str) -> Option<Self> {
        [Self::RsaOaep, Self::RsaOaep256].into_iter().find(|algorithm| algorithm.as_str() == name)
    }

    /// The name in a JWE header.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::RsaOaep => "RSA-OAEP",
            Self::RsaOaep256 => "RSA-OAEP-256",
        }
    }
}

impl fmt::Display for DecryptionAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What is to be decrypted.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct DecryptionRequest<'a> {
    /// One of the decrypter's [`Decrypter::algorithms`].
    pub algorithm: DecryptionAlgorithm,
    /// The encrypted key of a JWE (RFC 7516 §2), at most [`MAX_CIPHERTEXT`] bytes.
    pub ciphertext: &'a [u8],
    /// When the caller stops waiting.
    pub deadline: Moment,
    /// The outside world.
    pub world: &'a World,
}

impl<'a> DecryptionRequest<'a> {
    /// Asks what the ciphertext was made of.
    pub fn new(algorithm: DecryptionAlgorithm, ciphertext: &'a [u8], deadline: Moment, world: &'a World) -> Self {
        Self { algorithm, ciphertext, deadline, world }
    }
}

/// Decrypts with the private key of one certificate.
///
/// Implementations print nothing of key and plaintext in `Debug` and in errors, tell ciphertexts that fail
/// apart by nothing (RFC 7516 §11.5), do not hold up a runtime thread, and may be called from many tasks
/// at once.
#[async_trait]
pub trait Decrypter: fmt::Debug + Send + Sync {
    /// What the key can do. Never empty.
    fn algorithms(&self) -> &[DecryptionAlgorithm];

    /// The plaintext.
    ///
    /// # Errors
    /// [`SourceErrorKind::Invalid`](crate::SourceErrorKind::Invalid) when the key cannot do the algorithm, and when
    /// the ciphertext was not made for it; `Denied` and `Transient` as the place of the key has it.
    async fn decrypt(&self, request: DecryptionRequest<'_>) -> Result<SecretBytes, SourceError>;
}
