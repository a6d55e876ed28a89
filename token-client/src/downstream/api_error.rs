//! What an API says of a refusal.

use credential_core::Secret;
use credential_core::text::moves_terminal;
use serde_json::Value;

use crate::exchange::echo;

/// The most characters of an API's code, and of its text.
const MAX_CODE: usize = 200;
const MAX_TEXT: usize = 1000;

/// What an API says of a refusal, where it says it in a form that is known: OData
/// (`{"error": {"code", "message"}}`), problem details (RFC 9457), OAuth (`error`, `error_description`), or text. A
/// token that it repeats is `***`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ApiError {
    /// What programs compare: OData's `code`, a problem's `type`.
    pub code: Option<String>,
    /// What it says to people.
    pub message: Option<String>,
}

impl ApiError {
    /// Reads a body; `sent` is what it may not repeat.
    pub(super) fn read(body: &[u8], content_type: &str, sent: &[Secret]) -> Self {
        let Ok(json) = serde_json::from_slice::<Value>(body) else { return Self::of_text(body, content_type, sent) };
        let clean = |text: &str, max: usize| Some(clean(text, sent, max)).filter(|text| !text.is_empty());
        let text = |value: &Value, name: &str| value.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let (code, message) = match json.get("error") {
            Some(Value::String(code)) => (code.clone(), text(&json, "error_description")),
            Some(error @ Value::Object(_)) => {
                let message = error.get("message").filter(|message| message.is_object());
                let message = message.map_or_else(|| text(error, "message"), |message| text(message, "value"));
                (text(error, "code"), message)
            }
            _ => {
                let (title, detail) = (text(&json, "title"), text(&json, "detail"));
                let both = !title.is_empty() && !detail.is_empty();
                let problem = if both { format!("{title}: {detail}") } else { title + &detail };
                let kind = Some(text(&json, "type")).filter(|kind| kind != "about:blank" && !kind.is_empty());
                (kind.unwrap_or_else(|| text(&json, "code")), or(problem, text(&json, "message")))
            }
        };
        let found = Self { code: clean(&code, MAX_CODE), message: clean(&message, MAX_TEXT) };
        match json {
            _ if found != Self::default() => found,
            // What says nothing is not repeated.
            Value::Object(members) if members.is_empty() => found,
            Value::Array(elements) if elements.is_empty() => found,
            Value::Null => found,
            _ => Self::of_text(body, content_type, sent),
        }
    }

    /// A text; a page is named for what it is.
    fn of_text(body: &[u8], content_type: &str, sent: &[Secret]) -> Self {
        let text = String::from_utf8_lossy(body);
        let page = content_type.to_ascii_lowercase().contains("html") || text.trim_start().starts_with('<');
        let message = match page {
            true => format!("[{} bytes of a page]", body.len()),
            false => clean(&text, sent, MAX_TEXT),
        };
        Self { code: None, message: Some(message).filter(|message| !message.is_empty()) }
    }

    /// Both, as far as they are there.
    pub(super) fn shown(&self) -> String {
        let parts = [&self.code, &self.message].into_iter().flatten();
        parts.map(String::as_str).collect::<Vec<_>>().join(": ")
    }
}

fn or(first: String, second: String) -> String {
    if first.is_empty() { second } else { first }
}

/// Bounded, on one line, without what was sent.
fn clean(text: &str, sent: &[Secret], max: usize) -> String {
    // Cut after what is hidden: a part of a token is one too.
    let text = echo::without(text.trim().to_owned(), sent);
    let mut kept: String = text.chars().take(max).map(|one| if moves_terminal(one) { ' ' } else { one }).collect();
    if text.chars().nth(max).is_some() {
        kept.push('…');
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_known_forms_are_read() {
        let long = "x".repeat(5000);
        for (body, kind, code, message) in [
            (r#"{"error":{"code":"itemNotFound","message":"no item"}}"#, "", Some("itemNotFound"), Some("no item")),
            (r#"{"error":{"code":"a","message":{"lang":"en","value":"b"}}}"#, "", Some("a"), Some("b")),
            (
                r#"{"type":"https://e.example/full","title":"Full","detail":"no room","status":409}"#,
                "application/problem+json",
                Some("https://e.example/full"),
                Some("Full: no room"),
            ),
            (r#"{"type":"about:blank","title":"Gone"}"#, "application/problem+json", None, Some("Gone")),
            (r#"{"error":"invalid_x","error_description":"why"}"#, "", Some("invalid_x"), Some("why")),
            (r#"{"code":"c","message":"m"}"#, "", Some("c"), Some("m")),
            (r#"{"why":1}"#, "", None, Some(r#"{"why":1}"#)),
            ("{}", "application/json", None, None),
            ("null", "application/json", None, None),
            ("out of\norder", "text/plain", None, Some("out of order")),
            ("<html>", "text/html", None, Some("[6 bytes of a page]")),
            ("", "", None, None),
        ] {
            let read = ApiError::read(body.as_bytes(), kind, &[]);
            assert_eq!((read.code.as_deref(), read.message.as_deref()), (code, message), "{body}");
        }
        assert!(ApiError::read(long.as_bytes(), "", &[]).shown().chars().count() <= MAX_TEXT + 1);
    }

    #[test]
    fn a_token_is_in_no_member() {
        let sent = [Secret::from("very-secret-token")];
        let body = r#"{"error":{"code":"very-secret-token","message":"you sent very-secret-token"}}"#;
        assert_eq!(ApiError::read(body.as_bytes(), "", &sent).shown(), "***: you sent ***");
    }
}
