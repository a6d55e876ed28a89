//! Certificate and key from wherever they come, on their way to becoming a credential.

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use credential_core::codes::{CERTIFICATE_WITHOUT_KEY, CHAIN_INCOMPLETE};
use credential_core::credential::{CertificateFacts, SecretBytes};
use credential_core::text::printable;
use credential_core::{Credential, Finding, Secret, SourceError};

use crate::certificate::{MAX_SHOWN, certificate_facts, is_self_issued, judge, parse, public_key, shown};
use crate::decrypter::LocalDecrypter;
use crate::error::of_content;
use crate::pieces::{Holding, Pieces};
use crate::private_key::PrivateKey;
use crate::shape;
use crate::signer::LocalSigner;
use crate::work::Work;

/// What a file, a base64 value or a vault secret holds: a certificate with its chain, and perhaps its key.
///
/// Its errors are about the content alone; whoever read it adds which setting led there.
pub struct Material {
    chain: Vec<Vec<u8>>,
    facts: CertificateFacts,
    unused: usize,
    key: Option<Result<LocalKey, SourceError>>,
}

/// What a key does.
struct LocalKey {
    signer: Arc<LocalSigner>,
    decrypter: Option<Arc<LocalDecrypter>>,
}

/// Why a content could not be read, and whether it is the one that the key is in.
#[derive(Clone, Debug)]
pub(crate) struct Unread {
    pub(crate) error: SourceError,
    pub(crate) of_key: bool,
}

impl fmt::Debug for Material {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Material")
            .field("facts", &self.facts)
            .field("chain", &self.chain.len())
            .field("has_key", &self.has_key())
            .finish()
    }
}

impl Material {
    /// Reads a PFX (PKCS#12, RFC 7292), PEM text (RFC 7468) or a certificate in DER, told apart by
    /// their content. A missing and an empty password are the same.
    ///
    /// Derives keys from passwords, which may take most of a second: call it off the runtime, or
    /// use [`read`](Self::read).
    ///
    /// # Errors
    /// [`Invalid`](credential_core::SourceErrorKind::Invalid) with a code for each thing that the
    /// content may be instead, and for what is broken about it. Not for a missing or unfitting key
    /// and not for validity: [`into_credential`](Self::into_credential) tells those.
    pub fn from_bytes(content: &[u8], password: Option<&Secret>) -> Result<Self, SourceError> {
        Self::from_parts(content, None, password)
    }

    /// The same with the key in a content of its own, in any of the forms.
    ///
    /// # Errors
    /// As [`from_bytes`](Self::from_bytes).
    pub fn from_parts(content: &[u8], key: Option<&[u8]>, password: Option<&Secret>) -> Result<Self, SourceError> {
        Self::parts(content, key, password)
            .map_err(|Unread { error, of_key }| if of_key { of_content("the key's content", &error) } else { error })
    }

    /// [`from_parts`](Self::from_parts) that tells which of the two is at fault.
    pub(crate) fn parts(content: &[u8], key: Option<&[u8]>, password: Option<&Secret>) -> Result<Self, Unread> {
        let mut work = Work::default();
        let fault = |of_key| move |error| Unread { error, of_key };
        let mut pieces: Pieces = shape::read(content, password, &mut work).map_err(fault(false))?;
        if let Some(key) = key {
            pieces.append(shape::read(key, password, &mut work).map_err(fault(true))?);
        }
        let holding = pieces.join().map_err(fault(false))?;
        Self::from_holding(&holding).map_err(fault(false))
    }

    /// [`from_bytes`](Self::from_bytes) on tokio's blocking pool.
    ///
    /// # Errors
    /// As [`from_bytes`](Self::from_bytes); [`Transient`](credential_core::SourceErrorKind::Transient)
    /// when the runtime shuts down meanwhile.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub async fn read(content: SecretBytes, password: Option<Secret>) -> Result<Self, SourceError> {
        Self::read_parts(content, None, password).await
    }

    /// [`from_parts`](Self::from_parts) on tokio's blocking pool.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub async fn read_parts(
        content: SecretBytes,
        key: Option<SecretBytes>,
        password: Option<Secret>,
    ) -> Result<Self, SourceError> {
        off_the_runtime(move || {
            Self::from_parts(content.expose(), key.as_ref().map(SecretBytes::expose), password.as_ref())
        })
        .await
    }

    /// Checks the numbers of the key.
    pub(crate) fn from_holding(holding: &Holding) -> Result<Self, SourceError> {
        let leaf = holding.leaf();
        let facts = certificate_facts(leaf)?;
        let algorithms = public_key(&parse(leaf)?)?.algorithms();
        let local = |key: &PrivateKey| {
            let key = Arc::new(key.signing_key()?);
            let decrypter = LocalDecrypter::of(Arc::clone(&key)).map(Arc::new);
            Ok(LocalKey { signer: Arc::new(LocalSigner::new(key, algorithms)), decrypter })
        };
        let key = holding.key.as_ref().map(|key| key.as_ref().map_err(Clone::clone).and_then(local));
        Ok(Self { chain: holding.chain.clone(), facts, unused: holding.unused, key })
    }

    /// What the leaf says.
    pub fn facts(&self) -> &CertificateFacts {
        &self.facts
    }

    /// Certificates in DER: the leaf, then whoever issued it, as far as they came along. Others are
    /// left out.
    pub fn chain(&self) -> &[Vec<u8>] {
        &self.chain
    }

    /// Whether there is a key that signs and belongs to the leaf.
    pub fn has_key(&self) -> bool {
        matches!(self.key, Some(Ok(_)))
    }

    /// Why there is no usable key, when that is so.
    pub fn key_error(&self) -> Option<SourceError> {
        match &self.key {
            Some(Ok(_)) => None,
            Some(Err(error)) => Some(error.clone()),
            None => Some(without_key(&self.facts)),
        }
    }

    /// Judges it at the given time and makes it a credential that signs, and with an RSA key decrypts, in this process. `id` is
    /// what people see: the file, the vault's certificate, the thumbprint.
    ///
    /// # Errors
    /// [`Invalid`](credential_core::SourceErrorKind::Invalid): expired, not yet valid, without key,
    /// with a key that does not open, does not belong or is too weak.
    pub fn into_credential(self, id: impl Into<Arc<str>>, now: SystemTime) -> Result<Credential, SourceError> {
        self.credential(id.into(), now)
    }

    /// [`into_credential`](Self::into_credential) of material that is kept.
    pub(crate) fn credential(&self, id: Arc<str>, now: SystemTime) -> Result<Credential, SourceError> {
        let findings = self.judged(now)?;
        match &self.key {
            Some(Ok(LocalKey { signer, decrypter })) => {
                let (chain, facts, signer) = (self.chain.clone(), self.facts.clone(), Arc::clone(signer));
                let credential = Credential::certificate(id, chain, facts, signer).with_findings(findings);
                Ok(match decrypter {
                    Some(decrypter) => credential.with_decrypter(Arc::clone(decrypter) as _),
                    None => credential,
                })
            }
            Some(Err(error)) => Err(error.clone()),
            None => Err(without_key(&self.facts)),
        }
    }

    /// Warnings about leaf and chain.
    ///
    /// # Errors
    /// As [`judge`].
    pub fn judged(&self, now: SystemTime) -> Result<Vec<Finding>, SourceError> {
        let leaf = self.chain.first().map(Vec::as_slice).unwrap_or_default();
        let mut findings = judge(leaf, &self.facts, now)?;
        if self.chain.len() == 1 && !is_self_issued(leaf)? {
            findings.push(
                Finding::hint(
                    CHAIN_INCOMPLETE,
                    format!(
                        "{} came without the certificate of its issuer, {}",
                        shown(&self.facts),
                        printable(&self.facts.issuer, MAX_SHOWN)
                    ),
                )
                .remedy("add the issuing certificates to the file: they matter with SendX5C"),
            );
        }
        if self.unused > 0 {
            let message = format!("{} further certificates in it are not in the chain of the leaf", self.unused);
            let finding = Finding::hint("certificates-unused", message);
            findings.push(finding.remedy("remove them, or leave them: nobody is sent them"));
        }
        Ok(findings)
    }
}

fn without_key(facts: &CertificateFacts) -> SourceError {
    SourceError::invalid(CERTIFICATE_WITHOUT_KEY, format!("{} came without its private key", shown(facts)))
        .remedy("put both together: openssl pkcs12 -export -inkey KEY -in CERT -out new.pfx")
}

/// Runs work of many milliseconds where it holds up no task. The work is this crate's own and ends by itself:
/// [`Work`] bounds what a file may cost.
pub(crate) async fn off_the_runtime<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, SourceError> + Send + 'static,
) -> Result<T, SourceError> {
    tokio::task::spawn_blocking(work).await.map_err(|cause| {
        SourceError::transient("reading-abandoned", "the runtime shut down while the certificate was read")
            .caused_by(cause)
    })?
}
