//! Things by name, each made when it is first asked for.

use std::collections::HashMap;
use std::sync::Arc;

use crate::sync::{Mutex, lock};

/// Things that are remembered before those that can be forgotten are.
const MIN_REMEMBERED: usize = 64;

/// Things by name. Those that nobody has and that can be forgotten are, when there are many.
pub(super) struct Shelf<T>(Mutex<(HashMap<String, Arc<T>>, usize)>);

impl<T> Default for Shelf<T> {
    fn default() -> Self {
        Self(Mutex::new((HashMap::new(), MIN_REMEMBERED)))
    }
}

impl<T> Shelf<T> {
    /// The thing of that name, kept or made.
    pub(super) fn get(&self, name: &str, make: impl FnOnce() -> T, is_forgettable: impl Fn(&T) -> bool) -> Arc<T> {
        let mut shelf = lock(&self.0);
        let (known, most) = &mut *shelf;
        if let Some(one) = known.get(name) {
            return Arc::clone(one);
        }
        if known.len() >= *most {
            known.retain(|_, one| Arc::strong_count(one) > 1 || !is_forgettable(one));
            *most = MIN_REMEMBERED.max(known.len().saturating_mul(2));
        }
        let one = Arc::new(make());
        known.insert(name.to_owned(), Arc::clone(&one));
        one
    }

    /// Whether all of them are so.
    pub(super) fn all(&self, is_so: impl Fn(&T) -> bool) -> bool {
        lock(&self.0).0.values().all(|one| is_so(one))
    }
}
