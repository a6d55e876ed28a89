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
/// Set for the connection alone (RFC 9110 §7.6.1).
const OF_THE_CONNECTION: [&str; 6] = ["connection", "keep-alive", "proxy-connection", "te", "trailer", "upgrade"];

/// Why a value is none that a header can carry.
pub(super) const UNFIT: &str = "its value has line breaks, control characters or characters outside ASCII";

/// Whether the header is left out, with a warning in the log, as the reference does.
pub(crate) fn is_reserved(name: &str) -> bool {
    let starts = |prefix: &&str| name.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix));
    is_one_of(name, &RESERVED) || RESERVED_PREFIXES.iter().any(starts)
}

fn is_one_of(name: &str, list: &[&str]) -> bool {
    list.iter().any(|one| one.eq_ignore_ascii_case(name))
}

/// Refuses a header that no request may carry: line breaks would forge further headers.
pub(crate) fn check(name: &str, value: &str) -> Result<(), Box<Finding>> {
    let problem = if !is_token(name) {
        "its name has characters that none may have"
    } else if is_one_of(name, &OF_THE_BODY) {
        "it is set from the body"
    } else if is_one_of(name, &OF_THE_CONNECTION) {
        "it is of the connection, which the HTTP client sees to"
    } else if !can_carry(value) {
        UNFIT
    } else {
        return Ok(());
    };
    Err(Finding::error("bad-header", format!("the header {name:?} cannot be sent: {problem}"))
        .remedy("change ExtraHeaderParameters or the call's headers")
        .into())
}

/// Whether a request can carry it, whatever it says.
pub(crate) fn fits(name: &str, value: &str) -> bool {
    is_token(name) && can_carry(value)
}

/// Whether the text can be the name of a header or a method (`token` of RFC 9110 §5.6.2).
pub(crate) fn is_token(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !text.is_empty() && text.bytes().all(fits)
}

pub(super) fn can_carry(value: &str) -> bool {
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
        assert!(check("X-A", "b").is_ok());
        for (name, value) in [
            ("X-A", "b\r\nX-C: d"),
            ("X A", "b"),
            ("", "b"),
            ("Content-Type", "b"),
            ("X-A", "ü"),
            ("Connection", "close"),
            ("TE", "trailers"),
        ] {
            assert!(check(name, value).is_err(), "{name}");
        }
    }
}
