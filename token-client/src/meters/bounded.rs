//! Values of labels that come from elsewhere: the first of them are kept apart, the rest are one.

use std::borrow::Borrow;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// The most values that are kept apart.
const MAX_VALUES: usize = 64;
/// What further values are, as OpenTelemetry has it.
pub(super) const OTHER: &str = "_OTHER";

/// The values so far, by what they come from, so that each is made once.
#[derive(Debug)]
pub(super) struct Values<K, V>(Mutex<BTreeMap<K, V>>);

impl<K: Ord, V: Clone> Values<K, V> {
    pub(super) const fn new() -> Self {
        Self(Mutex::new(BTreeMap::new()))
    }

    /// The value of what it comes from; `None` where it is one of too many.
    pub(super) fn of<Q>(&self, from: &Q, make: impl FnOnce() -> V) -> Option<V>
    where
        K: Borrow<Q>,
        Q: Ord + ToOwned<Owned = K> + ?Sized,
    {
        let mut values = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = values.get(from) {
            return Some(known.clone());
        }
        if values.len() >= MAX_VALUES {
            return None;
        }
        Some(values.entry(from.to_owned()).or_insert_with(make).clone())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn there_are_few_values_whatever_comes() {
        let values = Values::<String, String>::new();
        let of = |text: &str| values.of(text, || text.to_owned());
        let seen: BTreeSet<_> = (0..10_000).map(|nth| of(&format!("{}", nth % 5000))).collect();
        assert_eq!(seen.len(), MAX_VALUES + 1);
        assert_eq!((of("7"), of("new")), (Some("7".to_owned()), None));
    }
}
