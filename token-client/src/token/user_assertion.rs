//! The user's token that came in: what it must look like before it is sent anywhere.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use credential_core::text::guid::is_guid;
use credential_core::{Finding, Secret};
use serde_json::{Map, Value};

/// Stable; programs compare it.
pub(crate) const BAD_USER_ASSERTION: &str = "bad-user-assertion";

/// Checks that a user's token is a JWT in compact form: signed (three parts, RFC 7515 §3.1) or encrypted
/// (five, RFC 7516 §3.1). Whether it is genuine is the authority's to say.
///
/// # Errors
/// When it is empty, has `Bearer ` before it or is no JWT. The message shows nothing of it.
pub(crate) fn check(assertion: &Secret) -> Result<(), Box<Finding>> {
    let text = assertion.expose();
    let scheme = text.trim_start().get(..7).unwrap_or_default();
    let (problem, remedy) = if text.trim().is_empty() {
        ("is empty".to_owned(), "pass the access token that came in with the user's request")
    } else if scheme.eq_ignore_ascii_case("bearer ") {
        ("has \"Bearer \" before it".to_owned(), "cut it off: pass the token alone")
    } else if let Some((what, remedy)) = around(text) {
        (format!("is not a JWT: it {what}"), remedy)
    } else if let Err(why) = jwt(text) {
        (
            format!("is not a JWT: {why}"),
            "pass the access token that came in, as it stands behind \"Bearer \" in the Authorization header",
        )
    } else {
        return Ok(());
    };
    let message = format!("the user assertion of the request (given with on_behalf_of(..)) {problem}");
    Err(Box::new(Finding::error(BAD_USER_ASSERTION, message).remedy(remedy)))
}

/// What stands around a token, where that is easy to see.
fn around(text: &str) -> Option<(&'static str, &'static str)> {
    match text.trim_start().chars().next()? {
        '"' | '\'' => Some(("stands in quotes", "remove the quotes: pass the token alone")),
        '{' => Some(("is a JSON object", "pass the value of its member access_token alone")),
        '\u{feff}' => Some(("begins with a byte order mark", "save it as UTF-8 without one")),
        _ => None,
    }
}

fn jwt(text: &str) -> Result<(), String> {
    let parts: Vec<&str> = text.split('.').collect();
    // The second part of an encrypted one is empty where the key was agreed on beforehand.
    let may_be_empty = match parts.len() {
        3 => None,
        5 => Some(1),
        1 if is_guid(text.trim()) => return Err("it is a GUID, an id of something".to_owned()),
        1 => return Err("it has no dots".to_owned()),
        found => return Err(format!("it has {found} parts between dots instead of 3 or 5")),
    };
    let mut header = Vec::new();
    for (nth, part) in parts.into_iter().enumerate() {
        let bytes = URL_SAFE_NO_PAD
            .decode(part)
            .map_err(|_| format!("part {} is not base64url without padding", nth.saturating_add(1)))?;
        if bytes.is_empty() && may_be_empty != Some(nth) {
            return Err(format!("part {} is empty", nth.saturating_add(1)));
        }
        if nth == 0 {
            header = bytes;
        }
    }
    let header: Result<Map<String, Value>, _> = serde_json::from_slice(&header);
    header.map(drop).map_err(|_| "its header is not a JSON object".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compact(parts: &[&str]) -> String {
        parts.iter().map(|part| URL_SAFE_NO_PAD.encode(part)).collect::<Vec<_>>().join(".")
    }

    #[test]
    fn signed_and_encrypted_tokens_pass() {
        for token in [compact(&["{}", "{}", "s"]), compact(&["{\"alg\":\"dir\"}", "", "iv", "text", "tag"])] {
            assert!(check(&Secret::from(token.as_str())).is_ok(), "{token}");
        }
    }

    #[test]
    fn what_is_no_token_says_why_and_shows_nothing_of_it() {
        let good = compact(&["{}", "{}", "s"]);
        for (token, why) in [
            (String::new(), "empty"),
            (" \n".to_owned(), "empty"),
            (format!("Bearer {good}"), "\"Bearer \""),
            (format!(" bearer {good}"), "\"Bearer \""),
            ("garbage".to_owned(), "no dots"),
            ("8c2b7a54-53c6-4d0e-8f0e-1c7a9b3d5e6f".to_owned(), "a GUID"),
            (format!("\"{good}\""), "stands in quotes"),
            (format!("{{\"access_token\": \"{good}\"}}"), "is a JSON object"),
            (format!("\u{feff}{good}"), "byte order mark"),
            ("garbage.garbage".to_owned(), "2 parts"),
            (format!("{good}.garbage.x.y"), "6 parts"),
            (compact(&["garbage", "{}", "s"]), "header is not a JSON object"),
            (compact(&["[]", "{}", "s"]), "header is not a JSON object"),
            (format!("{good}="), "part 3 is not base64url"),
            (format!("{good} "), "part 3 is not base64url"),
            (compact(&["{}", "{}", ""]), "part 3 is empty"),
        ] {
            let said = check(&Secret::from(token.as_str())).unwrap_err();
            assert!(said.message.starts_with("the user assertion of the request (given with on_behalf_of(..))"));
            assert!(said.message.contains(why) && said.code == BAD_USER_ASSERTION, "{token:?}: {said}");
            assert!(!said.to_string().contains("garbage"), "{said}");
        }
    }
}
