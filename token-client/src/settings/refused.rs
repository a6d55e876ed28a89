//! What a section asks for and this version does not do: refused by name, never done by halves; and what
//! changes nothing here, said once.

use credential_core::{Finding, SourceType};

use super::acquire_token::AcquireTokenOptions;
use super::application::ApplicationOptions;
use super::bind::{Binder, Located, Section};
use super::codes;
use super::downstream::DownstreamOptions;

/// Refuses what a downstream section asks for and does not get: its calls would be made as somebody else, or
/// with a token of another kind.
pub(crate) fn check(section: &Section<'_>, options: &DownstreamOptions, binder: &mut Binder<'_>) {
    let scheme = &options.protocol_scheme;
    if !scheme.value.trim().eq_ignore_ascii_case("Bearer") {
        let what = format!("asks for {:?}, and this version sends Bearer tokens alone", scheme.value);
        refuse(scheme, "ProtocolScheme", &what, "remove it, or write \"Bearer\"", binder);
    }
    acquire_token(section, &options.acquire_token_options, binder);
}

fn acquire_token(section: &Section<'_>, options: &AcquireTokenOptions, binder: &mut Binder<'_>) {
    for (name, option, what, remedy) in [
        (
            "AuthenticationOptionsName",
            &options.authentication_options_name,
            "names another application's options, and this client has the one application of its section",
            "remove it, and make a client of its own for that application: TokenClient::builder().section(..)",
        ),
        (
            "ClaimsFromClient",
            &options.claims_from_client,
            "is for claims in the client assertion, which this version does not add",
            "remove it, or register a CustomSignedAssertion provider that adds them",
        ),
        (
            "LongRunningWebApiSessionKey",
            &options.long_running_web_api_session_key,
            "is for sessions that outlive the user's token, which this version does not have",
            "remove it, and call while the user's token is valid",
        ),
        (
            "PopClaim",
            &options.pop_claim,
            "is for proof-of-possession tokens, and this version asks for Bearer tokens alone",
            "remove it",
        ),
        (
            "PopPublicKey",
            &options.pop_public_key,
            "is for proof-of-possession tokens, and this version asks for Bearer tokens alone",
            "remove it",
        ),
        (
            "UserFlow",
            &options.user_flow,
            "is for calls in a user flow of Azure AD B2C, which this version does not make",
            "remove it, or set SignUpSignInPolicyId in the application's section",
        ),
    ] {
        if let Some(located) = option.as_ref().filter(|located| !located.value.trim().is_empty()) {
            refuse(located, name, what, remedy, binder);
        }
    }
    if let Some(parameters) = &options.extra_parameters {
        let what = "is for extensions, of which this version has none";
        refuse(parameters, "ExtraParameters", what, "remove it; ExtraQueryParameters go to the authority", binder);
    }
    if options.managed_identity.is_some() {
        let place = section.child("AcquireTokenOptions").child("ManagedIdentity");
        let what = "asks for calls with a managed identity, which this version does not make";
        let remedy = "remove it to call as the application of ClientCredentials";
        binder.say(&place, not_supported("ManagedIdentity", what, remedy));
    }
}

fn not_supported(name: &str, what: &str, remedy: &str) -> Finding {
    Finding::error(codes::NOT_SUPPORTED, format!("{name} {what}")).remedy(remedy)
}

fn refuse<T>(located: &Located<T>, name: &str, what: &str, remedy: &str, binder: &mut Binder<'_>) {
    let finding = not_supported(name, what, remedy);
    binder.said.push(finding.at(&located.path, located.origin.clone()));
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
