//! Since when a client gets no token from its authorities.

use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use crate::TokenError;
use crate::TokenErrorKind::{NeedsUser, Refused, Request};

/// Exchanges fail, and none has worked since.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Failing {
    /// Since when.
    pub since: SystemTime,
    /// Why the last one failed.
    pub error: TokenError,
}

/// Whether the exchanges of a client work, whatever they are for.
#[derive(Debug, Default)]
pub(crate) struct Trouble(Mutex<Option<Failing>>);

impl Trouble {
    /// An exchange has ended. Whatever a caller did wrong, in its request or with its user, says nothing of the client.
    pub(crate) fn note<T>(&self, result: &Result<T, TokenError>, now: SystemTime) {
        let mut failing = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match result {
            Ok(_) => *failing = None,
            Err(error) if matches!(error.kind(), Request | Refused | NeedsUser) => {}
            Err(error) => {
                let since = failing.as_ref().map_or(now, |failing| failing.since);
                *failing = Some(Failing { since, error: error.clone() });
            }
        }
    }

    pub(crate) fn current(&self) -> Option<Failing> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
