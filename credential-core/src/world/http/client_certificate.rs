//! Who the caller of an HTTP request is, in the TLS handshake.

use std::fmt;
use std::sync::Arc;

use crate::credential::SecretBytes;

/// A certificate with its key, presented in TLS handshakes. Cheap to clone; `Debug` shows the number of
/// certificates alone. Two are equal when chain and key are; keys are compared in constant time.
#[derive(Clone, PartialEq, Eq)]
pub struct ClientCertificate {
    chain: Arc<[Vec<u8>]>,
    key: SecretBytes,
}

impl ClientCertificate {
    /// `chain` is DER, leaf first; `key` is the leaf's key as PKCS#8 in DER (RFC 5958), not encrypted. Whether
    /// they are any good is found out when they are used.
    pub fn new(chain: Vec<Vec<u8>>, key: SecretBytes) -> Self {
        Self { chain: chain.into(), key }
    }

    /// DER certificates, leaf first.
    pub fn chain(&self) -> &[Vec<u8>] {
        &self.chain
    }

    /// PKCS#8 in DER.
    pub fn key(&self) -> &SecretBytes {
        &self.key
    }
}

impl fmt::Debug for ClientCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientCertificate").field("certificates", &self.chain.len()).finish_non_exhaustive()
    }
}
