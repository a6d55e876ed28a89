//! What a section asks for and this version does not do: refused by name, never done by halves; and what
//! changes nothing here, said once.

use credential_core::source::Standing;
use credential_core::{Finding, Setting, SettingKind, SourceType};

use super::application::ApplicationOptions;
use super::bind::{Binder, Section};
use super::codes;
use super::downstream::DownstreamOptions;
use super::known::DOWNSTREAM_SETTINGS;

/// Refuses what a downstream section asks for and does not get: its calls would be made as somebody else, or
/// with a token of another kind.
pub(crate) fn check(section: &Section<'_>, options: &DownstreamOptions, binder: &mut Binder<'_>) {
    let scheme = &options.protocol_scheme;
    let known = DOWNSTREAM_SETTINGS.iter().find(|setting| setting.name == "ProtocolScheme");
    if known.is_some_and(|setting| setting.value_of(&scheme.value).is_none()) {
        let what = format!("asks for {:?}, and this version sends Bearer tokens alone", scheme.value);
        let finding = not_supported("ProtocolScheme", &what, "remove it, or write \"Bearer\"");
        binder.said.push(finding.at(&scheme.path, scheme.origin.clone()));
    }
    declared(section, DOWNSTREAM_SETTINGS, binder);
}

/// Refuses what is declared as refused and says something, in objects too.
fn declared(section: &Section<'_>, settings: &[Setting], binder: &mut Binder<'_>) {
    for setting in settings {
        let place = section.child(setting.name);
        let says = match setting.kind {
            SettingKind::Map | SettingKind::Object(_) => place.has_children(),
            _ => place.text().is_some_and(|text| !text.trim().is_empty()),
        };
        match (setting.standing, setting.kind) {
            (Standing::Refused { why, remedy }, _) if says => {
                binder.say(&place, not_supported(setting.name, why, remedy));
            }
            (_, SettingKind::Object(members)) => declared(&place, members, binder),
            _ => {}
        }
    }
}

fn not_supported(name: &str, what: &str, remedy: &str) -> Finding {
    Finding::error(codes::NOT_SUPPORTED, format!("{name} {what}")).remedy(remedy)
}

/// What of an application's section changes nothing here, and why.
const NOT_OURS: [(&str, &str); 9] = [
    ("EditProfilePolicyId", SIGN_IN),
    ("ResetPasswordPolicyId", SIGN_IN),
    ("ErrorPath", SIGN_IN),
    ("ResetPasswordPath", SIGN_IN),
    ("WithSpaAuthCode", SIGN_IN),
    ("Audience", INCOMING),
    ("Audiences", INCOMING),
    ("AllowWebApiToBeAuthorizedByACL", INCOMING),
    ("EnablePiiLogging", "personal data is never logged"),
];
const SIGN_IN: &str = "it is about signing users in";
const INCOMING: &str = "it is about checking tokens that come in";

/// Says what of an application's section changes nothing here.
pub(crate) fn without_effect(section: &Section<'_>, options: &ApplicationOptions, binder: &mut Binder<'_>) {
    for (name, why) in NOT_OURS {
        let place = section.child(name);
        let text = place.text().map(str::trim).filter(|text| !text.is_empty() && !text.eq_ignore_ascii_case("false"));
        if place.has_children() || text.is_some() {
            let finding = Finding::hint(codes::WITHOUT_EFFECT, format!("{name} has no effect here: {why}"));
            binder.say(&place, finding.remedy("leave it where other programs read it"));
        }
    }
    if !options.token_decryption_credentials.is_empty() {
        let message = "TokenDecryptionCredentials are not used: this version decrypts no tokens";
        let finding = Finding::warning(codes::WITHOUT_EFFECT, message);
        let place = section.child("TokenDecryptionCredentials");
        binder.say(&place, finding.remedy("leave them where other programs read them"));
    }
    vault_identity(section, options, binder);
}

/// Says that an identity that other programs read a vault as is not the one that this program takes.
fn vault_identity(section: &Section<'_>, options: &ApplicationOptions, binder: &mut Binder<'_>) {
    const VAULTS: [SourceType; 2] = [SourceType::KEY_VAULT, SourceType::SIGNED_ASSERTION_FROM_VAULT];
    let place = section.child("UserAssignedManagedIdentityClientId");
    let unnamed = options
        .credentials
        .iter()
        .find(|entry| VAULTS.contains(entry.source_type()) && entry.text("ManagedIdentityClientId").is_none());
    if let (Some(entry), Some(_)) = (unnamed, place.text().filter(|text| !text.trim().is_empty())) {
        let message = format!("UserAssignedManagedIdentityClientId is not what {} reads its vault as", entry.path());
        let finding = Finding::warning(codes::WITHOUT_EFFECT, message);
        binder.say(&place, finding.remedy("write \"ManagedIdentityClientId\" in the entry"));
    }
}
