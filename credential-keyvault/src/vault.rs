//! The vault's operations, through the SDK's clients.

use std::pin::Pin;
use std::sync::Arc;

use azure_core::credentials::TokenCredential;
use azure_core::error::{Error, ErrorKind};
use azure_security_keyvault_certificates::models::{
    Certificate, CertificateClientGetCertificateOptions, CertificateProperties,
};
use azure_security_keyvault_certificates::{CertificateClient, CertificateClientOptions};
use azure_security_keyvault_keys::models::{
    KeyClientSignOptions, KeyOperationResult, SignParameters, SignatureAlgorithm,
};
use azure_security_keyvault_keys::{KeyClient, KeyClientOptions};
use azure_security_keyvault_secrets::models::{Secret, SecretClientGetSecretOptions};
use azure_security_keyvault_secrets::{SecretClient, SecretClientOptions};
use credential_core::SourceError;

use crate::identity::VaultIdentity;
use crate::pages;
use crate::problem::{Asked, Problem};
use crate::session::{Session, at_vault};
use crate::transport::{VaultTransport, options};

/// A vault in a piece of work.
#[derive(Clone, Debug)]
pub(crate) struct Vault(pub(crate) Arc<Session>);

/// An operation under way.
type Work<'a, T> = Pin<Box<dyn Future<Output = azure_core::Result<T>> + Send + 'a>>;

/// Why an operation gave nothing.
#[derive(Debug)]
pub(crate) enum Failed {
    /// The vault said no.
    Refused(Problem),
    /// It could not be asked, or its answer could not be read.
    Broken(SourceError),
}

impl Failed {
    pub(crate) fn explain(self, asked: Asked, session: &Session) -> SourceError {
        match self {
            Self::Refused(problem) => problem.explain(asked, session),
            Self::Broken(error) => at_vault(error),
        }
    }
}

impl Vault {
    fn session(&self) -> &Session {
        &self.0
    }

    fn credential(&self) -> Arc<dyn TokenCredential> {
        Arc::new(VaultIdentity(Arc::clone(&self.0)))
    }

    fn certificates(&self) -> azure_core::Result<CertificateClient> {
        let client_options = options(VaultTransport(Arc::clone(&self.0)));
        // The transport has checked the resource, and it allows for emulators, whose host is the resource.
        let settings = CertificateClientOptions {
            client_options,
            verify_challenge_resource: Some(false),
            ..CertificateClientOptions::default()
        };
        CertificateClient::new(&self.session().plan().vault.sdk_url(), self.credential(), Some(settings))
    }

    /// The certificate with its policy; the current version of it unless one is named.
    pub(crate) async fn certificate(&self, version: Option<&str>) -> Result<Certificate, Failed> {
        self.call(Asked::Certificate, || {
            Box::pin(async move {
                let asked = CertificateClientGetCertificateOptions {
                    certificate_version: version.map(str::to_owned),
                    ..CertificateClientGetCertificateOptions::default()
                };
                self.certificates()?.get_certificate(&self.session().plan().name, Some(asked)).await?.into_model()
            })
        })
        .await
    }

    /// The versions of the certificate.
    pub(crate) async fn versions(&self) -> Result<Vec<CertificateProperties>, Failed> {
        self.call(Asked::Versions, || {
            Box::pin(async move {
                pages::all(
                    self.certificates()?.list_certificate_properties_versions(&self.session().plan().name, None)?,
                )
                .await
            })
        })
        .await
    }

    /// The names of the vault's certificates.
    pub(crate) async fn names(&self) -> Result<Vec<CertificateProperties>, Failed> {
        self.call(Asked::Versions, || {
            Box::pin(async move { pages::all(self.certificates()?.list_certificate_properties(None)?).await })
        })
        .await
    }

    /// Whether the certificate is deleted and can be recovered.
    pub(crate) async fn is_soft_deleted(&self) -> Result<bool, Failed> {
        self.call(Asked::Certificate, || {
            Box::pin(async move {
                let found = self
                    .certificates()?
                    .get_deleted_certificate(&self.session().plan().name, None)
                    .await?
                    .into_model()?;
                Ok(found.recovery_id.is_some() || found.deleted_date.is_some())
            })
        })
        .await
    }

    /// The secret that holds the certificate with its key.
    pub(crate) async fn secret(&self, version: &str) -> Result<Secret, Failed> {
        self.call(Asked::Secret, || {
            Box::pin(async move {
                let settings = SecretClientOptions {
                    client_options: options(VaultTransport(Arc::clone(&self.0))),
                    verify_challenge_resource: Some(false),
                    ..SecretClientOptions::default()
                };
                let plan = self.session().plan();
                let client = SecretClient::new(&plan.vault.sdk_url(), self.credential(), Some(settings))?;
                let asked = SecretClientGetSecretOptions {
                    secret_version: Some(version.to_owned()),
                    ..SecretClientGetSecretOptions::default()
                };
                client.get_secret(&plan.name, Some(asked)).await?.into_model()
            })
        })
        .await
    }

    /// Signs a digest with the certificate's key.
    pub(crate) async fn sign(
        &self,
        version: &str,
        algorithm: SignatureAlgorithm,
        digest: &[u8],
    ) -> Result<KeyOperationResult, Failed> {
        self.call(Asked::Sign, || {
            let algorithm = algorithm.clone();
            Box::pin(async move {
                let settings = KeyClientOptions {
                    client_options: options(VaultTransport(Arc::clone(&self.0))),
                    verify_challenge_resource: Some(false),
                    ..KeyClientOptions::default()
                };
                let plan = self.session().plan();
                let client = KeyClient::new(&plan.vault.sdk_url(), self.credential(), Some(settings))?;
                let parameters = SignParameters { algorithm: Some(algorithm), value: Some(digest.to_vec()) };
                let asked =
                    KeyClientSignOptions { key_version: Some(version.to_owned()), ..KeyClientSignOptions::default() };
                client.sign(&plan.name, parameters.try_into()?, Some(asked)).await?.into_model()
            })
        })
        .await
    }

    /// Runs an operation; once more with a new token when the vault refuses the one that was kept: whom
    /// it trusts may have changed, or the token was revoked.
    async fn call<'a, T>(&'a self, asked: Asked, operation: impl Fn() -> Work<'a, T>) -> Result<T, Failed> {
        let session = self.session();
        session.doing(asked.doing(&session.plan().name));
        let kept = session.memory().token(session.world().clock.now()).is_some();
        let result = self.once(operation()).await;
        match result {
            Err(Failed::Refused(problem)) if problem.status == 401 && kept => {
                session.memory().forget_token();
                self.once(operation()).await
            }
            result => result,
        }
    }

    async fn once<T>(&self, operation: Work<'_, T>) -> Result<T, Failed> {
        let session = self.session();
        match operation.await {
            Ok(value) => Ok(value),
            Err(error) => Err(match (session.failed(), Problem::of(&error, session)) {
                (Some(kept), _) => Failed::Broken(kept),
                (None, Some(problem)) => Failed::Refused(problem),
                (None, None) => Failed::Broken(unreadable(&error, session)),
            }),
        }
    }
}

/// An answer that is not what the operation gives. The SDK's own text is left out: it quotes the
/// answer, and the answer may be a key.
fn unreadable(error: &Error, session: &Session) -> SourceError {
    let vault = &session.plan().vault;
    match error.kind() {
        ErrorKind::DataConversion => {
            SourceError::invalid("vault-answer-unreadable", format!("{vault} gave an answer that no vault gives"))
                .remedy("check KeyVaultUrl, and proxies or gateways that answer in the vault's place")
        }
        _ => SourceError::invalid("vault-request-failed", format!("the request to {vault} could not be made"))
            .remedy("check KeyVaultUrl and the certificate's name"),
    }
}
