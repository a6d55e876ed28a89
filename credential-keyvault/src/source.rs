//! The two sources, and the program's part in them.

use std::sync::Arc;

use azure_core::credentials::TokenCredential;
use credential_core::{BindContext, BindResult, CredentialDescription, CredentialSource, Setting, SourceType};

use crate::hashicorp::HashiCorpVaultSource;
use crate::identity::program::ProgramCredential;
use crate::loader::VaultLoader;
use crate::plan::Plan;
use crate::session::Context;
use crate::settings::SETTINGS;

/// Makes the sources `KeyVault` and `SignedAssertionFromVault`.
///
/// Without further ado they read vaults as whoever the entry's `Credential` names, or as the first that
/// the environment has.
#[derive(Clone, Debug, Default)]
pub struct KeyVaultSources {
    credential: Option<ProgramCredential>,
}

impl KeyVaultSources {
    /// Sources that have the environment alone.
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads every vault with the given credential, unless an entry names one itself.
    #[must_use]
    pub fn credential(mut self, credential: Arc<dyn TokenCredential>) -> Self {
        self.credential = Some(ProgramCredential(credential));
        self
    }

    /// The sources, to be registered.
    pub fn build(self) -> Vec<Arc<dyn CredentialSource>> {
        let source = |source_type, in_vault| -> Arc<dyn CredentialSource> {
            Arc::new(KeyVault { source_type, in_vault, credential: self.credential.clone() })
        };
        vec![source(SourceType::KEY_VAULT, false), source(SourceType::SIGNED_ASSERTION_FROM_VAULT, true)]
    }
}

/// The sources of this crate: `KeyVault` and `SignedAssertionFromVault`, as [`KeyVaultSources::new`] makes them, and
/// `SignedAssertionFromHashiCorpVault`.
pub fn sources() -> Vec<Arc<dyn CredentialSource>> {
    let mut sources = KeyVaultSources::new().build();
    sources.push(Arc::new(HashiCorpVaultSource));
    sources
}

#[derive(Debug)]
struct KeyVault {
    source_type: SourceType,
    /// Whether the vault signs even where the key may leave it.
    in_vault: bool,
    credential: Option<ProgramCredential>,
}

impl CredentialSource for KeyVault {
    fn source_type(&self) -> SourceType {
        self.source_type.clone()
    }

    fn settings(&self) -> &[Setting] {
        SETTINGS
    }

    fn bind(&self, entry: &CredentialDescription, cx: &mut BindContext<'_>) -> BindResult {
        let context = Context::new(Plan::read(entry, cx)?, self.credential.clone());
        Ok(Arc::new(VaultLoader { context, in_vault: self.in_vault }))
    }
}
