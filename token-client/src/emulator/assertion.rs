//! How a client proves who it is (RFC 6749 §2.3, RFC 7523 §3).

use credential_core::Secret;

use super::app::EmulatedApp;
use super::federated;
use super::jwt::{Jwt, MAX_JWT};
use super::refusal::Refusal;
use super::time::SKEW_SECONDS;
use super::token::TokenCall;

const JWT_BEARER_ASSERTION: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// The longest life of a client assertion, in seconds.
const MAX_LIFETIME: i64 = 600;

/// By what the client was authenticated.
///
/// # Errors
/// By the code that Entra has for it.
pub(crate) fn authenticate(call: &TokenCall<'_>, app: &EmulatedApp) -> Result<String, Refusal> {
    match (&call.presented.secret, call.get("client_assertion")) {
        (Some(secret), None) if call.presented.by_basic => check_secret(app, secret, "secret by Basic"),
        (Some(secret), None) => check_secret(app, secret, "secret"),
        (None, Some(assertion)) => check_assertion(call, app, assertion),
        (Some(_), Some(_)) => Err(Refusal::malformed("there is a 'client_secret' beside a 'client_assertion'.")),
        (None, None) => {
            let names = "'client_assertion' or 'client_secret'";
            Err(Refusal::new(7_000_218, format!("The request body must contain the following parameter: {names}.")))
        }
    }
}

/// Compares with every secret in constant time.
fn check_secret(app: &EmulatedApp, given: &Secret, verdict: &str) -> Result<String, Refusal> {
    let is_among = |secrets: &[Secret]| secrets.iter().fold(false, |found, secret| found | (secret == given));
    let (good, ended) = (is_among(&app.secrets), is_among(&app.expired_secrets));
    let id = &app.client_id;
    if good {
        Ok(verdict.to_owned())
    } else if ended {
        Err(Refusal::new(7_000_222, format!("The provided client secret keys for app '{id}' are expired.")))
    } else {
        let advice = "Ensure the secret being sent in the request is the client secret value, not the client secret ID";
        let message = format!("Invalid client secret provided. {advice}, for a secret added to app '{id}'.");
        Err(Refusal::new(7_000_215, message))
    }
}

fn check_assertion(call: &TokenCall<'_>, app: &EmulatedApp, assertion: &str) -> Result<String, Refusal> {
    let kind = call.need("client_assertion_type")?;
    if kind != JWT_BEARER_ASSERTION {
        return Err(Refusal::malformed("'client_assertion_type' is not the one for JWT bearer assertions."));
    }
    if assertion.len() > MAX_JWT {
        return Err(Refusal::bad_assertion(&format!("It has more than {MAX_JWT} characters.")));
    }
    let jwt = Jwt::parse(assertion).ok_or_else(|| Refusal::bad_assertion("It is no JWT in compact form."))?;
    let issuer = jwt.text("iss").ok_or_else(|| Refusal::bad_assertion("It has no 'iss' claim."))?;
    if !issuer.eq_ignore_ascii_case(&app.client_id) {
        return federated::check(call, app, &jwt, issuer);
    }
    let thumbprint = check_signature(call, app, &jwt)?;
    check_claims(call, app, &jwt)?;
    Ok(format!("certificate {thumbprint}"))
}

/// The thumbprint of the registered certificate whose key made the signature.
fn check_signature<'a>(call: &TokenCall<'_>, app: &'a EmulatedApp, jwt: &Jwt<'_>) -> Result<&'a str, Refusal> {
    if jwt.header("x5t#S256").is_none() && jwt.header("x5t").is_none() {
        return Err(Refusal::bad_assertion("No certificate thumbprint specified in token header."));
    }
    let certificate = app.certificates.iter().find(|one| one.is_named_by(jwt)).ok_or_else(|| {
        let reason =
            "The certificate with identifier used to sign the client assertion is not registered on application";
        Refusal::bad_signature(&format!("{reason} '{}'. [Reason - The key was not found.]", app.client_id))
    })?;
    if !certificate.has_signed(jwt) {
        return Err(Refusal::bad_signature("[Reason - The provided signature value did not match the expected one.]"));
    }
    if !certificate.begins(jwt.header.get("x5c")) {
        return Err(Refusal::bad_assertion("'x5c' is no chain that begins with the certificate of the thumbprint."));
    }
    if !certificate.is_valid_at(call.now) {
        return Err(Refusal::new(1_000_502, "The provided certificate is not within its specified validity window."));
    }
    Ok(certificate.thumbprint())
}

fn check_claims(call: &TokenCall<'_>, app: &EmulatedApp, jwt: &Jwt<'_>) -> Result<(), Refusal> {
    if jwt.text("sub") != jwt.text("iss") {
        return Err(Refusal::new(50_048, "Subject must match Issuer claim in the client assertion."));
    }
    if !jwt.is_for(|audience| audience == call.endpoint) {
        return Err(Refusal::new(700_023, "Client assertion audience claim does not match Realm issuer."));
    }
    let end = check_times(jwt, call.now)?;
    let begin = jwt.date("nbf").or_else(|| jwt.date("iat")).unwrap_or(call.now);
    if end.saturating_sub(begin) > MAX_LIFETIME {
        let message = format!("Client assertion is valid for longer than {MAX_LIFETIME} seconds.");
        return Err(Refusal::new(700_024, message));
    }
    let jti = jwt.text("jti").ok_or_else(|| Refusal::bad_assertion("It has no 'jti' claim."))?;
    if !call.state.note_used(&app.client_id, jti, end.saturating_add(SKEW_SECONDS), call.now) {
        return Err(Refusal::bad_assertion("An assertion with this 'jti' was used before."));
    }
    Ok(())
}

/// The end of an assertion that is valid now, give or take the clocks' difference.
///
/// # Errors
/// 700024 when it is not, or does not say when it ends.
pub(crate) fn check_times(jwt: &Jwt<'_>, now: i64) -> Result<i64, Refusal> {
    let range = || {
        let time = |name: &str| jwt.date(name).map_or_else(|| "none".to_owned(), super::time::timestamp);
        let (current, begin, end) = (super::time::timestamp(now), time("nbf"), time("exp"));
        let times = format!("Current time: {current}, assertion valid from {begin}, expiry time of assertion {end}.");
        Refusal::new(700_024, format!("Client assertion is not within its valid time range. {times}"))
    };
    let end = jwt.date("exp").ok_or_else(range)?;
    let begun = jwt.date("nbf").is_none_or(|begin| begin <= now.saturating_add(SKEW_SECONDS));
    if begun && end.saturating_add(SKEW_SECONDS) > now { Ok(end) } else { Err(range()) }
}
