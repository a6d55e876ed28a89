//! Which setting of an entry led to an error, or to what is noteworthy about a credential.

use credential_core::{Credential, CredentialDescription, Finding, Origin, SourceError};

use super::path::PASSWORD;

/// The error about a content, at the setting that led to the content, or at the password's.
pub(super) fn blamed(setting: &'static str, error: SourceError) -> SourceError {
    let setting = match error.code() {
        "wrong-password" | "password-missing" => PASSWORD,
        _ => setting,
    };
    error.about(setting).settled_locally()
}

/// A setting's path and place, for what is found when its entry is bound already.
#[derive(Clone, Debug)]
pub(super) struct Spot {
    path: String,
    origin: Origin,
}

impl Spot {
    pub(super) fn of(entry: &CredentialDescription, setting: &str) -> Self {
        Self { path: entry.setting_path(setting), origin: entry.setting_origin(setting) }
    }

    pub(super) fn finding(&self, finding: Finding) -> Finding {
        finding.at(self.path.clone(), self.origin.clone())
    }

    /// The credential with the setting on each of its findings.
    pub(super) fn credential(&self, credential: Credential) -> Credential {
        let findings = credential.findings().iter().map(|finding| self.finding(finding.clone())).collect();
        credential.with_findings(findings)
    }
}
