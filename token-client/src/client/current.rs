//! What a client is made of at this moment: what it began with, until a configuration was read again.

use std::ops::Deref;
use std::sync::{Arc, OnceLock};

use arc_swap::{ArcSwap, Guard};

use super::token_client::Inner;

/// The newest state of a client. One that never changes costs a look at a flag.
#[derive(Debug)]
pub(crate) struct Current {
    first: Arc<Inner>,
    newest: OnceLock<ArcSwap<Inner>>,
}

/// The state for the length of one look.
pub(crate) enum Held<'a> {
    First(&'a Arc<Inner>),
    Newest(Guard<Arc<Inner>>),
}

impl Current {
    pub(crate) fn new(inner: Inner) -> Self {
        Self { first: Arc::new(inner), newest: OnceLock::new() }
    }

    pub(crate) fn load(&self) -> Held<'_> {
        match self.newest.get() {
            None => Held::First(&self.first),
            Some(newest) => Held::Newest(newest.load()),
        }
    }

    /// Replaces the state under whoever holds an older one. What the client began with stays in memory without its
    /// tokens.
    pub(crate) fn replace(&self, inner: Arc<Inner>) {
        let mut fresh = Some(inner);
        let newest = self.newest.get_or_init(|| ArcSwap::new(fresh.take().unwrap_or_else(|| Arc::clone(&self.first))));
        if let Some(inner) = fresh {
            newest.store(inner);
        }
        self.first.cache.clear();
    }
}

impl Deref for Held<'_> {
    type Target = Arc<Inner>;

    fn deref(&self) -> &Arc<Inner> {
        match self {
            Self::First(inner) => inner,
            Self::Newest(inner) => inner,
        }
    }
}
