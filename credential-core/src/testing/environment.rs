//! Environment variables of a test's own.

use std::collections::BTreeMap;

use crate::Environment;
use crate::sync::{Mutex, lock};

/// Environment variables that a test sets.
#[derive(Debug, Default)]
pub struct FakeEnvironment(Mutex<BTreeMap<String, String>>);

impl FakeEnvironment {
    /// Sets a variable.
    pub fn set(&self, name: impl Into<String>, value: impl Into<String>) {
        lock(&self.0).insert(name.into(), value.into());
    }

    /// Unsets a variable.
    pub fn unset(&self, name: &str) {
        lock(&self.0).remove(name);
    }
}

impl Environment for FakeEnvironment {
    fn var(&self, name: &str) -> Option<String> {
        lock(&self.0).get(name).cloned()
    }

    fn vars(&self) -> BTreeMap<String, String> {
        lock(&self.0).clone()
    }
}
