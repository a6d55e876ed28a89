//! A token with where it came from.

use crate::AccessToken;

/// Where a token came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TokenOrigin {
    /// The cache in memory.
    Cache,
    /// The cache that processes share: another one got it.
    SharedCache,
    /// The authority, now.
    Authority,
}

impl TokenOrigin {
    /// Where a token came from that was not at hand: the authority accepts a credential, another process's has none.
    pub(crate) fn of_exchange(token: &AccessToken) -> Self {
        if token.attempts().is_empty() { Self::SharedCache } else { Self::Authority }
    }
}

/// A token and where it came from.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Acquired {
    /// The token.
    pub token: AccessToken,
    /// Where it came from.
    pub origin: TokenOrigin,
}
