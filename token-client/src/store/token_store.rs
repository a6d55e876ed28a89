//! Where processes share what they have: the least that a store must do.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;

/// A store that several processes reach: values under names, each with a life of its own.
///
/// Names and values say nothing: a name is a keyed digest, a value is sealed ([`SealingKeys`](super::SealingKeys)). A
/// store keeps them as they are, may lose any of them at any time, and need not be trusted. Whoever uses it bounds
/// each call, so a store may hang or panic and harms no caller; dropping a call's future must harm none of the others.
#[async_trait]
pub trait TokenStore: fmt::Debug + Send + Sync {
    /// The value under the name; `None` when there is none, or when its life has ended.
    ///
    /// # Errors
    /// [`StoreError`]: never for a value that is merely not there.
    async fn get(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError>;

    /// Keeps the value under the name for that long, in the place of what was there.
    ///
    /// # Errors
    /// [`StoreError`]: the store cannot be reached or does not take it.
    async fn set(&self, name: &str, value: Vec<u8>, life: Duration) -> Result<(), StoreError>;

    /// Takes the lock of that name for that long, unless another holder has it; gives whether it was taken.
    ///
    /// A store without locks says that every lock is taken, as this does: processes may then ask for the same token
    /// at the same time.
    ///
    /// # Errors
    /// [`StoreError`]: the store cannot be reached or does not take it. Never for a lock that another one holds.
    async fn lock(&self, name: &str, holder: &str, life: Duration) -> Result<bool, StoreError> {
        let _ = (name, holder, life);
        Ok(true)
    }

    /// Gives the lock back, if that holder still has it.
    ///
    /// # Errors
    /// [`StoreError`]: the store cannot be reached. Never for a lock that has lapsed.
    async fn unlock(&self, name: &str, holder: &str) -> Result<(), StoreError> {
        let _ = (name, holder);
        Ok(())
    }
}

/// What kind of failure a [`StoreError`] is: what is left alone for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StoreErrorKind {
    /// No connection, or no answer: the store is left alone for a while.
    Unreachable,
    /// The store answered that it will not: reading or writing, whichever it was, is left alone for a while.
    Refused,
    /// Something else than a value stands under the name: a miss.
    Foreign,
}

/// Why a store did not do what it was asked. Shows no name and no value.
#[derive(Clone, Debug)]
pub struct StoreError {
    kind: StoreErrorKind,
    message: String,
}

impl StoreError {
    /// No connection, or no answer.
    pub fn unreachable(message: impl Into<String>) -> Self {
        Self { kind: StoreErrorKind::Unreachable, message: message.into() }
    }

    /// The store answered that it will not.
    pub fn refused(message: impl Into<String>) -> Self {
        Self { kind: StoreErrorKind::Refused, message: message.into() }
    }

    /// Something else than a value stands under the name.
    pub fn foreign(message: impl Into<String>) -> Self {
        Self { kind: StoreErrorKind::Foreign, message: message.into() }
    }

    /// What kind of failure it is.
    pub fn kind(&self) -> StoreErrorKind {
        self.kind
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for StoreError {}
