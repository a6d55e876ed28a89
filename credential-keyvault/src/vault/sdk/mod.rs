//! The vault's operations, through the clients of the Azure SDK. None of its types leaves this folder.

mod credential;
mod pages;
mod transport;

use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use azure_core::credentials::TokenCredential;
use azure_core::error::{Error, ErrorKind};
use azure_core::time::OffsetDateTime;
use azure_security_keyvault_certificates::models::{
    Certificate as SdkCertificate, CertificateAttributes, CertificateClientGetCertificateOptions,
};
use azure_security_keyvault_certificates::{CertificateClient, CertificateClientOptions};
use azure_security_keyvault_keys::models::{KeyClientSignOptions, SignParameters};
use azure_security_keyvault_keys::{KeyClient, KeyClientOptions};
use azure_security_keyvault_secrets::models::SecretClientGetSecretOptions;
use azure_security_keyvault_secrets::{SecretClient, SecretClientOptions};
use credential_core::credential::SigningAlgorithm;
use credential_core::{Secret, SourceError};

use super::error_response::{ErrorResponse, Operation};
use super::version::{Attributes, Version, name_of, version_of};
use crate::session::{Session, at_vault};
use credential::VaultIdentity;
use transport::{VaultTransport, options};

/// A vault in a piece of work.
#[derive(Clone, Debug)]
pub(crate) struct Vault(pub(crate) Arc<Session>);

/// A certificate in one of its versions.
#[derive(Debug)]
pub(crate) struct Certificate {
    pub(crate) version: Version,
    /// The certificate itself, DER, and whatever follows it; empty when the vault left it out.
    pub(crate) content: Vec<u8>,
    /// Whether the key may leave the vault.
    pub(crate) exportable: bool,
    /// The version of the secret that holds the certificate with its key, where it is said: an id in addresses,
    /// no secret itself.
    pub(crate) secret_version: Option<String>,
    /// The version of the key, where it is said.
    pub(crate) key_version: Option<String>,
}

/// A signature, and the version of the key that it was made with, where it is said.
#[derive(Debug)]
pub(crate) struct Signed {
    pub(crate) by: Option<String>,
    pub(crate) signature: Vec<u8>,
}

/// An operation under way.
type Work<'a, T> = Pin<Box<dyn Future<Output = azure_core::Result<T>> + Send + 'a>>;

/// Why an operation gave nothing.
#[derive(Debug)]
pub(crate) enum Failed {
    /// The vault said no.
    Refused(ErrorResponse),
    /// It could not be asked, or its answer could not be read.
    Broken(SourceError),
}

impl Failed {
    pub(crate) fn explain(self, operation: Operation, session: &Session) -> SourceError {
        match self {
            Self::Refused(response) => response.explain(operation, session),
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
        let found = self.call(Operation::Certificate, || {
            Box::pin(async move {
                let asked = CertificateClientGetCertificateOptions {
                    certificate_version: version.map(str::to_owned),
                    ..CertificateClientGetCertificateOptions::default()
                };
                self.certificates()?.get_certificate(&self.session().plan().name, Some(asked)).await?.into_model()
            })
        });
        self.understood(found.await?)
    }

    fn understood(&self, found: SdkCertificate) -> Result<Certificate, Failed> {
        let version = |id: Option<&str>| id.and_then(version_of);
        let name = version(found.id.as_deref()).ok_or_else(|| {
            let message = format!("{} names no version of the certificate", self.session().plan().vault);
            let error = SourceError::invalid("vault-answer-unreadable", message).remedy("check KeyVaultUrl");
            Failed::Broken(at_vault(error))
        })?;
        let exportable = found.policy.and_then(|policy| policy.key_properties).and_then(|key| key.exportable);
        Ok(Certificate {
            version: Version::new(name, attributes(found.attributes.as_ref()), self.session().world().clock.now()),
            content: found.cer.unwrap_or_default(),
            exportable: exportable.unwrap_or(true),
            secret_version: version(found.sid.as_deref()),
            key_version: version(found.kid.as_deref()),
        })
    }

    /// The versions of the certificate.
    pub(crate) async fn versions(&self) -> Result<Vec<Version>, Failed> {
        let listed = self
            .call(Operation::Versions, || {
                Box::pin(async move {
                    pages::all(
                        self.certificates()?.list_certificate_properties_versions(&self.session().plan().name, None)?,
                    )
                    .await
                })
            })
            .await?;
        let now = self.session().world().clock.now();
        let version = |id: &str, found: Option<&CertificateAttributes>| {
            Some(Version::new(version_of(id)?, attributes(found), now))
        };
        Ok(listed.iter().filter_map(|one| version(one.id.as_deref()?, one.attributes.as_ref())).collect())
    }

    /// The names of the vault's certificates.
    pub(crate) async fn names(&self) -> Result<Vec<String>, Failed> {
        let listed = self
            .call(Operation::Versions, || {
                Box::pin(async move { pages::all(self.certificates()?.list_certificate_properties(None)?).await })
            })
            .await?;
        Ok(listed.iter().filter_map(|one| name_of(one.id.as_deref()?)).map(str::to_owned).collect())
    }

    /// Whether the certificate is deleted and can be recovered.
    pub(crate) async fn is_soft_deleted(&self) -> Result<bool, Failed> {
        self.call(Operation::Certificate, || {
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
        self.call(Operation::Secret, || {
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
                let found = client.get_secret(&plan.name, Some(asked)).await?.into_model()?;
                Ok(Secret::new(found.value.unwrap_or_default()))
            })
        })
        .await
    }

    /// Signs a digest with the certificate's key.
    pub(crate) async fn sign(
        &self,
        version: &str,
        algorithm: SigningAlgorithm,
        digest: &[u8],
    ) -> Result<Signed, Failed> {
        self.call(Operation::Sign, || {
            Box::pin(async move {
                let settings = KeyClientOptions {
                    client_options: options(VaultTransport(Arc::clone(&self.0))),
                    verify_challenge_resource: Some(false),
                    ..KeyClientOptions::default()
                };
                let plan = self.session().plan();
                let client = KeyClient::new(&plan.vault.sdk_url(), self.credential(), Some(settings))?;
                let parameters =
                    SignParameters { algorithm: algorithm.as_str().parse().ok(), value: Some(digest.to_vec()) };
                let asked =
                    KeyClientSignOptions { key_version: Some(version.to_owned()), ..KeyClientSignOptions::default() };
                let signed = client.sign(&plan.name, parameters.try_into()?, Some(asked)).await?.into_model()?;
                let by = signed.kid.as_deref().and_then(version_of);
                Ok(Signed { by, signature: signed.result.unwrap_or_default() })
            })
        })
        .await
    }

    /// Runs an operation; once more with a new token when the vault refuses the one that was kept: whom
    /// it trusts may have changed, or the token was revoked.
    async fn call<'a, T>(&'a self, operation: Operation, work: impl Fn() -> Work<'a, T>) -> Result<T, Failed> {
        let session = self.session();
        session.doing(operation.doing(&session.plan().name));
        let kept = session.memory().token(session.world().clock.now()).is_some();
        let result = self.once(work()).await;
        match result {
            Err(Failed::Refused(response)) if response.status == 401 && kept => {
                session.memory().forget_token();
                self.once(work()).await
            }
            result => result,
        }
    }

    async fn once<T>(&self, work: Work<'_, T>) -> Result<T, Failed> {
        let session = self.session();
        match work.await {
            Ok(value) => Ok(value),
            Err(error) => Err(match (session.failed(), response(&error, session)) {
                (Some(kept), _) => Failed::Broken(kept),
                (None, Some(response)) => Failed::Refused(response),
                (None, None) => Failed::Broken(unreadable(&error, session)),
            }),
        }
    }
}

/// The vault's response in an error of the SDK; `None` when it is no answer of the vault.
fn response(error: &Error, session: &Session) -> Option<ErrorResponse> {
    let ErrorKind::HttpResponse { status, raw_response, .. } = error.kind() else { return None };
    let raw = raw_response.as_deref();
    let header = |name: &'static str| {
        let mut all = raw?.headers().iter();
        all.find(|(key, _)| key.as_str().eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    };
    let body = raw.map(|raw| &**raw.body()).unwrap_or_default();
    Some(ErrorResponse::read(u16::from(*status), body, header, session))
}

fn attributes(found: Option<&CertificateAttributes>) -> Attributes {
    let Some(found) = found else { return Attributes::default() };
    let time = |time: Option<OffsetDateTime>| time.map(system_time);
    Attributes {
        enabled: found.enabled,
        not_before: time(found.not_before),
        expires: time(found.expires),
        created: time(found.created),
    }
}

fn system_time(time: OffsetDateTime) -> SystemTime {
    let seconds = u64::try_from(time.unix_timestamp()).unwrap_or(0);
    UNIX_EPOCH.checked_add(Duration::from_secs(seconds)).unwrap_or(UNIX_EPOCH)
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
