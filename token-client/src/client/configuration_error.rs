//! A configuration that cannot work, with everything that is wrong with it.

use std::fmt;

use credential_core::Finding;
use credential_core::registry::BindError;

/// Everything that is wrong with a configuration, at once: each finding names the setting, where it
/// stands, what was found and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
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
        BindError::new(self.findings.clone()).fmt(f)
    }
}

impl std::error::Error for ConfigurationError {}

impl From<Finding> for ConfigurationError {
    fn from(finding: Finding) -> Self {
        Self::new(vec![finding])
    }
}
