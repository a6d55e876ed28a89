//! What a token says about itself, for messages: nothing of it is verified, and nothing decided by it.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use credential_core::Secret;
use credential_core::text::printable;
use serde_json::{Map, Value};

/// The most characters of a token that is read.
const MAX_TOKEN: usize = 64 * 1024;
/// The most characters of a claim that are shown, and the most values of a list.
const MAX_CLAIM: usize = 200;
const MAX_VALUES: usize = 20;

/// The claims of a signed JWT in compact form (RFC 7515 §3.1).
pub(crate) struct Claims(Map<String, Value>);

impl Claims {
    /// Reads the claims; `None` for whatever is no such token.
    pub(crate) fn read(token: &Secret) -> Option<Self> {
        let text = token.expose();
        let mut parts = text.split('.');
        let (_, claims, _, None) = (parts.next()?, parts.next()?, parts.next()?, parts.next()) else { return None };
        if text.len() > MAX_TOKEN {
            return None;
        }
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).ok()?).ok().map(Self)
    }

    /// A claim as it may be shown; the values of a list with commas between them.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        let text = match self.0.get(name)? {
            Value::String(one) => one.clone(),
            Value::Array(list) => list.iter().filter_map(Value::as_str).take(MAX_VALUES).collect::<Vec<_>>().join(", "),
            _ => return None,
        };
        Some(printable(&text, MAX_CLAIM)).filter(|text| !text.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn claims_are_read_and_what_is_no_token_has_none() {
        let claims = r#"{"aud":"api://a","roles":["a","b"],"exp":1,"scp":"\u001b[2J"}"#;
        let token = format!("{}.{}.s", URL_SAFE_NO_PAD.encode("{}"), URL_SAFE_NO_PAD.encode(claims));
        let claims = Claims::read(&Secret::from(token.as_str())).unwrap();
        let text = |name| claims.text(name);
        assert_eq!((text("aud").as_deref(), text("roles").as_deref()), (Some("api://a"), Some("a, b")));
        assert_eq!((text("exp"), text("iss")), (None, None));
        assert_eq!(text("scp").as_deref(), Some("\\u{1b}[2J"));
        for none in ["", "a.b", "a.%.c", "a.e30.c.d", "opaque"] {
            assert!(Claims::read(&Secret::from(none)).is_none(), "{none}");
        }
    }
}
