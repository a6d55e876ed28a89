//! Environment variables of a test's own.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::sync::{Mutex, lock};
use crate::world::Environment;

/// Environment variables that a test sets.
#[derive(Default)]
pub struct FakeEnvironment {
    vars: Mutex<BTreeMap<String, String>>,
    not_unicode: Mutex<BTreeSet<String>>,
}

impl FakeEnvironment {
    /// Sets a variable.
    pub fn set(&self, name: impl Into<String>, value: impl Into<String>) {
        lock(&self.vars).insert(name.into(), value.into());
    }

    /// Sets a variable to a value that is not Unicode: it is set, and nobody can read it.
    pub fn set_not_unicode(&self, name: impl Into<String>) {
        lock(&self.not_unicode).insert(name.into());
    }

    /// Unsets a variable.
    pub fn unset(&self, name: &str) {
        lock(&self.vars).remove(name);
    }
}

impl Environment for FakeEnvironment {
    fn var(&self, name: &str) -> Option<String> {
        lock(&self.vars).get(name).cloned()
    }

    fn vars(&self) -> BTreeMap<String, String> {
        lock(&self.vars).clone()
    }

    fn not_unicode(&self) -> Vec<String> {
        lock(&self.not_unicode).iter().cloned().collect()
    }
}

/// Names alone: values may be secret.
impl fmt::Debug for FakeEnvironment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(lock(&self.vars).keys()).entries(lock(&self.not_unicode).iter()).finish()
    }
}
