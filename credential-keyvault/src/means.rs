//! What the program gives a source to read vaults with, besides the environment.

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use async_trait::async_trait;
use azure_core::credentials::TokenCredential;
use azure_identity::Executor;
use credential_core::{CredentialDescription, Moment, Secret, SourceError, World};

/// Exchanges an entry of a `ClientCredentials` list for a token to read a vault with.
///
/// An entry of a vault may name its own credential as an object, `"Credential": { "SourceType": ... }`.
/// Loading that and exchanging it needs the other sources and a token client, which this crate does
/// not have: whoever has them implements this.
#[async_trait]
pub trait VaultTokens: fmt::Debug + Send + Sync {
    /// Checks the entry, without I/O.
    ///
    /// # Errors
    /// `Misconfigured`, naming the setting.
    fn check(&self, entry: &CredentialDescription) -> Result<(), SourceError>;

    /// Loads the entry and exchanges it.
    ///
    /// # Errors
    /// By kind as for [`CredentialSource::load`](credential_core::CredentialSource::load). `Denied`
    /// when the authority refused the credential.
    async fn token(&self, request: VaultTokenRequest<'_>) -> Result<VaultToken, SourceError>;
}

/// What a vault token is wanted for.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct VaultTokenRequest<'a> {
    /// The entry to exchange.
    pub entry: &'a CredentialDescription,
    /// The application to exchange it as.
    pub client_id: &'a str,
    /// The authority that the vault trusts, with its tenant: `https://login.microsoftonline.com/TENANT`.
    /// It is https and a known host, or one that the configuration names.
    pub authority: &'a str,
    /// That tenant alone.
    pub tenant: &'a str,
    /// The scope to ask for: `https://vault.azure.net/.default`.
    pub scope: &'a str,
    /// When nobody waits any longer.
    pub deadline: Moment,
    /// The outside world.
    pub world: &'a World,
}

/// A token for a vault.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct VaultToken {
    /// The access token.
    pub token: Secret,
    /// When it ends.
    pub expires_on: SystemTime,
}

impl VaultToken {
    /// A token and its end.
    pub fn new(token: impl Into<Secret>, expires_on: SystemTime) -> Self {
        Self { token: token.into(), expires_on }
    }
}

/// What was given.
#[derive(Clone, Default)]
pub(crate) struct Means {
    /// Reads every vault, whatever the environment says.
    pub(crate) credential: Option<Arc<dyn TokenCredential>>,
    pub(crate) tokens: Option<Arc<dyn VaultTokens>>,
    /// Runs the Azure CLI.
    pub(crate) executor: Option<Arc<dyn Executor>>,
}

impl fmt::Debug for Means {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Means")
            .field("credential", &self.credential.is_some())
            .field("tokens", &self.tokens)
            .field("executor", &self.executor.is_some())
            .finish()
    }
}
