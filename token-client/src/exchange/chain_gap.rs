//! A certificate that came without its issuer's: a hint, and a warning where the chain is sent.

use credential_core::Severity;
use credential_core::chain::Attempt;
use credential_core::codes::CHAIN_INCOMPLETE;

/// Raises the hint of every credential to a warning, since `SendX5C` is on.
pub(crate) fn warn(attempts: &mut [Attempt]) {
    for credential in attempts.iter_mut().filter_map(|attempt| attempt.credential.as_mut()) {
        let mut findings = credential.findings().to_vec();
        if let Some(gap) = findings.iter_mut().find(|finding| finding.code == CHAIN_INCOMPLETE) {
            gap.severity = Severity::Warning;
            *credential = credential.clone().with_findings(findings);
        }
    }
}
