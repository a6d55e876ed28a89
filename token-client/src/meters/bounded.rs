//! Values of labels that come from elsewhere: the first of them are kept apart, the rest are one.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use metrics::SharedString;

/// The most values that one label has.
const MAX_VALUES: usize = 64;
/// What further values are, as OpenTelemetry has it.
const OTHER: &str = "_OTHER";

/// The values of a label so far.
#[derive(Debug)]
pub(super) struct Values(Mutex<BTreeSet<String>>);

impl Values {
    pub(super) const fn new() -> Self {
        Self(Mutex::new(BTreeSet::new()))
    }

    /// The value, or that it is one of too many.
    pub(super) fn bound(&self, value: String) -> SharedString {
        let mut values = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if values.contains(&value) {
            return value.into();
        }
        if values.len() >= MAX_VALUES {
            return OTHER.into();
        }
        values.insert(value.clone());
        value.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_has_few_values_whatever_comes() {
        let values = Values::new();
        let seen: BTreeSet<_> = (0..10_000).map(|nth| values.bound(format!("{}", nth % 5000))).collect();
        assert_eq!(seen.len(), MAX_VALUES + 1);
        assert_eq!((values.bound("7".to_owned()), values.bound("new".to_owned())), ("7".into(), OTHER.into()));
    }
}
