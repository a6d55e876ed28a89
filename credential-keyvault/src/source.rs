//! The two sources, and the program's part in them.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use azure_core::credentials::TokenCredential;
use azure_identity::Executor;
use credential_core::{
    Credential, CredentialDescription, CredentialSource, LoadReason, LoadRequest, Setting, SourceError, SourceType,
};

use crate::load::load;
use crate::means::{Means, VaultTokens};
use crate::memory::{Memories, Memory};
use crate::plan::{Choice, Plan, SETTINGS};
use crate::session::{Context, Session};

/// How long a look for a newer version may take while the credential there is still stands; doubled each
/// time in a row that it was too short. Less than the chain's grace: the list's next entry is not
/// preferred for a slow vault's sake.
const LOOK: Duration = Duration::from_millis(1500);

/// Makes the sources `KeyVault` and `SignedAssertionFromVault`.
///
/// Without further ado they read vaults as whoever the entry's `Credential` names, or as the first that
/// the environment has.
#[derive(Clone, Debug, Default)]
pub struct KeyVaultSources {
    means: Means,
}

impl KeyVaultSources {
    /// Sources that have the environment alone.
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads every vault with the given credential, unless an entry names one itself.
    #[must_use]
    pub fn credential(mut self, credential: Arc<dyn TokenCredential>) -> Self {
        self.means.credential = Some(credential);
        self
    }

    /// Exchanges entries that stand as objects under `Credential`. Without it they are refused.
    #[must_use]
    pub fn tokens(mut self, tokens: Arc<dyn VaultTokens>) -> Self {
        self.means.tokens = Some(tokens);
        self
    }

    /// Runs the Azure CLI in another way than as a child process.
    #[must_use]
    pub fn executor(mut self, executor: Arc<dyn Executor>) -> Self {
        self.means.executor = Some(executor);
        self
    }

    /// The sources, to be registered.
    pub fn build(self) -> Vec<Arc<dyn CredentialSource>> {
        let source = |source_type, in_vault| -> Arc<dyn CredentialSource> {
            Arc::new(KeyVault { source_type, in_vault, means: self.means.clone(), memories: Memories::default() })
        };
        vec![source(SourceType::KEY_VAULT, false), source(SourceType::SIGNED_ASSERTION_FROM_VAULT, true)]
    }
}

/// The sources `KeyVault` and `SignedAssertionFromVault`, as [`KeyVaultSources::new`] makes them.
pub fn sources() -> Vec<Arc<dyn CredentialSource>> {
    KeyVaultSources::new().build()
}

#[derive(Debug)]
struct KeyVault {
    source_type: SourceType,
    /// Whether the vault signs even where the key may leave it.
    in_vault: bool,
    means: Means,
    memories: Memories,
}

#[async_trait]
impl CredentialSource for KeyVault {
    fn source_type(&self) -> SourceType {
        self.source_type.clone()
    }

    fn settings(&self) -> &'static [Setting] {
        SETTINGS
    }

    fn validate(&self, entry: &CredentialDescription) -> Result<(), SourceError> {
        let Choice::Entry(inner) = Plan::read(entry)?.choice else { return Ok(()) };
        match &self.means.tokens {
            Some(tokens) => tokens.check(&inner),
            None => {
                let error = SourceError::misconfigured(
                    "vault-credential-unsupported",
                    "Credential is an object, and this program reads no vault with another entry",
                );
                Err(entry
                    .at_setting("Credential", error.remedy("choose one by name: ManagedIdentity, Environment, ...")))
            }
        }
    }

    async fn load(&self, request: &LoadRequest<'_>) -> Result<Credential, SourceError> {
        let memory = self.memories.of(request);
        let standing = request
            .previous
            .filter(|_| request.reason == LoadReason::Refresh)
            .filter(|previous| previous.expires_on().is_none_or(|end| end > request.world.clock.now()));
        if let Some(previous) = standing
            && memory.watch().is_some_and(|watch| watch.next > request.world.clock.moment())
        {
            return Ok(previous.clone());
        }
        let context = Context {
            plan: Arc::new(Plan::read(request.description)?),
            memory: Arc::clone(&memory),
            means: self.means.clone(),
            entry: Arc::new(request.description.clone()),
            application: Arc::new(request.application.clone()),
            world: request.world.clone(),
        };
        let deadline = match standing {
            Some(_) => request.deadline.min(request.world.clock.moment().after(look(&memory))),
            None => request.deadline,
        };
        let session = Session::new(context, deadline, standing.is_none());
        let work = load(&session, self.in_vault, request.reason, request.previous);
        let result = session.until_deadline(work).await;
        if standing.is_some() && session.remaining().is_zero() {
            memory.note_slow();
        }
        result
    }
}

fn look(memory: &Memory) -> Duration {
    LOOK.saturating_mul(1u32.checked_shl(memory.slow()).unwrap_or(u32::MAX))
}
