//! What a source gives: a secret, a certificate with its signer, or a provider of assertions.

mod assertion;
mod decrypter;
mod presented;
mod secret;
mod signer;

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use crate::guard::{Unanswered, bounded};
use crate::{CredentialDescription, Finding, SourceError};
use assertion::FixedAssertion;
use presented::same_provider;

pub use assertion::{Assertion, AssertionProvider, AssertionRequest};
pub use decrypter::{Decrypter, DecryptionAlgorithm, DecryptionRequest, MAX_CIPHERTEXT};
pub(crate) use presented::Presented;
pub use secret::{Secret, SecretBytes};
pub use signer::{Signer, SigningAlgorithm, SigningRequest};

/// A loaded credential. Cheap to clone; shows no secret.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Credential {
    /// A client secret (RFC 6749 §2.3.1).
    Secret(SecretCredential),
    /// A certificate whose key signs the client assertion (RFC 7523 §2.2).
    Certificate(CertificateCredential),
    /// An assertion from somebody else, presented as it is.
    Assertion(AssertionCredential),
}

impl Credential {
    /// A client secret that does not say when it ends.
    pub fn secret(id: impl Into<Arc<str>>, secret: impl Into<Secret>) -> Self {
        Self::Secret(SecretCredential {
            id: id.into(),
            secret: secret.into(),
            expires_on: None,
            findings: Arc::default(),
        })
    }

    /// A certificate with its signer; `chain` is DER, leaf first.
    pub fn certificate(
        id: impl Into<Arc<str>>,
        chain: Vec<Vec<u8>>,
        facts: CertificateFacts,
        signer: Arc<dyn Signer>,
    ) -> Self {
        Self::Certificate(CertificateCredential {
            id: id.into(),
            chain: chain.into(),
            facts: Arc::new(facts),
            signer,
            decrypter: None,
            findings: Arc::default(),
        })
    }

    /// An assertion that is what it is; a newer one is another credential.
    pub fn assertion(id: impl Into<Arc<str>>, assertion: Assertion) -> Self {
        Self::Assertion(AssertionCredential {
            id: id.into(),
            expires_on: assertion.expires_on,
            fixed: Some(assertion.token.clone()),
            provider: Arc::new(FixedAssertion(assertion)),
            findings: Arc::default(),
        })
    }

    /// A provider that is asked at every exchange.
    pub fn assertions(id: impl Into<Arc<str>>, provider: Arc<dyn AssertionProvider>) -> Self {
        Self::Assertion(AssertionCredential {
            id: id.into(),
            expires_on: None,
            fixed: None,
            provider,
            findings: Arc::default(),
        })
    }

    /// Says when a secret ends, or an assertion that does not say so itself. A certificate says it: nothing
    /// changes there.
    #[must_use]
    pub fn with_expiry(mut self, end: SystemTime) -> Self {
        match &mut self {
            Self::Secret(secret) => secret.expires_on = Some(end),
            Self::Assertion(assertion) => assertion.expires_on = Some(end),
            Self::Certificate(_) => {}
        }
        self
    }

    /// Says who decrypts with a certificate's key. The others have none: nothing changes there.
    #[must_use]
    pub fn with_decrypter(mut self, decrypter: Arc<dyn Decrypter>) -> Self {
        if let Self::Certificate(certificate) = &mut self {
            certificate.decrypter = Some(decrypter);
        }
        self
    }

    /// Adds what is noteworthy about it: a weak key, a chain with a gap, an end that is near.
    #[must_use]
    pub fn with_findings(mut self, list: Vec<Finding>) -> Self {
        let list: Arc<[Finding]> = list.into();
        match &mut self {
            Self::Secret(secret) => secret.findings = list,
            Self::Certificate(certificate) => certificate.findings = list,
            Self::Assertion(assertion) => assertion.findings = list,
        }
        self
    }

    /// The credential with a path and place on each of its findings.
    pub(crate) fn placed(self, entry: &CredentialDescription) -> Self {
        if self.findings().iter().all(|finding| finding.path.is_some()) {
            return self;
        }
        let findings = self.findings().iter().map(|finding| finding.clone().placed(entry)).collect();
        self.with_findings(findings)
    }

    /// For people: which one it is, with nothing secret and nothing derived from a secret.
    pub fn id(&self) -> &str {
        match self {
            Self::Secret(secret) => &secret.id,
            Self::Certificate(certificate) => &certificate.id,
            Self::Assertion(assertion) => &assertion.id,
        }
    }

    /// When it ends; `None` when it does not say.
    pub fn expires_on(&self) -> Option<SystemTime> {
        match self {
            Self::Secret(secret) => secret.expires_on,
            Self::Certificate(certificate) => Some(certificate.facts.not_after),
            Self::Assertion(assertion) => assertion.expires_on,
        }
    }

    /// What is noteworthy about it.
    pub fn findings(&self) -> &[Finding] {
        match self {
            Self::Secret(secret) => &secret.findings,
            Self::Certificate(certificate) => &certificate.findings,
            Self::Assertion(assertion) => &assertion.findings,
        }
    }

    /// Whether the authority would see the same thing: the same secret, the same certificate, the
    /// same assertion. Secrets are compared in constant time.
    pub fn same_material(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Secret(a), Self::Secret(b)) => a.secret == b.secret,
            (Self::Certificate(a), Self::Certificate(b)) => a.chain == b.chain,
            (Self::Assertion(a), Self::Assertion(b)) => match (&a.fixed, &b.fixed) {
                (Some(a), Some(b)) => a == b,
                (None, None) => same_provider(&a.provider, &b.provider),
                _ => false,
            },
            _ => false,
        }
    }
}

/// Who presents a credential, and gave nothing.
#[derive(Clone, Copy)]
enum Presenter {
    Signer,
    Decrypter,
    Provider,
}

/// The failure of one that panicked or gave no answer.
fn unanswered_by(who: Presenter, id: &str, unanswered: Unanswered) -> SourceError {
    let (name, late, what, panicked) = match who {
        Presenter::Signer => ("signer", "signer-timeout", "signature", "signer-panicked"),
        Presenter::Decrypter => ("decrypter", "decrypter-timeout", "plaintext", "decrypter-panicked"),
        Presenter::Provider => ("provider", "provider-timeout", "assertion", "provider-panicked"),
    };
    match unanswered {
        Unanswered::Late => SourceError::transient(late, format!("the {name} of {id} gave no {what} in time"))
            .remedy("look at what it waits for"),
        Unanswered::Panicked => {
            tracing::error!(credential = id, "the {name} of the credential panicked");
            SourceError::transient(panicked, format!("the {name} of {id} panicked"))
                .remedy("mend its code: the panic's own message and place are in the program's error output")
        }
    }
}

/// A client secret.
#[derive(Clone, Debug)]
pub struct SecretCredential {
    id: Arc<str>,
    secret: Secret,
    expires_on: Option<SystemTime>,
    findings: Arc<[Finding]>,
}

impl SecretCredential {
    /// The secret.
    pub fn value(&self) -> &Secret {
        &self.secret
    }
}

/// A certificate (with the chain that came with it) and its signer.
#[derive(Clone, Debug)]
pub struct CertificateCredential {
    id: Arc<str>,
    chain: Arc<[Vec<u8>]>,
    facts: Arc<CertificateFacts>,
    signer: Arc<dyn Signer>,
    decrypter: Option<Arc<dyn Decrypter>>,
    findings: Arc<[Finding]>,
}

impl CertificateCredential {
    /// DER certificates, leaf first, each next one certifying the one before where the chain is whole.
    pub fn chain(&self) -> &[Vec<u8>] {
        &self.chain
    }

    /// What the leaf says.
    pub fn facts(&self) -> &CertificateFacts {
        &self.facts
    }

    /// Signs with the leaf's key.
    pub fn signer(&self) -> &Arc<dyn Signer> {
        &self.signer
    }

    /// The signature, from whoever wrote the signer: its panic, and its silence until the request's
    /// deadline, are errors.
    ///
    /// # Errors
    /// What the signer says; `Transient` `signer-timeout` and `signer-panicked`.
    pub async fn sign(&self, request: SigningRequest<'_>) -> Result<Vec<u8>, SourceError> {
        let signed = bounded(&*request.world.clock, request.deadline, || self.signer.sign(request)).await;
        signed.unwrap_or_else(|unanswered| Err(unanswered_by(Presenter::Signer, &self.id, unanswered)))
    }

    /// Decrypts with the leaf's key, where that is at hand and can.
    pub fn decrypter(&self) -> Option<&Arc<dyn Decrypter>> {
        self.decrypter.as_ref()
    }

    /// The plaintext, from whoever wrote the decrypter: its panic, and its silence until the request's
    /// deadline, are errors.
    ///
    /// # Errors
    /// What the decrypter says; `Invalid` `no-decrypter` where there is none and `ciphertext-too-long` above
    /// [`MAX_CIPHERTEXT`] bytes, `Transient` `decrypter-timeout` and `decrypter-panicked`.
    pub async fn decrypt(&self, request: DecryptionRequest<'_>) -> Result<SecretBytes, SourceError> {
        let Some(decrypter) = &self.decrypter else {
            let message = format!("nothing can be decrypted with {}: its key only signs", self.id);
            return Err(SourceError::invalid("no-decrypter", message)
                .remedy("use a certificate with an RSA key that this process can decrypt with"));
        };
        if request.ciphertext.len() > MAX_CIPHERTEXT {
            let message = format!(
                "the encrypted key has {} bytes, and MAX_CIPHERTEXT is {MAX_CIPHERTEXT}",
                request.ciphertext.len()
            );
            return Err(SourceError::invalid("ciphertext-too-long", message).remedy("refuse the token"));
        }
        let decrypted = bounded(&*request.world.clock, request.deadline, || decrypter.decrypt(request)).await;
        decrypted.unwrap_or_else(|unanswered| Err(unanswered_by(Presenter::Decrypter, &self.id, unanswered)))
    }
}

/// What a certificate says, for headers and for people. Public, all of it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CertificateFacts {
    /// The subject as .NET writes it.
    pub subject: String,
    /// The issuer as .NET writes it.
    pub issuer: String,
    /// SHA-1 of the DER.
    pub sha1: [u8; 20],
    /// SHA-256 of the DER.
    pub sha256: [u8; 32],
    /// Start of validity, inclusive.
    pub not_before: SystemTime,
    /// End of validity, inclusive.
    pub not_after: SystemTime,
    /// `RSA 2048`, `EC P-256`, ...
    pub key: String,
}

impl CertificateFacts {
    /// Facts of a certificate with these thumbprints and validity; the texts are set afterwards.
    pub fn new(sha1: [u8; 20], sha256: [u8; 32], not_before: SystemTime, not_after: SystemTime) -> Self {
        Self { subject: String::new(), issuer: String::new(), sha1, sha256, not_before, not_after, key: String::new() }
    }

    /// The SHA-1 thumbprint in upper-case hexadecimal, as .NET and the portals show it.
    pub fn thumbprint(&self) -> String {
        hex(&self.sha1)
    }

    /// The SHA-256 thumbprint in upper-case hexadecimal.
    pub fn thumbprint_sha256(&self) -> String {
        hex(&self.sha256)
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        use fmt::Write;
        let _ = write!(text, "{byte:02X}");
        text
    })
}

/// An assertion that somebody else signed, or a provider of such.
#[derive(Clone, Debug)]
pub struct AssertionCredential {
    id: Arc<str>,
    expires_on: Option<SystemTime>,
    fixed: Option<Secret>,
    provider: Arc<dyn AssertionProvider>,
    findings: Arc<[Finding]>,
}

impl AssertionCredential {
    /// Who gives the assertion.
    pub fn provider(&self) -> &Arc<dyn AssertionProvider> {
        &self.provider
    }

    /// An assertion, from whoever wrote the provider: its panic, and its silence until the request's
    /// deadline, are errors.
    ///
    /// # Errors
    /// What the provider says; `Transient` `provider-timeout` and `provider-panicked`.
    pub async fn ask(&self, request: &AssertionRequest<'_>) -> Result<Assertion, SourceError> {
        let clock = &*request.world.clock;
        let given = bounded(clock, request.deadline, || self.provider.assertion(request)).await;
        given.unwrap_or_else(|unanswered| Err(unanswered_by(Presenter::Provider, &self.id, unanswered)))
    }

    /// The assertion itself, where the credential is one and no provider of several.
    pub fn token(&self) -> Option<&Secret> {
        self.fixed.as_ref()
    }
}
