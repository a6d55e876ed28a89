//! What something is made of at this moment: what it began with, until that was replaced.

use std::ops::Deref;
use std::sync::{Arc, OnceLock};

use arc_swap::{ArcSwap, Guard};

/// The newest state. One that never changes costs a look at a flag.
#[derive(Debug)]
pub(crate) struct Current<T> {
    first: Arc<T>,
    newest: OnceLock<ArcSwap<T>>,
}

/// The state for the length of one look.
pub(crate) enum Held<'a, T> {
    First(&'a Arc<T>),
    Newest(Guard<Arc<T>>),
}

impl<T> Current<T> {
    pub(crate) fn new(first: T) -> Self {
        Self { first: Arc::new(first), newest: OnceLock::new() }
    }

    #[inline]
    pub(crate) fn load(&self) -> Held<'_, T> {
        match self.newest.get() {
            None => Held::First(&self.first),
            Some(newest) => Held::Newest(newest.load()),
        }
    }

    /// Replaces the state under whoever holds an older one. The first one stays in memory.
    pub(crate) fn replace(&self, state: Arc<T>) {
        let mut fresh = Some(state);
        let newest = self.newest.get_or_init(|| ArcSwap::new(fresh.take().unwrap_or_else(|| Arc::clone(&self.first))));
        if let Some(state) = fresh {
            newest.store(state);
        }
    }
}

impl<T> Deref for Held<'_, T> {
    type Target = Arc<T>;

    #[inline]
    fn deref(&self) -> &Arc<T> {
        match self {
            Self::First(state) => state,
            Self::Newest(state) => state,
        }
    }
}
