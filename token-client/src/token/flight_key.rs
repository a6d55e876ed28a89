//! What an exchange is asked with.

use std::fmt;

use super::cache::CacheKey;
use crate::TokenRequest;

/// What an exchange is asked with: callers share it only when all of it is the same.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct FlightKey {
    pub(crate) key: CacheKey,
    claims: Option<String>,
    force: bool,
}

impl FlightKey {
    pub(crate) fn of(key: CacheKey, request: &TokenRequest) -> Self {
        Self { key, claims: request.claims.clone(), force: request.force_refresh }
    }
}

impl fmt::Debug for FlightKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FlightKey").field("key", &self.key).finish_non_exhaustive()
    }
}
