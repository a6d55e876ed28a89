//! Signed JWTs in compact form, taken apart.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

/// The most characters that a JWT may have; Entra's limit.
pub(crate) const MAX_JWT: usize = 64 * 1024;

/// The parts of a JWT; nothing is verified yet.
pub(crate) struct Jwt<'a> {
    pub(crate) header: Map<String, Value>,
    pub(crate) claims: Map<String, Value>,
    /// What the signature is over.
    pub(crate) signed: &'a str,
    pub(crate) signature: Vec<u8>,
}

impl<'a> Jwt<'a> {
    /// Takes a JWT apart; `None` when it is none, or longer than [`MAX_JWT`].
    pub(crate) fn parse(text: &'a str) -> Option<Self> {
        if text.len() > MAX_JWT {
            return None;
        }
        let (signed, signature) = text.rsplit_once('.')?;
        let (header, claims) = signed.split_once('.')?;
        let object = |part: &str| serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok();
        let (header, claims) = (object(header)?, object(claims)?);
        Some(Self { header, claims, signed, signature: URL_SAFE_NO_PAD.decode(signature).ok()? })
    }

    /// A text member of the header.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.header.get(name)?.as_str()
    }

    /// A text claim.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.claims.get(name)?.as_str()
    }

    /// A date claim in seconds; some clients write it as text, which Entra takes.
    pub(crate) fn date(&self, name: &str) -> Option<i64> {
        date(self.claims.get(name)?)
    }

    /// Whether `aud` is, or has among others, one that fits.
    pub(crate) fn is_for(&self, fits: impl Fn(&str) -> bool) -> bool {
        match self.claims.get("aud") {
            Some(Value::String(one)) => fits(one),
            Some(Value::Array(list)) => list.iter().filter_map(Value::as_str).any(fits),
            _ => false,
        }
    }
}

/// A NumericDate (RFC 7519 §2) in whole seconds, also as text.
pub(crate) fn date(value: &Value) -> Option<i64> {
    match value {
        // A fraction is cut off; the cast keeps within the limits of the type.
        Value::Number(number) => number.as_i64().or_else(|| number.as_f64().map(|seconds| seconds as i64)),
        Value::String(text) => text.parse().ok(),
        _ => None,
    }
}

/// Header and claims in the form that is signed.
pub(crate) fn signing_input(header: &Value, claims: &Value) -> String {
    let encode = |part: &Value| URL_SAFE_NO_PAD.encode(part.to_string());
    format!("{}.{}", encode(header), encode(claims))
}
