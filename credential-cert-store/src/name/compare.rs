//! Whether two names are the same, however they were written.

use super::{Attribute, Name, Value, fold, text};

impl Name {
    /// A name as people write it: either order, `,` `;` or `/` between the parts, quotes or
    /// backslashes, any label.
    ///
    /// # Errors
    /// Says what is no name about it.
    pub(crate) fn from_text(written: &str) -> Result<Self, String> {
        text::parse(written)
    }

    /// Whether both name the same: the same attributes in the same order or in the opposite one,
    /// case and runs of spaces aside (RFC 5280 §7.1).
    pub(crate) fn same_as(&self, other: &Self) -> bool {
        let forward = self.sets.iter().zip(&other.sets).all(|(a, b)| same_set(a, b));
        let backward = || self.sets.iter().zip(other.sets.iter().rev()).all(|(a, b)| same_set(a, b));
        self.sets.len() == other.sets.len() && (forward || backward())
    }

    /// Every text in it.
    pub(crate) fn texts(&self) -> impl Iterator<Item = &str> {
        self.sets.iter().flatten().filter_map(|attribute| match &attribute.value {
            Value::Text(text) | Value::Hex(text) => Some(text.as_str()),
            Value::Undecodable => None,
        })
    }
}

fn same_set(a: &[Attribute], b: &[Attribute]) -> bool {
    let within =
        |a: &[Attribute], b: &[Attribute]| a.iter().all(|one| b.iter().any(|other| same_attribute(one, other)));
    a.len() == b.len() && within(a, b) && within(b, a)
}

fn same_attribute(a: &Attribute, b: &Attribute) -> bool {
    let same_value = match (&a.value, &b.value) {
        (Value::Text(a) | Value::Hex(a), Value::Text(b) | Value::Hex(b)) => spaced(a).eq(spaced(b)),
        _ => false,
    };
    a.oid == b.oid && same_value
}

/// The words of a value, folded.
fn spaced(value: &str) -> impl Iterator<Item = String> {
    value.split_whitespace().map(fold)
}
