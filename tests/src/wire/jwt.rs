//! The cloud's own tokens: JWTs whose signature is a MAC that the cloud alone can make.

use aws_lc_rs::hmac;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::{Value, json};

fn key() -> hmac::Key {
    hmac::Key::new(hmac::HMAC_SHA256, b"cloud")
}

/// A token with those claims.
pub(crate) fn issue(claims: &Value) -> String {
    let part = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
    let text = format!("{}.{}", part(&json!({"typ": "JWT", "alg": "RS256", "kid": "cloud"})), part(claims));
    let signature = hmac::sign(&key(), text.as_bytes());
    format!("{text}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature))
}

/// The claims of a token that the cloud issued.
pub(crate) fn open(token: &str) -> Option<Value> {
    let (text, signature) = token.rsplit_once('.')?;
    hmac::verify(&key(), text.as_bytes(), &BASE64_URL_SAFE_NO_PAD.decode(signature).ok()?).ok()?;
    read(token).map(|(_, claims)| claims)
}

/// Header and claims of any JWT, unchecked.
pub(crate) fn read(token: &str) -> Option<(Value, Value)> {
    let mut parts = token.split('.').map(|part| BASE64_URL_SAFE_NO_PAD.decode(part).unwrap_or_default());
    let mut next = || serde_json::from_slice(&parts.next()?).ok();
    Some((next()?, next()?))
}

/// Claims as a case writes them: `"+3600"` is that many seconds from now.
pub(crate) fn at(claims: &Value, now: i64) -> Value {
    let moved = |value: &Value| match value.as_str().filter(|text| text.starts_with(['+', '-'])) {
        Some(text) => text.parse::<i64>().map_or_else(|_| value.clone(), |offset| json!(now + offset)),
        None => value.clone(),
    };
    claims.as_object().unwrap().iter().map(|(name, value)| (name.clone(), moved(value))).collect()
}
