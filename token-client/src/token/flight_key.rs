//! What an exchange is asked with.

use super::asked::Key;

/// What an exchange is asked with: callers share it only when all of it is the same.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct FlightKey {
    pub(crate) key: Key,
    pub(crate) force: bool,
}
