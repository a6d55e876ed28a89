//! Which headers a configuration or a caller may add to a call.

use credential_core::Finding;

/// Set by this client or by the platform in front of the API; never by a setting.
const RESERVED: [&str; 8] = [
    "authorization",
    "cookie",
    "host",
    "x-original-url",
    "x-ms-client-principal",
    "x-ms-client-principal-id",
    "x-ms-client-principal-name",
    "x-ms-client-principal-idp",
];
const RESERVED_PREFIXES: [&str; 2] = ["x-forwarded-", "x-ms-token-"];
/// Set from the body alone.
const OF_THE_BODY: [&str; 3] = ["content-type", "content-length", "transfer-encoding"];

/// Why a value is none that a header can carry.
const UNFIT: &str = "its value has line breaks, control characters or characters outside ASCII";

/// Whether the header is left out, with a warning in the log, as the reference does.
pub(crate) fn is_reserved(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    RESERVED.contains(&name.as_str()) || RESERVED_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

/// Refuses a header that no request may carry: line breaks would forge further headers.
pub(crate) fn check(name: &str, value: &str) -> Result<(), Box<Finding>> {
    let problem = if !is_token(name) {
        "its name has characters that none may have"
    } else if OF_THE_BODY.contains(&name.to_ascii_lowercase().as_str()) {
        "it is set from the body"
    } else if !can_carry(value) {
        UNFIT
    } else {
        return Ok(());
    };
    Err(Finding::error("bad-header", format!("the header {name:?} cannot be sent: {problem}"))
        .remedy("change ExtraHeaderParameters or the call's headers")
        .into())
}

/// Whether the text can be the name of a header or a method (`token` of RFC 9110 §5.6.2).
pub(crate) fn is_token(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !text.is_empty() && text.bytes().all(fits)
}

/// Refuses a media type that no request may carry.
///
/// # Errors
/// A finding that says why.
pub(crate) fn check_media_type(media_type: &str) -> Result<(), Box<Finding>> {
    if can_carry(media_type) {
        return Ok(());
    }
    let finding = Finding::error("bad-header", format!("the body's media type cannot be sent: {UNFIT}"));
    Err(Box::new(finding.remedy("write TYPE/SUBTYPE")))
}

fn can_carry(value: &str) -> bool {
    value.bytes().all(|byte| byte == b'\t' || (byte.is_ascii() && !byte.is_ascii_control()))
}

/// Refuses what [`check`] does, and headers that are this client's own.
///
/// # Errors
/// A finding that names the header.
pub(crate) fn check_unreserved(name: &str, value: &str) -> Result<(), Box<Finding>> {
    check(name, value)?;
    if !is_reserved(name) {
        return Ok(());
    }
    let message = format!("the header {name:?} cannot be set on a token request: it is set by this client alone");
    Err(Finding::error("reserved-header", message)
        .remedy("remove it from ExtraHeadersParameters or the request")
        .into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reserved_names_ignore_case() {
        for name in ["Authorization", "COOKIE", "X-Forwarded-For", "x-ms-token-aad", "X-MS-CLIENT-PRINCIPAL-IDP"] {
            assert!(is_reserved(name), "{name}");
        }
        assert!(!is_reserved("X-MS-Something-Else") && !is_reserved("OData-Version"));
    }

    #[test]
    fn line_breaks_are_refused() {
        assert!(check("X-A", "b").is_ok() && check_media_type("text/plain; charset=utf-8").is_ok());
        assert!(check_media_type("text/plain\r\nX-C: d").is_err());
        for (name, value) in [("X-A", "b\r\nX-C: d"), ("X A", "b"), ("", "b"), ("Content-Type", "b"), ("X-A", "ü")] {
            assert!(check(name, value).is_err(), "{name}");
        }
    }
}
