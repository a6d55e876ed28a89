//! Decrypting with a key that this process holds.

use std::fmt;
use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::{
    KeyPair, OAEP_SHA1_MGF1SHA1, OAEP_SHA256_MGF1SHA256, OaepAlgorithm, OaepPrivateDecryptingKey, PrivateDecryptingKey,
};
use credential_core::SourceError;
use credential_core::credential::{Decrypter, DecryptionAlgorithm, DecryptionRequest, SecretBytes};
use zeroize::Zeroizing;

use crate::private_key::SigningKey;
use crate::signer::MAX_INLINE_MODULUS;

const ALGORITHMS: [DecryptionAlgorithm; 2] = [DecryptionAlgorithm::RsaOaep, DecryptionAlgorithm::RsaOaep256];

/// What every ciphertext that is no good is answered with: which way it is none is nobody's business.
fn failed() -> SourceError {
    SourceError::invalid("decryption-failed", "the key does not decrypt it").remedy(
        "look which certificate it was encrypted for: the key of another one, or another algorithm, looks the same",
    )
}

/// An RSA key in memory.
#[derive(Clone)]
pub(crate) struct LocalDecrypter(Arc<Key>);

struct Key {
    pair: Arc<SigningKey>,
    /// The same for decrypting. Made when it is needed: most certificates only sign.
    decrypting: OnceLock<OaepPrivateDecryptingKey>,
}

impl LocalDecrypter {
    /// `None` for a key of another kind than RSA.
    pub(crate) fn of(pair: Arc<SigningKey>) -> Option<Self> {
        matches!(*pair, SigningKey::Rsa(_)).then(|| Self(Arc::new(Key { pair, decrypting: OnceLock::new() })))
    }
}

impl fmt::Debug for LocalDecrypter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalDecrypter").field("algorithms", &ALGORITHMS).finish_non_exhaustive()
    }
}

#[async_trait]
impl Decrypter for LocalDecrypter {
    fn algorithms(&self) -> &[DecryptionAlgorithm] {
        &ALGORITHMS
    }

    async fn decrypt(&self, request: DecryptionRequest<'_>) -> Result<SecretBytes, SourceError> {
        let algorithm = match request.algorithm {
            DecryptionAlgorithm::RsaOaep => &OAEP_SHA1_MGF1SHA1,
            DecryptionAlgorithm::RsaOaep256 => &OAEP_SHA256_MGF1SHA256,
            other => {
                return Err(SourceError::invalid("algorithm-not-of-key", format!("the key cannot decrypt {other}")));
            }
        };
        match tokio::runtime::Handle::try_current() {
            Ok(runtime) if self.0.is_large() => {
                let (key, ciphertext) = (Arc::clone(&self.0), request.ciphertext.to_vec());
                // As one signature: it ends by itself.
                let decrypting = runtime.spawn_blocking(move || key.decrypt(algorithm, &ciphertext));
                decrypting.await.map_err(|cause| {
                    SourceError::transient("decryption-abandoned", "the runtime shut down while decrypting")
                        .caused_by(cause)
                })?
            }
            _ => self.0.decrypt(algorithm, request.ciphertext),
        }
    }
}

impl Key {
    fn is_large(&self) -> bool {
        matches!(&*self.pair, SigningKey::Rsa(pair) if pair.public_modulus_len() > MAX_INLINE_MODULUS)
    }

    fn decrypt(&self, algorithm: &'static OaepAlgorithm, ciphertext: &[u8]) -> Result<SecretBytes, SourceError> {
        let key = self.decrypting()?;
        let mut room = Zeroizing::new(vec![0; key.min_output_size()]);
        let plaintext = key.decrypt(algorithm, ciphertext, &mut room, None).map_err(|_| failed())?;
        Ok(SecretBytes::new(&*plaintext))
    }

    fn decrypting(&self) -> Result<&OaepPrivateDecryptingKey, SourceError> {
        if let Some(key) = self.decrypting.get() {
            return Ok(key);
        }
        let made = match &*self.pair {
            SigningKey::Rsa(pair) => decrypting(pair),
            SigningKey::Ec(_) => None,
        };
        let made = made.ok_or_else(|| SourceError::invalid("key-not-supported", "the key decrypts nothing"))?;
        Ok(self.decrypting.get_or_init(|| made))
    }
}

fn decrypting(pair: &KeyPair) -> Option<OaepPrivateDecryptingKey> {
    let pkcs8: Pkcs8V1Der<'_> = pair.as_der().ok()?;
    OaepPrivateDecryptingKey::new(PrivateDecryptingKey::from_pkcs8(pkcs8.as_ref()).ok()?).ok()
}
