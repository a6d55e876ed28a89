//! Media types (RFC 9110 §8.3.1): what a body is said to be, and what is asked for.

use credential_core::Finding;
use credential_core::text::printable;

use super::headers::{UNFIT, can_carry, is_token};

/// The most characters of a media type that is none in a message.
const MAX_SHOWN: usize = 100;

/// Refuses a media type that no body may have.
///
/// # Errors
/// A finding that says why.
pub(crate) fn check(media_type: &str) -> Result<(), Box<Finding>> {
    let problem = if !can_carry(media_type) {
        UNFIT.to_owned()
    } else if is_media_type(media_type, false) {
        return Ok(());
    } else {
        format!("{:?} is not a valid media type", printable(media_type, MAX_SHOWN))
    };
    let finding = Finding::error("bad-header", format!("the body's media type cannot be sent: {problem}"));
    Err(Box::new(finding.remedy("write TYPE/SUBTYPE, as application/json")))
}

/// Refuses what no `Accept` header may say (RFC 9110 §12.5.1).
///
/// # Errors
/// A finding that says why.
pub(crate) fn check_accept(ranges: &str) -> Result<(), Box<Finding>> {
    let problem = if !can_carry(ranges) {
        UNFIT.to_owned()
    } else if split(ranges, ',').all(|range| range.is_empty() || is_media_type(range, true)) {
        return Ok(());
    } else {
        format!("{:?} is not a valid list of media types", printable(ranges, MAX_SHOWN))
    };
    let finding = Finding::error("bad-header", format!("the header \"Accept\" cannot be sent: {problem}"));
    Err(Box::new(finding.remedy("write TYPE/SUBTYPE, as application/json, or */*")))
}

/// Whether it is JSON (RFC 6839 §3.1).
pub(crate) fn is_json(media_type: &str) -> bool {
    let essence = essence(media_type);
    essence.eq_ignore_ascii_case("application/json") || ends_with(essence, "+json")
}

/// Whether it is text of some kind.
pub(crate) fn is_text(media_type: &str) -> bool {
    essence(media_type).get(.."text/".len()).is_some_and(|start| start.eq_ignore_ascii_case("text/"))
}

/// Whether it is a page for people: HTML, or XHTML.
pub(crate) fn is_html(media_type: &str) -> bool {
    essence(media_type).to_ascii_lowercase().contains("html")
}

/// Whether an `Accept` header takes a page (RFC 9110 §12.5.1).
#[cfg(feature = "cli")]
pub(crate) fn takes_html(ranges: &str) -> bool {
    split(ranges, ',').any(|range| is_html(range) || matches!(essence(range), "*/*" | "text/*"))
}

/// The value of a parameter, whatever the case of its name; quotes around it are taken off.
pub(crate) fn parameter<'a>(media_type: &'a str, name: &str) -> Option<&'a str> {
    split(media_type, ';').skip(1).find_map(|parameter| {
        let (own, value) = parameter.split_once('=')?;
        own.trim().eq_ignore_ascii_case(name).then(|| value.trim().trim_matches('"'))
    })
}

/// What stands before the parameters.
fn essence(media_type: &str) -> &str {
    media_type.split(';').next().unwrap_or_default().trim()
}

fn ends_with(text: &str, end: &str) -> bool {
    let start = text.len().saturating_sub(end.len());
    text.get(start..).is_some_and(|own| own.eq_ignore_ascii_case(end))
}

fn is_media_type(text: &str, may_be_range: bool) -> bool {
    let mut parts = split(text, ';');
    let essence = parts.next().and_then(|essence| essence.split_once('/'));
    let named = essence.is_some_and(|(kind, sub)| {
        let is_range = sub == "*" || kind == "*";
        is_token(kind) && is_token(sub) && (!is_range || may_be_range && sub == "*")
    });
    named && parts.all(|parameter| parameter.is_empty() || is_parameter(parameter))
}

fn is_parameter(text: &str) -> bool {
    text.split_once('=').is_some_and(|(name, value)| {
        let quoted = value.len() > 1 && value.starts_with('"') && value.ends_with('"');
        is_token(name) && (quoted || is_token(value))
    })
}

/// The parts between separators that stand in no quotes, white space around them cut.
fn split(text: &str, separator: char) -> impl Iterator<Item = &str> {
    let (mut quoted, mut escaped) = (false, false);
    text.split(move |letter| {
        match letter {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            _ => {}
        }
        letter == separator && !quoted
    })
    .map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn media_types_have_two_parts_and_parameters() {
        for good in [
            "text/plain",
            "TEXT/PLAIN; charset=utf-8",
            "application/merge-patch+json",
            "multipart/form-data; boundary=\"a;b,c\"",
            "application/json;odata.metadata=minimal",
        ] {
            assert!(check(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "json",
            "text/",
            "/plain",
            "text plain",
            "text/plain; charset",
            "a/b/c",
            "*/*",
            "a/*",
            "ü/x",
            "text/plain\r\nX-C: d",
        ] {
            assert!(check(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn an_accept_header_is_a_list_of_ranges() {
        for good in ["*/*", "text/*;q=0.5, application/json", "", "application/json, text/plain;q=0.5, */*; q=0.1"] {
            assert!(check_accept(good).is_ok(), "{good}");
        }
        for bad in ["nonsense", "application json", "*/json", "application/json; q", "a/b c/d", "a/b\r\nX: 1"] {
            assert!(check_accept(bad).is_err(), "{bad}");
        }
    }

    #[cfg(feature = "cli")]
    #[test]
    fn a_page_is_taken_by_whoever_asks_for_one_or_for_anything() {
        for good in ["text/html", "application/json, text/*;q=0.5", "*/*; q=0.1"] {
            assert!(takes_html(good), "{good}");
        }
        for bad in ["application/json", "application/json, text/plain", "application/*"] {
            assert!(!takes_html(bad), "{bad}");
        }
    }

    #[test]
    fn what_it_is_and_its_parameters_ignore_case() {
        assert!(is_json("Application/Problem+JSON; charset=utf-8") && !is_json("text/json"));
        assert!(is_text("TEXT/json") && !is_text("application/text"));
        assert_eq!(parameter("text/plain; a=\"x;y\"; Charset=\"ISO-8859-1\"", "charset"), Some("ISO-8859-1"));
        assert_eq!(parameter("text/plain", "charset"), None);
    }
}
