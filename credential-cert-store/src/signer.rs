//! Signing with a key that this process holds.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{RSA_PKCS1_SHA256, RSA_PSS_SHA256, RsaEncoding};
use credential_core::SourceError;
use credential_core::credential::{Signer, SigningAlgorithm, SigningRequest};

use crate::private_key::SigningKey;

/// Largest RSA modulus, in bytes, that signs and decrypts where it stands: a larger key takes milliseconds,
/// which hold up the runtime's other tasks.
pub(crate) const MAX_INLINE_MODULUS: usize = 256;

/// A key in memory, parsed once.
pub(crate) struct LocalSigner {
    key: Arc<SigningKey>,
    algorithms: &'static [SigningAlgorithm],
}

impl LocalSigner {
    pub(crate) fn new(key: Arc<SigningKey>, algorithms: &'static [SigningAlgorithm]) -> Self {
        Self { key, algorithms }
    }
}

impl fmt::Debug for LocalSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalSigner").field("algorithms", &self.algorithms).finish_non_exhaustive()
    }
}

#[async_trait]
impl Signer for LocalSigner {
    fn algorithms(&self) -> &[SigningAlgorithm] {
        self.algorithms
    }

    async fn sign(&self, request: SigningRequest<'_>) -> Result<Vec<u8>, SourceError> {
        let algorithm = request.algorithm;
        if !self.algorithms.contains(&algorithm) {
            return Err(SourceError::invalid("algorithm-not-of-key", format!("the key cannot sign {algorithm}")));
        }
        match (&*self.key, tokio::runtime::Handle::try_current()) {
            (SigningKey::Rsa(pair), Ok(runtime)) if pair.public_modulus_len() > MAX_INLINE_MODULUS => {
                let (key, message) = (Arc::clone(&self.key), request.message.to_vec());
                // One signature, by a key whose size was bounded when it was read: it ends by itself.
                let signing = runtime.spawn_blocking(move || sign(&key, algorithm, &message));
                signing.await.map_err(|cause| {
                    SourceError::transient("signing-abandoned", "the runtime shut down while signing").caused_by(cause)
                })?
            }
            (key, _) => sign(key, algorithm, request.message),
        }
    }
}

fn sign(key: &SigningKey, algorithm: SigningAlgorithm, message: &[u8]) -> Result<Vec<u8>, SourceError> {
    let signed = match key {
        SigningKey::Rsa(pair) => {
            let padding: &dyn RsaEncoding =
                if algorithm == SigningAlgorithm::Ps256 { &RSA_PSS_SHA256 } else { &RSA_PKCS1_SHA256 };
            let mut signature = vec![0; pair.public_modulus_len()];
            pair.sign(padding, &SystemRandom::new(), message, &mut signature).map(|()| signature)
        }
        SigningKey::Ec(pair) => pair.sign(&SystemRandom::new(), message).map(|signature| signature.as_ref().to_vec()),
    };
    signed.map_err(|_| SourceError::invalid("signing-failed", format!("the key gave no {algorithm} signature")))
}
