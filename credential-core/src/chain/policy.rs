//! How patient a chain is.

use std::time::Duration;

/// How patient a chain is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ChainPolicy {
    /// A source that has been quiet for this long lets the next one start loading beside it.
    pub patience: Duration,
    /// A source that has been quiet for this long is no longer preferred to a later one that is ready.
    pub grace: Duration,
    /// A load that takes longer has failed.
    pub load_timeout: Duration,
    /// Presenting a credential takes no longer than this while there are others to try; see
    /// [`Candidate::deadline`](crate::chain::Candidate::deadline).
    pub present_timeout: Duration,
}

impl Default for ChainPolicy {
    fn default() -> Self {
        Self {
            patience: Duration::from_millis(300),
            grace: Duration::from_secs(2),
            load_timeout: Duration::from_secs(60),
            present_timeout: Duration::from_secs(10),
        }
    }
}
