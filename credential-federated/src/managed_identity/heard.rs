//! Why a host is asked again, for a caller who leaves before it has answered well.

use std::sync::{Mutex, PoisonError};

use credential_core::SourceError;

/// The last answer after which a host is asked again; nothing before the first, and after the last. One for all
/// resources: what is asked for again is about the host.
#[derive(Debug, Default)]
pub(super) struct Heard(Mutex<Option<SourceError>>);

impl Heard {
    pub(super) fn hear(&self, why: SourceError) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(why);
    }

    pub(super) fn forget(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    pub(super) fn last(&self) -> Option<SourceError> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
