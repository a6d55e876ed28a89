//! What the program gives a source to read vaults with, besides the environment.

use std::fmt;
use std::sync::Arc;

use azure_core::credentials::TokenCredential;
use azure_identity::Executor;

/// What was given.
#[derive(Clone, Default)]
pub(crate) struct Means {
    /// Reads every vault, whatever the environment says.
    pub(crate) credential: Option<Arc<dyn TokenCredential>>,
    /// Runs the Azure CLI.
    pub(crate) executor: Option<Arc<dyn Executor>>,
}

impl fmt::Debug for Means {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Means")
            .field("credential", &self.credential.is_some())
            .field("executor", &self.executor.is_some())
            .finish()
    }
}
