//! The protected API: takes the emulator's tokens and tells what it was called with.

use serde_json::{Map, Value, json};

use super::answer::Answer;
use super::claims;
use super::issuer::{client_of, user_of};
use super::jwt::Jwt;
use super::record::RecordedRequest;
use super::reply::Reply;
use super::state::{State, lock};

/// Why a token is not taken: the challenge (RFC 6750 §3), and the same for the record.
struct Challenge {
    header: String,
    verdict: &'static str,
    why: &'static str,
}

/// The answer of the API.
pub(crate) fn answer(state: &State, request: &RecordedRequest) -> Answer {
    let token = match accepted(state, request) {
        Ok(token) => token,
        Err(Challenge { header, verdict, why }) => {
            let reply = Reply::json(401, &json!({"error": verdict})).header("www-authenticate", header);
            return Answer::new(reply, verdict).because(why);
        }
    };
    let body = if request.path == "/hello" { hello(&token) } else { echo(request) };
    let who = user_of(&token).or_else(|| client_of(&token)).and_then(Value::as_str).unwrap_or_default();
    Answer::new(Reply::json(200, &body), "token accepted").because(format!("of {who}"))
}

/// The claims of the bearer token (RFC 6750 §2.1), or the challenge.
fn accepted(state: &State, request: &RecordedRequest) -> Result<Map<String, Value>, Challenge> {
    let authorize = match state.tenants.first() {
        Some(tenant) => format!("{}/{tenant}/oauth2/v2.0/authorize", state.origin),
        None => state.origin.clone(),
    };
    let begin = format!("Bearer authorization_uri=\"{authorize}\"");
    let refused = |why: &'static str| Challenge {
        header: format!("{begin}, error=\"invalid_token\", error_description=\"{why}\""),
        verdict: "token refused",
        why,
    };
    // RFC 6750 §3: no error code for a request without a token.
    let none = || Challenge { header: begin.clone(), verdict: "token refused", why: "there is no token" };
    let header = request.header("authorization").ok_or_else(none)?;
    let (scheme, token) = header.split_once(' ').unwrap_or_default();
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(refused("the scheme is not Bearer"));
    }
    let jwt = Jwt::parse(token.trim()).ok_or_else(|| refused("the token is no JWT"))?;
    if !state.key.has_signed(&jwt) {
        return Err(refused("the signature is invalid"));
    }
    let own =
        |audience: &str| audience.trim_end_matches('/').eq_ignore_ascii_case(state.api_audience.trim_end_matches('/'));
    if !jwt.is_for(own) {
        return Err(refused("the audience is invalid"));
    }
    if jwt.date("exp").is_none_or(|end| end <= state.now()) {
        return Err(refused("the token has expired"));
    }
    match &*lock(&state.memory.demanded) {
        Some(demanded) if !claims::satisfies(&jwt.claims, demanded) => Err(Challenge {
            header: claims::challenge(demanded, &authorize),
            verdict: "claims demanded",
            why: "the token does not have what the API demands",
        }),
        _ => Ok(jwt.claims),
    }
}

/// Who calls: the app, and the user where there is one.
fn hello(token: &Map<String, Value>) -> Value {
    let mut body = json!({"hello": client_of(token)});
    let user = user_of(token).map(|user| ("user".to_owned(), user.clone()));
    claims::add(&mut body, user.into_iter().collect());
    body
}

/// The request itself; the token is left out.
fn echo(request: &RecordedRequest) -> Value {
    let query = grouped(request.query.iter().map(|(name, value)| (name.clone(), value.as_str())));
    let shown = request.headers.iter().filter(|(name, _)| !name.eq_ignore_ascii_case("authorization"));
    let headers = grouped(shown.map(|(name, value)| (name.to_ascii_lowercase(), value.expose())));
    let text = String::from_utf8_lossy(request.body());
    let body = match text.is_empty() {
        true => Value::Null,
        false => serde_json::from_str(&text).unwrap_or_else(|_| json!(text)),
    };
    json!({"method": request.method, "path": request.path, "query": query, "headers": headers, "body": body})
}

/// Values by name; several of one name as an array.
fn grouped<'a>(pairs: impl Iterator<Item = (String, &'a str)>) -> Map<String, Value> {
    let mut map: Map<String, Value> = Map::new();
    for (name, value) in pairs {
        match map.get_mut(&name) {
            Some(Value::Array(list)) => list.push(json!(value)),
            Some(one) => *one = json!([one.take(), value]),
            None => drop(map.insert(name, json!(value))),
        }
    }
    map
}
