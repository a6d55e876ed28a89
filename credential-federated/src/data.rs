//! What an entry tells its provider.

use std::fmt;

use credential_core::Secret;
use credential_core::source::{Entry, Value};

/// The settings under `CustomSignedAssertionProviderData` of one entry. Keys are compared ignoring
/// ASCII case; numbers and flags are text, as everything in a configuration is. Any of it may be
/// secret: `Debug` shows the keys alone.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct ProviderData(Vec<Entry>);

impl ProviderData {
    /// Data from its entries.
    pub fn new(entries: impl Into<Vec<Entry>>) -> Self {
        Self(entries.into())
    }

    /// The text under a key; `None` when it is missing, empty or an object.
    pub fn text(&self, key: &str) -> Option<&str> {
        self.secret(key).map(Secret::expose)
    }

    /// The text under a key, still secret; `None` when it is missing, empty or an object.
    pub fn secret(&self, key: &str) -> Option<&Secret> {
        match self.value(key)? {
            Value::Text(text) if !text.is_empty() => Some(text),
            _ => None,
        }
    }

    /// The value under a key.
    pub fn value(&self, key: &str) -> Option<&Value> {
        self.0.iter().find(|entry| entry.name.eq_ignore_ascii_case(key)).map(|entry| &entry.value)
    }

    /// Everything, each with the place where it stands.
    pub fn entries(&self) -> &[Entry] {
        &self.0
    }

    /// Whether the entry has no data for its provider.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for ProviderData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.iter().map(|entry| &entry.name)).finish()
    }
}
