//! What one step does, written so that two products can be compared.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::cloud::Asked;
use super::{jwt, keys};

/// Headers that say which library asks and how it is built, or that belong to the connection.
const OWN_HEADERS: &[&str] = &["accept", "accept-encoding", "content-length", "host", "user-agent"];
/// Seconds that two clocks may be apart.
const NEAR: i64 = 15;

/// What one step of a case does.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// `ok HOW FROM TENANT SECONDS`, `error` for one without an answer of the authority, or `error
    /// CODE STATUS`.
    pub outcome: String,
    /// The codes of what this product finds wrong, sorted; empty for the reference.
    pub findings: Vec<String>,
    /// The token's scopes.
    pub scopes: BTreeSet<String>,
    /// Each request for a token, the authority's and managed identities'; of a crowd, one of each kind.
    pub requests: Vec<Request>,
    /// How many requests there were, where they came from a crowd.
    pub crowd: Option<usize>,
}

/// One request for a token.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// Host, path, query, status and the cloud's verdict; the public cloud's host and the usual path
    /// are left out.
    pub line: String,
    /// The form, in the order of sending.
    pub form: Vec<(String, Value)>,
    /// Headers that are not the library's own.
    pub headers: BTreeMap<String, String>,
    /// The form as it was sent; not of every recorded request.
    pub raw: Option<String>,
}

/// The line of a request.
pub(crate) fn line(host: &str, path: &str, query: &str, status: &str, verdict: &str) -> String {
    let host = if host == "login.microsoftonline.com" { "" } else { host };
    let path = path.strip_suffix("/oauth2/v2.0/token").unwrap_or(path);
    let question = if query.is_empty() { "" } else { "?" };
    format!("{host}{path}{question}{query} {status} {verdict}").trim().trim_start_matches('/').to_owned()
}

/// Whether a header is compared.
pub(crate) fn is_compared(name: &str) -> bool {
    !name.starts_with("x-client-") && !OWN_HEADERS.contains(&name)
}

/// Whether a request is one for a token: to an authority, or to a host of managed identities. A probe of the
/// metadata service, which lacks the header that it insists on, is none.
pub(crate) fn is_for_token(method: &str, path: &str) -> bool {
    method == "POST" || path.ends_with("/token")
}

/// A request that the cloud was asked, if it is one for a token.
pub(crate) fn token_request(asked: &Asked) -> Option<Request> {
    let is_probe = asked.path.starts_with("/metadata/") && !asked.headers.iter().any(|(name, _)| name == "metadata");
    if is_probe || !is_for_token(&asked.method, &asked.path) {
        return None;
    }
    let status = asked.status.map_or_else(|| "closed".to_owned(), |status| status.to_string());
    let form = url::form_urlencoded::parse(asked.body.as_bytes()).into_owned();
    let headers = asked.headers.iter().filter(|(name, _)| is_compared(name));
    Some(Request {
        line: line(&keys::host(&asked.host), &asked.path, &asked.query, &status, &asked.verdict),
        form: form.map(|(name, value)| (name.clone(), field(&name, &value, asked.at))).collect(),
        headers: headers.map(|(name, value)| (name.clone(), masked(value))).collect(),
        raw: Some(asked.body.clone()),
    })
}

/// A form's value as the recorded cases write it.
fn field(name: &str, value: &str, now: i64) -> Value {
    match name {
        "claims" => serde_json::from_str(value).unwrap_or_else(|_| json!(value)),
        "assertion" => match jwt::open(value) {
            Some(claims) => json!(format!("<incoming token {}>", claims["jti"].as_str().unwrap_or_default())),
            None => json!(value),
        },
        "client_assertion" => assertion(value, now),
        _ => json!(value),
    }
}

fn assertion(token: &str, now: i64) -> Value {
    let trimmed = token.trim_end();
    if let Some(claims) = jwt::open(trimmed) {
        let mut shown = json!({"cloud_token": relative(&claims, now)});
        if trimmed != token {
            shown["trailing"] = json!(token[trimmed.len()..]);
        }
        return shown;
    }
    let Some((mut header, claims)) = jwt::read(token) else { return json!(token) };
    for one in keys::CERTIFICATES.iter() {
        if header["x5t#S256"] == one.x5t_s256() {
            header["x5t#S256"] = json!(format!("sha256(cert {})", one.name));
        }
        if header["x5t"] == one.x5t() {
            header["x5t"] = json!(format!("sha1(cert {})", one.name));
        }
    }
    if let Some(chain) = header.get_mut("x5c").and_then(Value::as_array_mut) {
        chain.iter_mut().for_each(|one| *one = json!(certificate_name(one)));
    }
    let life = claims["exp"].as_i64().zip(claims["nbf"].as_i64()).map(|(end, begin)| end - begin);
    let signature = token.rsplit('.').next().unwrap_or_default().len() * 3 / 4;
    json!({"header": header, "claims": relative(&claims, now), "lifetime_s": life, "signature_bytes": signature})
}

fn certificate_name(value: &Value) -> String {
    use base64::Engine;
    let der = base64::prelude::BASE64_STANDARD.decode(value.as_str().unwrap_or_default()).unwrap_or_default();
    let known = keys::CERTIFICATES.iter().find(|one| one.der == der);
    known.map_or_else(|| "unknown".to_owned(), |one| format!("cert {}", one.name))
}

/// Claims with their times counted from now, and random ids masked.
fn relative(claims: &Value, now: i64) -> Value {
    let mut claims = claims.clone();
    for (name, value) in claims.as_object_mut().into_iter().flatten() {
        match (name.as_str(), &value) {
            ("iat" | "nbf" | "exp", Value::Number(seconds)) => {
                *value = json!(format!("<now{:+}:number>", seconds.as_i64().unwrap_or(0) - now));
            }
            (_, Value::String(text)) => *value = json!(masked(text)),
            _ => {}
        }
    }
    claims
}

/// Random UUIDs (version 4) as the recorded cases write them.
fn masked(text: &str) -> String {
    let is_uuid = text.len() == 36
        && text.char_indices().all(|(at, one)| match at {
            8 | 13 | 18 | 23 => one == '-',
            14 => one == '4',
            _ => one.is_ascii_hexdigit(),
        });
    if is_uuid { "<guid>".to_owned() } else { text.to_owned() }
}

/// Whether two values are the same, times give or take a few seconds.
pub fn same(ours: &Value, reference: &Value) -> bool {
    match (ours, reference) {
        (Value::Object(ours), Value::Object(reference)) => {
            ours.len() == reference.len()
                && ours.iter().all(|(name, one)| reference.get(name).is_some_and(|other| same(one, other)))
        }
        (Value::Array(ours), Value::Array(reference)) => {
            ours.len() == reference.len() && ours.iter().zip(reference).all(|(one, other)| same(one, other))
        }
        (Value::String(ours), Value::String(reference)) => match (offset(ours), offset(reference)) {
            (Some(ours), Some(reference)) => (ours - reference).abs() <= NEAR,
            _ => ours == reference,
        },
        _ => ours == reference,
    }
}

/// The seconds of `<now+600:number>`.
fn offset(text: &str) -> Option<i64> {
    let inner = text.strip_prefix("<now")?.strip_suffix(":number>")?;
    if inner.is_empty() { Some(0) } else { inner.parse().ok() }
}
