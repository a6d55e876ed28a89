//! Assertions of other issuers, matched with an app's federated identity credentials.

use super::app::EmulatedApp;
use super::assertion::check_times;
use super::jwt::Jwt;
use super::refusal::Refusal;
use super::token::TokenCall;

/// Matches issuer, subject and audience exactly, in this order, then the signature and the times.
///
/// # Errors
/// 70021 without any federated credential, 700211, 700213 and 700212 for the first that does not
/// match, 700027 for the signature, 700024 for the times.
pub(crate) fn check(call: &TokenCall<'_>, app: &EmulatedApp, jwt: &Jwt<'_>, issuer: &str) -> Result<String, Refusal> {
    let subject = jwt.text("sub").unwrap_or_default();
    let none = |code: u32, what: &str| {
        let message = format!("No matching federated identity record found for presented assertion{what}");
        Refusal::new(code, format!("{message}. Check your federated identity credential Subject, Audience and Issuer."))
    };
    if app.federated.is_empty() {
        return Err(none(70_021, ""));
    }
    let of_issuer: Vec<_> = app.federated.iter().filter(|known| known.issuer == issuer).collect();
    if of_issuer.is_empty() {
        return Err(none(700_211, &format!(" issuer '{issuer}'")));
    }
    let of_subject: Vec<_> = of_issuer.into_iter().filter(|known| known.subject == subject).collect();
    if of_subject.is_empty() {
        return Err(none(700_213, &format!(" subject '{subject}'")));
    }
    if !of_subject.iter().any(|known| jwt.is_for(|audience| audience == known.audience)) {
        let audience = jwt.claims.get("aud").map(ToString::to_string).unwrap_or_default();
        return Err(none(700_212, &format!(" audience '{}'", audience.trim_matches('"'))));
    }
    if !call.state.key.has_signed(jwt) {
        return Err(Refusal::bad_signature("[Reason - The key was not found.]"));
    }
    check_times(jwt, call.now)?;
    Ok(format!("federated {subject}"))
}
