//! Everything that is wrong with a list of entries.

use std::fmt;

use crate::{Finding, Severity};

/// A list of entries that cannot work, with everything that is wrong with it.
#[derive(Clone, PartialEq, Eq)]
pub struct BindError {
    findings: Vec<Finding>,
}

impl BindError {
    /// An error from its findings; at least one should be of severity error.
    pub fn new(findings: Vec<Finding>) -> Self {
        Self { findings }
    }

    /// Everything that was found, warnings too.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }
}

impl fmt::Display for BindError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let errors = self.findings.iter().filter(|finding| finding.severity == Severity::Error);
        for (nth, finding) in errors.enumerate() {
            if nth > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{finding}")?;
        }
        Ok(())
    }
}

/// What it says: a `main` that returns it prints this.
impl fmt::Debug for BindError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for BindError {}
