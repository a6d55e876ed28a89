//! A cache of tokens beyond this process: which store, which keys, whose tokens.

use std::sync::Arc;
use std::time::Duration;

use super::{SealingKeys, TokenStore};

/// How long one command of a store may take, unless it is told otherwise.
pub const DEFAULT_STORE_TIMEOUT: Duration = Duration::from_millis(50);
/// What names in a store begin with, unless it is told otherwise.
pub const DEFAULT_PREFIX: &str = "token-client:";

/// A second level behind the cache in memory, which processes and machines share: given to
/// [`TokenClientBuilder::shared_cache`](crate::TokenClientBuilder::shared_cache).
///
/// It is asked after a miss in memory and before the authority, and gets what the authority gave behind the caller's
/// back; a token at hand never waits for it. Of the processes that miss the same token one asks the authority, the
/// others wait a moment for what it gets. No call fails for a store, and none waits longer for one of its commands than
/// [`timeout`](Self::timeout); one that fails is left alone for a quarter of a second at first, for half a minute at the most.
///
/// Values are sealed with AES-256-GCM for what they are kept for, names are keyed digests: whoever reads the store
/// learns how many tokens there are and when they end, and whoever writes to it can make tokens go, and those who miss
/// one wait two seconds for a process that does not exist, and no more. Tokens
/// on behalf of users are shared as those of applications are, each under a digest of the token that came in; see
/// [`app_tokens_only`](Self::app_tokens_only).
#[derive(Clone, Debug)]
pub struct SharedCache {
    pub(super) store: Arc<dyn TokenStore>,
    pub(super) keys: SealingKeys,
    pub(super) prefix: String,
    pub(super) timeout: Duration,
    pub(super) of_users: bool,
}

impl SharedCache {
    /// A cache in that store, sealed with those keys.
    pub fn new(store: impl TokenStore + 'static, keys: SealingKeys) -> Self {
        let (prefix, timeout) = (DEFAULT_PREFIX.to_owned(), DEFAULT_STORE_TIMEOUT);
        Self { store: Arc::new(store), keys, prefix, timeout, of_users: true }
    }

    /// How long one command of the store may take; [`DEFAULT_STORE_TIMEOUT`] otherwise.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// What names in the store begin with, for access lists; [`DEFAULT_PREFIX`] otherwise. Tokens under other prefixes are not
    /// seen.
    #[must_use]
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = prefix.into();
        self
    }

    /// Leaves tokens on behalf of users in memory.
    #[must_use]
    pub fn app_tokens_only(mut self) -> Self {
        self.of_users = false;
        self
    }
}
