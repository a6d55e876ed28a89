//! Where in an answer the token is.

use credential_core::{Secret, Setting, SettingKind, SourceError};
use serde_json::Value;

/// Where an entry says it.
pub(crate) const TOKEN_FIELD: Setting = Setting::new(
    "TokenField",
    SettingKind::Text,
    "Where in the JSON that comes back the token is: members with dots between them; without it, all that comes back \
     is the token.",
)
.mistaken(&["TokenPath", "TokenProperty", "FieldName"]);

/// The token in what `place` answered or wrote: the text under a path of JSON members with dots between them
/// (`data.token`), or everything, without white space around it.
///
/// # Errors
/// `Invalid` where there is none.
pub(crate) fn field(content: &[u8], path: Option<&str>, place: &str) -> Result<Secret, SourceError> {
    let unreadable = |why: &str| {
        SourceError::invalid("token-unreadable", format!("what {place} gave is not valid: {why}"))
            .remedy("look at what answers there")
    };
    let Some(path) = path else {
        let text = std::str::from_utf8(content).map_err(|_| unreadable("it is not text"))?.trim();
        return if text.is_empty() { Err(unreadable("it is empty")) } else { Ok(Secret::new(text)) };
    };
    let body: Value = serde_json::from_slice(content).map_err(|_| unreadable("it is not JSON"))?;
    let found = path.split('.').try_fold(&body, |value, name| value.get(name));
    match found.and_then(Value::as_str).map(str::trim).filter(|text| !text.is_empty()) {
        Some(token) => Ok(Secret::new(token)),
        None => Err(unreadable(&format!("there is no {path} in it"))),
    }
}
