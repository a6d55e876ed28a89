//! Which setting of an entry led to an error, or to what is noteworthy about a credential.

use credential_core::{Credential, SourceError};

use super::path::PASSWORD;

/// The error about a content, at the setting that led to the content, or at the password's.
pub(super) fn blamed(setting: &'static str, error: SourceError) -> SourceError {
    let setting = match error.code() {
        "wrong-password" | "password-missing" => PASSWORD,
        _ => setting,
    };
    error.about(setting).settled_locally()
}

/// The credential with the setting on each of its findings.
pub(super) fn noted(setting: &'static str, credential: Credential) -> Credential {
    let findings = credential.findings().iter().map(|finding| finding.clone().about(setting)).collect();
    credential.with_findings(findings)
}
