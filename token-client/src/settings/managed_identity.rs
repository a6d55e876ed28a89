//! Downstream APIs that are called with a managed identity of the machine: what goes with it, and what an
//! application's section may lack then.

use credential_core::Finding;

use super::bind::{Binder, Section};
use super::codes;
use super::downstream::DownstreamOptions;

/// Settings that say how the application's token is asked for.
const OF_APPLICATION: [&str; 5] =
    ["Tenant", "CorrelationId", "FmiPath", "ExtraQueryParameters", "ExtraHeadersParameters"];

/// Says what contradicts a managed identity, and what changes nothing beside one.
pub(crate) fn check(section: &Section<'_>, options: &DownstreamOptions, binder: &mut Binder<'_>) {
    if options.managed_identity().is_none() {
        return;
    }
    let acquire = section.child("AcquireTokenOptions");
    if options.request_app_token.as_ref().is_some_and(|flag| !flag.value) {
        let message = "ManagedIdentity calls as the machine, and \"RequestAppToken\": false on behalf of users";
        let finding = Finding::error(codes::CALLER_CONFLICT, message);
        binder.say(&section.child("RequestAppToken"), finding.remedy("remove one of the two"));
    }
    for name in OF_APPLICATION {
        let child = acquire.child(name);
        if child.has_children() || child.text().is_some_and(|text| !text.trim().is_empty()) {
            let message = format!("{name} has no effect beside ManagedIdentity: the machine's host gives the token");
            binder.say(&child, Finding::hint(codes::WITHOUT_EFFECT, message).remedy("remove it"));
        }
    }
}

/// Whether it is about what the application at that path lacks, and nothing else.
pub(crate) fn may_lack(finding: &Finding, path: &str) -> bool {
    let lacks = [codes::MISSING_SECTION, codes::MISSING_SETTING, codes::NO_CREDENTIALS].contains(&finding.code);
    lacks && finding.path.as_deref() == Some(path)
}
