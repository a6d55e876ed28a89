//! An application's settings in code, with or without a file.

use credential_core::{Credential, CredentialDescription, Secret, SourceType};

use super::TokenClientBuilder;
use crate::settings::DownstreamBuilder;

/// Settings in code. They are checked as those of a file are, go over files and variables, stay when the
/// configuration is read again, and need no settings file: one that is named nowhere may be missing. With
/// [`build_clients`](Self::build_clients) they are the chosen [`section`](Self::section)'s.
///
/// ```no_run
/// # async fn example() -> Result<(), token_client::ConfigurationError> {
/// use token_client::TokenClient;
/// use token_client::settings::DownstreamOptions;
///
/// let client = TokenClient::builder()
///     .instance("https://login.microsoftonline.com/")
///     .tenant("contoso.com")
///     .client_id("1d6e9b1c-8f0a-4c57-a7f5-6f1f0b8d2c3a")
///     .client_secret("s3cret")
///     .downstream("Inventory", DownstreamOptions::builder()
///         .base_url("https://inventory.contoso.com/v1/")
///         .scopes(["api://inventory/.default"])
///         .app_token())
///     .build()
///     .await?;
/// # let _ = client; Ok(()) }
/// ```
impl TokenClientBuilder {
    /// The cloud's sign-in address (`Instance`): `https://login.microsoftonline.com/`.
    #[must_use]
    pub fn instance(self, instance: impl Into<String>) -> Self {
        self.value("Instance", instance)
    }

    /// The tenant (`TenantId`): an id or a domain name.
    #[must_use]
    pub fn tenant(self, tenant: impl Into<String>) -> Self {
        self.value("TenantId", tenant)
    }

    /// The application's id (`ClientId`).
    #[must_use]
    pub fn client_id(self, id: impl Into<String>) -> Self {
        self.value("ClientId", id)
    }

    /// Instance and tenant in one address (`Authority`), or the address of another OpenID provider.
    #[must_use]
    pub fn authority(self, authority: impl Into<String>) -> Self {
        self.value("Authority", authority)
    }

    /// Adds an entry to `ClientCredentials`, behind those of files and variables and those added before.
    ///
    /// ```
    /// use token_client::TokenClient;
    /// use token_client::credential_core::{CredentialDescription, SourceType};
    ///
    /// let file = CredentialDescription::new(SourceType::PATH).with("CertificateDiskPath", "certs/orders.pfx");
    /// let builder = TokenClient::builder().credential(file);
    /// # let _ = builder;
    /// ```
    #[must_use]
    pub fn credential(mut self, entry: CredentialDescription) -> Self {
        self.code.credentials.push(entry);
        self
    }

    /// Adds a client secret to `ClientCredentials`.
    #[must_use]
    pub fn client_secret(self, secret: impl Into<Secret>) -> Self {
        self.credential(CredentialDescription::new(SourceType::CLIENT_SECRET).with("ClientSecret", secret))
    }

    /// Adds a certificate with its signer to `ClientCredentials`: a
    /// [`Credential::certificate`](credential_core::Credential::certificate), whose key may be anywhere. Another
    /// kind of credential is an error of [`build`](Self::build).
    #[must_use]
    pub fn certificate(self, certificate: Credential) -> Self {
        self.credential(CredentialDescription::new(SourceType::CERTIFICATE).given(certificate))
    }

    /// Tokens of managed identities alone: a section of an application may be missing, and what is asked for as one
    /// is an error of the call.
    ///
    /// ```no_run
    /// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
    /// use token_client::{ManagedIdentityId, TokenClient, TokenRequest};
    ///
    /// let client = TokenClient::builder().without_application().build().await?;
    /// let storage = TokenRequest::app("https://storage.azure.com/.default");
    /// let token = client.token(&storage.managed_identity(ManagedIdentityId::SystemAssigned)).await?;
    /// # let _ = token; Ok(()) }
    /// ```
    #[must_use]
    pub fn without_application(mut self) -> Self {
        self.code.without_application = true;
        self
    }

    /// A downstream API, over what files and variables say of the API of that name.
    #[must_use]
    pub fn downstream(mut self, name: impl Into<String>, api: DownstreamBuilder) -> Self {
        self.code.downstream.push((name.into(), api));
        self
    }

    fn value(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.code.values.push((name, Secret::new(value.into())));
        self
    }
}
