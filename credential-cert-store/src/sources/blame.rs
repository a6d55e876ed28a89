//! Which setting of an entry led to an error, or to what is noteworthy about a credential.

use credential_core::{Credential, CredentialDescription, SourceError};

use super::path::PASSWORD;

/// The error about a content, at the setting that led to the content, or at the password's.
pub(super) fn blamed(description: &CredentialDescription, setting: &str, error: SourceError) -> SourceError {
    let setting = match error.code() {
        "wrong-password" | "password-missing" => PASSWORD,
        _ => setting,
    };
    description.at_setting(setting, error.settled_locally())
}

/// The credential with the setting on each of its findings.
pub(super) fn placed(description: &CredentialDescription, setting: &str, credential: Credential) -> Credential {
    let findings = credential.findings().iter().cloned();
    let findings = findings.map(|finding| description.finding_at_setting(setting, finding)).collect();
    credential.with_findings(findings)
}
