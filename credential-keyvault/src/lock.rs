//! Locking what is kept between pieces of work.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Locks; a holder that panicked left nothing half done, since each change is one assignment.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
