//! The vault's objects: each certificate is a certificate, a secret and a key of the same name.

use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use super::refusal::{disabled, forbidden, not_found, refusal};
use super::reply::Reply;
use super::{Made, Recorded, State, VAULT};

/// A certificate with its versions, oldest first.
#[derive(Clone, Debug)]
pub struct Stored {
    /// Its versions.
    pub versions: Vec<Version>,
    /// Whether the key may leave the vault.
    pub exportable: bool,
    /// `application/x-pkcs12` or `application/x-pem-file`.
    pub content_type: String,
}

impl Default for Stored {
    fn default() -> Self {
        Self { versions: Vec::new(), exportable: true, content_type: "application/x-pkcs12".to_owned() }
    }
}

/// One version.
#[derive(Clone, Debug)]
pub struct Version {
    /// Its name.
    pub name: String,
    /// Whether it is switched on.
    pub enabled: bool,
    /// Start of its time, in seconds since 1970.
    pub nbf: u64,
    /// End of its time.
    pub exp: u64,
    /// When it came into the vault.
    pub created: u64,
    /// The certificate with its key.
    pub made: Made,
    secret: std::sync::OnceLock<String>,
}

impl Version {
    /// A version that is enabled and valid for 90 days.
    pub fn new(name: &str, created: u64, made: Made) -> Self {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        let (nbf, exp) = (now - 3600, now + 90 * 86_400);
        Self { name: name.to_owned(), enabled: true, nbf, exp, created, made, secret: Default::default() }
    }

    fn attributes(&self) -> Value {
        json!({
            "enabled": self.enabled, "nbf": self.nbf, "exp": self.exp,
            "created": self.created, "updated": self.created, "recoveryLevel": "Recoverable+Purgeable"
        })
    }
}

/// Answers a request that has a good token.
pub(crate) fn answer(state: &State, request: &Recorded, body: &[u8]) -> Reply {
    let parts: Vec<&str> = request.path.trim_start_matches('/').split('/').collect();
    let operation = match parts.as_slice() {
        ["certificates"] => "certificates/list".to_owned(),
        ["certificates", _, "versions"] => "certificates/list".to_owned(),
        ["keys", .., "sign"] => "keys/sign".to_owned(),
        [kind, ..] => format!("{kind}/get"),
        [] => String::new(),
    };
    if let Some((_, inner)) = state.refused.iter().find(|(refused, _)| *refused == operation) {
        return forbidden(inner, &operation);
    }
    match parts.as_slice() {
        ["certificates"] => list(
            state.certificates.iter().filter_map(|(name, stored)| Some(listed(name, None, stored.versions.last()?))),
        ),
        ["deletedcertificates", name] if state.deleted.iter().any(|deleted| deleted == name) => {
            let recovery = format!("{VAULT}/deletedcertificates/{name}");
            Reply::json(
                200,
                &json!({ "recoveryId": recovery, "deletedDate": 1_700_000_000, "id": format!("{VAULT}/certificates/{name}/x") }),
            )
        }
        ["certificates", name, "versions"] => match state.certificates.get(*name) {
            Some(stored) => list(stored.versions.iter().map(|one| listed(name, Some(&one.name), one))),
            None => not_found("certificates", name),
        },
        [kind @ ("certificates" | "secrets" | "keys"), name, rest @ ..] => object(state, kind, name, rest, body),
        _ => refusal(404, "NotFound", None, "Resource not found."),
    }
}

fn list(all: impl Iterator<Item = Value>) -> Reply {
    Reply::json(200, &json!({ "value": all.collect::<Vec<_>>(), "nextLink": null }))
}

fn listed(name: &str, version: Option<&str>, one: &Version) -> Value {
    let end = version.map(|version| format!("/{version}")).unwrap_or_default();
    json!({ "id": format!("{VAULT}/certificates/{name}{end}"), "attributes": one.attributes() })
}

fn object(state: &State, kind: &str, name: &str, rest: &[&str], body: &[u8]) -> Reply {
    let (version, sign) = match rest {
        [] => (None, false),
        [version] => (Some(*version), false),
        [version, "sign"] if kind == "keys" => (Some(*version), true),
        _ => return refusal(404, "NotFound", None, "Resource not found."),
    };
    let Some(stored) = state.certificates.get(name) else { return not_found(kind, name) };
    let found = match version {
        Some(version) => stored.versions.iter().find(|one| one.name == version),
        None => stored.versions.last(),
    };
    let Some(one) = found else { return not_found(kind, name) };
    let id = |kind: &str| format!("{VAULT}/{kind}/{name}/{}", one.name);
    match kind {
        // A disabled certificate can be read; its secret and its key cannot be used.
        "certificates" => Reply::json(
            200,
            &json!({
                "id": id("certificates"), "kid": id("keys"), "sid": id("secrets"),
                "cer": STANDARD.encode(&one.made.der), "contentType": stored.content_type, "attributes": one.attributes(),
                "policy": {
                    "id": format!("{VAULT}/certificates/{name}/policy"),
                    "key_props": { "exportable": stored.exportable, "kty": one.made.kty(), "reuse_key": false },
                    "secret_props": { "contentType": stored.content_type },
                },
            }),
        ),
        _ if !one.enabled => disabled(kind, if sign { "sign" } else { "get" }),
        "secrets" => Reply::json(
            200,
            &json!({
                "value": secret(stored, one), "contentType": stored.content_type, "id": id("secrets"), "kid": id("keys"),
                "managed": true, "attributes": one.attributes(),
            }),
        ),
        _ if sign => signed(one, body, &id("keys")),
        _ => Reply::json(
            200,
            &json!({ "key": { "kid": id("keys"), "kty": one.made.kty(), "key_ops": ["sign", "verify"] } }),
        ),
    }
}

fn secret(stored: &Stored, one: &Version) -> String {
    if !stored.exportable {
        return STANDARD.encode(&one.made.der);
    }
    let pem = stored.content_type == "application/x-pem-file";
    one.secret.get_or_init(|| if pem { one.made.pem() } else { STANDARD.encode(one.made.pfx()) }).clone()
}

fn signed(one: &Version, body: &[u8], kid: &str) -> Reply {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let hash =
        URL_SAFE_NO_PAD.decode(body["value"].as_str().unwrap_or_default().trim_end_matches('=')).unwrap_or_default();
    match one.made.sign(body["alg"].as_str().unwrap_or_default(), &hash) {
        Some(signature) => Reply::json(200, &json!({ "kid": kid, "value": URL_SAFE_NO_PAD.encode(signature) })),
        None => refusal(400, "BadParameter", None, "Key and signing algorithm are incompatible."),
    }
}
