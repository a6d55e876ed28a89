//! A configuration that cannot work, with everything that is wrong with it.

use std::fmt;

use credential_core::{Finding, Severity};

/// Everything that is wrong with a configuration, at once: each finding names the setting, where it
/// stands, what was found and what to do.
#[derive(Clone, PartialEq, Eq)]
pub struct ConfigurationError {
    findings: Vec<Finding>,
}

impl ConfigurationError {
    pub(crate) fn new(findings: Vec<Finding>) -> Self {
        Self { findings }
    }

    /// Everything that was found, warnings and hints too.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }
}

impl fmt::Display for ConfigurationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let errors = self.findings.iter().filter(|finding| finding.severity == Severity::Error);
        for (nth, finding) in errors.enumerate() {
            if nth > 0 {
                f.write_str("\n")?;
            }
            finding.fmt(f)?;
        }
        Ok(())
    }
}

/// As `Display`: a `main` that returns it prints this.
impl fmt::Debug for ConfigurationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for ConfigurationError {}

impl From<Finding> for ConfigurationError {
    fn from(finding: Finding) -> Self {
        Self::new(vec![finding])
    }
}
