//! The version that one entry has loaded, and when it looks for a newer one.

use std::sync::Mutex;

use credential_core::world::Moment;

use crate::lock::lock;

/// What is known of the entry's version.
#[derive(Debug, Default)]
pub(crate) struct Watch(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    loaded: Option<Loaded>,
    slow: u32,
}

/// The version that was loaded, and when to look for a newer one.
#[derive(Clone, Debug)]
pub(crate) struct Loaded {
    pub(crate) version: String,
    pub(crate) next_look: Moment,
}

impl Watch {
    pub(crate) fn loaded(&self) -> Option<Loaded> {
        lock(&self.0).loaded.clone()
    }

    pub(crate) fn note_loaded(&self, loaded: Loaded) {
        *lock(&self.0) = State { loaded: Some(loaded), slow: 0 };
    }

    /// How often in a row a look for a newer version took too long.
    pub(crate) fn slow(&self) -> u32 {
        lock(&self.0).slow
    }

    pub(crate) fn note_slow(&self) {
        let mut state = lock(&self.0);
        state.slow = state.slow.saturating_add(1);
    }
}
