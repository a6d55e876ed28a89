//! The apps that the emulator knows.

use std::fmt;

use credential_core::Secret;

use super::certificate::RegisteredCertificate;

/// An app registration: who may ask for tokens, and how it proves who it is.
#[derive(Clone)]
pub struct EmulatedApp {
    pub(crate) client_id: String,
    pub(crate) secrets: Vec<Secret>,
    pub(crate) expired_secrets: Vec<Secret>,
    /// As they were given; read when the emulator starts.
    pub(crate) certificate_files: Vec<Vec<u8>>,
    pub(crate) certificates: Vec<RegisteredCertificate>,
    pub(crate) federated: Vec<FederatedCredential>,
    pub(crate) unconsented: Vec<String>,
}

/// How many of each: a file may have its private key in it.
impl fmt::Debug for EmulatedApp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EmulatedApp")
            .field("client_id", &self.client_id)
            .field("secrets", &self.secrets.len())
            .field("certificates", &self.certificate_files.len().max(self.certificates.len()))
            .field("federated", &self.federated)
            .finish_non_exhaustive()
    }
}

/// Whose assertions stand for the app: all three are compared exactly.
#[derive(Clone, Debug)]
pub(crate) struct FederatedCredential {
    pub(crate) issuer: String,
    pub(crate) subject: String,
    pub(crate) audience: String,
}

impl EmulatedApp {
    /// An app with that client id and no credential yet.
    pub fn new(client_id: impl Into<String>) -> Self {
        Self {
            client_id: client_id.into(),
            secrets: Vec::new(),
            expired_secrets: Vec::new(),
            certificate_files: Vec::new(),
            certificates: Vec::new(),
            federated: Vec::new(),
            unconsented: Vec::new(),
        }
    }

    /// Adds a client secret.
    #[must_use]
    pub fn secret(mut self, secret: impl Into<Secret>) -> Self {
        self.secrets.push(secret.into());
        self
    }

    /// Adds a client secret that has ended: AADSTS7000222.
    #[must_use]
    pub fn expired_secret(mut self, secret: impl Into<Secret>) -> Self {
        self.expired_secrets.push(secret.into());
        self
    }

    /// Adds a certificate with an RSA key, in DER or PEM; [`EmulatorBuilder::start`] reads it.
    ///
    /// [`EmulatorBuilder::start`]: super::EmulatorBuilder::start
    #[must_use]
    pub fn certificate(mut self, der_or_pem: impl Into<Vec<u8>>) -> Self {
        self.certificate_files.push(der_or_pem.into());
        self
    }

    /// Adds a federated identity credential. The emulator's own key signs for every issuer: see
    /// [`Emulator::mint_federated`](super::Emulator::mint_federated).
    #[must_use]
    pub fn federated(
        mut self,
        issuer: impl Into<String>,
        subject: impl Into<String>,
        audience: impl Into<String>,
    ) -> Self {
        let (issuer, subject, audience) = (issuer.into(), subject.into(), audience.into());
        self.federated.push(FederatedCredential { issuer, subject, audience });
        self
    }

    /// Takes away the consent to a delegated permission: AADSTS65001. The name is the short one
    /// (`User.Read`), in any case.
    #[must_use]
    pub fn without_consent(mut self, scope: impl Into<String>) -> Self {
        self.unconsented.push(scope.into());
        self
    }
}
