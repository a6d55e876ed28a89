//! A web API asks for a token on behalf of the user who called it (RFC 7523 §2.1, as Entra has it).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};

use super::app::EmulatedApp;
use super::claims;
use super::guid;
use super::issuer::user_of;
use super::jwt::Jwt;
use super::refusal::Refusal;
use super::resource::Asked;
use super::time::SKEW_SECONDS;
use super::token::TokenCall;

/// What a token says of its user, and is handed on.
const USER_CLAIMS: [&str; 6] = ["oid", "sub", "preferred_username", "upn", "unique_name", "name"];

/// The body of the answer, and what was granted in a few words.
///
/// # Errors
/// 50013, 500131 and 500133 for the incoming token, 7000114 for one without a user, 65001 without
/// consent, and by the scope.
pub(crate) fn exchange(call: &TokenCall<'_>, app: &EmulatedApp) -> Result<(Value, String), Refusal> {
    match call.need("requested_token_use")? {
        "on_behalf_of" => {}
        _ => return Err(Refusal::malformed("'requested_token_use' is not 'on_behalf_of'.")),
    }
    let incoming = incoming(call, app)?;
    let scope = call.need("scope")?;
    let asked = Asked::read(scope, &call.state.resources, call.tenant)?;
    let granted = consented(app, &asked)?;
    let tenant = incoming.get("tid").and_then(Value::as_str).and_then(|tenant| call.state.tenant(tenant));
    let tenant = tenant.filter(|tenant| call.has_shared_tenant() || *tenant == call.tenant).ok_or_else(|| {
        Refusal::new(50_013, "Assertion failed signature validation. [Reason - It is of another tenant.]")
    })?;
    let user: Map<String, Value> =
        USER_CLAIMS.iter().filter_map(|name| Some(((*name).to_owned(), incoming.get(*name)?.clone()))).collect();
    let mut token = call.base_claims(app, &asked.resource.identifier, tenant);
    claims::add(&mut token, user.clone());
    claims::add(&mut token, Map::from_iter([("scp".to_owned(), json!(granted.join(" ")))]));
    claims::add(&mut token, claims::requested(call.get("claims"))?);
    let mut body = call.granted(&token)?;
    let full: Vec<String> =
        granted.iter().map(|name| format!("{}/{name}", asked.resource.identifier.trim_end_matches('/'))).collect();
    let mut extra = Map::from_iter([("scope".to_owned(), json!(full.join(" ")))]);
    let has = |name: &str| asked.oidc.iter().any(|scope| scope.eq_ignore_ascii_case(name));
    if has("offline_access") {
        extra.insert("refresh_token".to_owned(), json!(format!("rt.{}", guid::random())));
    }
    if has("openid") {
        let mut id_token = call.base_claims(app, &app.client_id, tenant);
        claims::add(&mut id_token, user.clone());
        extra.insert("id_token".to_owned(), json!(call.sign(&id_token)?));
    }
    if call.get("client_info") == Some("1") {
        let info = json!({"uid": user.get("oid"), "utid": call.state.tenant_id(tenant)}).to_string();
        extra.insert("client_info".to_owned(), json!(URL_SAFE_NO_PAD.encode(info)));
    }
    claims::add(&mut body, extra);
    let who = user_of(&user).and_then(Value::as_str).unwrap_or("a user");
    Ok((body, format!("{} on behalf of {who} for {}", app.client_id, asked.resource.identifier)))
}

/// The claims of the token that the web API was called with.
fn incoming(call: &TokenCall<'_>, app: &EmulatedApp) -> Result<Map<String, Value>, Refusal> {
    let assertion = call.need("assertion")?;
    let bad = |why: &str| Refusal::new(50_013, format!("Assertion failed signature validation. [Reason - {why}]"));
    let jwt = Jwt::parse(assertion).ok_or_else(|| bad("It is no JWT."))?;
    if !call.state.key.has_signed(&jwt) {
        return Err(bad("The key was not found."));
    }
    let id = &app.client_id;
    if !jwt.is_for(|audience| audience.trim_start_matches("api://").eq_ignore_ascii_case(id)) {
        let message = "Assertion audience does not match the Client app presenting the assertion.";
        return Err(Refusal::new(500_131, format!("{message} The expected audience is '{id}'.")));
    }
    let begun = jwt.date("nbf").is_none_or(|begin| begin <= call.now.saturating_add(SKEW_SECONDS));
    if !begun || jwt.date("exp").is_none_or(|end| end <= call.now) {
        return Err(Refusal::new(
            500_133,
            "Assertion is not within its valid time range. Ensure that it is not expired.",
        ));
    }
    if jwt.text("scp").is_none() {
        return Err(Refusal::new(7_000_114, "Application is not allowed to make application on-behalf-of calls."));
    }
    Ok(jwt.claims)
}

/// The permissions that are granted: those asked for, or with `.default` all there are.
fn consented<'a>(app: &EmulatedApp, asked: &Asked<'a>) -> Result<Vec<&'a str>, Refusal> {
    let is_missing = |name: &str| app.unconsented.iter().any(|other| other.eq_ignore_ascii_case(name));
    if asked.scopes.is_empty() {
        return Ok(asked.resource.scopes.iter().map(String::as_str).filter(|name| !is_missing(name)).collect());
    }
    if asked.scopes.iter().any(|name| is_missing(name)) {
        let message = "The user or administrator has not consented to use the application with ID";
        return Err(Refusal::new(65_001, format!("{message} '{}'.", app.client_id)));
    }
    Ok(asked.scopes.clone())
}
