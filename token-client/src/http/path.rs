//! The path of a call below the API's address: what may stand in it, and what never does.

use std::borrow::Cow;

use credential_core::Finding;

/// Percent-encoding in percent-encoding, so deep that nobody means it.
const MAX_NESTING: usize = 8;

/// Refuses a path that could mean another place than one below the API's address. `of_section` is for a section's
/// `RelativePath`, which may carry a query and be written with backslashes, that are sent as slashes; a path given per
/// call, which may be made of what came from outside, may have neither.
pub(crate) fn check(path: &str, of_section: bool) -> Result<(), Box<Finding>> {
    if is_plain(path) && !path.starts_with("//") {
        return Ok(());
    }
    let (place, extra) = match path.find(['?', '#']) {
        Some(at) => path.split_at(at),
        None => (path, ""),
    };
    let is_query = of_section && extra.starts_with('?');
    if !(extra.is_empty() || is_query) {
        return Err(refused("has a ? or # in it", "take it out; pass a query by query(..)"));
    }
    if path.contains(char::is_control) {
        return Err(refused(
            "has control characters in it",
            "take them out; segment(..) escapes what comes from outside",
        ));
    }
    let place = if of_section { Cow::Owned(place.replace('\\', "/")) } else { Cow::Borrowed(place) };
    if place.starts_with("//") || has_scheme(&place) {
        return Err(refused("is an address of its own", "write what follows BaseUrl"));
    }
    let levels = decodings(&place)?;
    if levels.iter().any(|level| level.contains('\\')) {
        return Err(refused("has a backslash in it", "write / between its parts"));
    }
    stays(&levels)
}

/// Whether a path is its own normal form, and nobody reads it as another one: letters, digits, `-`, `.`, `_`, `~` and
/// slashes, with no `.` or `..` between them.
pub(crate) fn is_plain(path: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte);
    path.bytes().all(plain) && path.split('/').all(|part| !matches!(part, "." | ".."))
}

/// One segment, escaped, whatever it is made of.
///
/// # Errors
/// When it is empty, `.` or `..`: no escape keeps those what they are. When it hides `..` between slashes.
pub(crate) fn segment(text: &str) -> Result<String, Box<Finding>> {
    match text {
        "" => Err(refused("has an empty segment", "pass a segment that is not empty")),
        "." | ".." => Err(leads_up()),
        text => {
            stays(&decodings(text)?)?;
            Ok(escape(text))
        }
    }
}

/// A path whose places `{name}` are filled, each with one segment.
///
/// # Errors
/// When a place has nothing to fill it or a value has no place; as [`segment`].
pub(crate) fn fill<'a>(template: &'a str, values: &[(String, String)]) -> Result<Cow<'a, str>, Box<Finding>> {
    if values.is_empty() {
        return Ok(template.into());
    }
    let (mut out, mut rest, mut used) = (String::with_capacity(template.len()), template, 0);
    while let Some((before, after)) = rest.split_once('{') {
        let named = after.split_once('}').and_then(|(name, after)| {
            let value = values.iter().find(|(own, _)| own == name)?;
            Some((value, after))
        });
        let Some(((_, value), after)) = named else {
            return Err(refused("has a {...} that nothing fills", "name its value with path_parameter(..)"));
        };
        out.push_str(before);
        out.push_str(&segment(value)?);
        (rest, used) = (after, used + 1);
    }
    out.push_str(rest);
    let placed = |name: &str| template.contains(&format!("{{{name}}}"));
    match values.iter().all(|(name, _)| placed(name)) && used > 0 {
        true => Ok(out.into()),
        false => Err(refused("has no {...} of a parameter's name", "write {NAME} where the parameter belongs")),
    }
}

/// Whether the rest of a path, below the address that it must stay below, stays there for every reader:
/// one who decodes once more than another, or takes `\` for `/`.
pub(crate) fn check_rest(rest: &str) -> Result<(), Box<Finding>> {
    stays(&decodings(rest)?)
}

pub(crate) fn leads_up() -> Box<Finding> {
    refused("leads above BaseUrl", "take . and .. out of it; segment(..) escapes what comes from outside")
}

fn stays(levels: &[Cow<'_, str>]) -> Result<(), Box<Finding>> {
    // Some servers cut a segment at its first `;`.
    let is_up = |segment: &str| segment.split(';').next() == Some("..");
    if levels.iter().any(|level| level.split(['/', '\\']).any(is_up)) { Err(leads_up()) } else { Ok(()) }
}

fn refused(what: &str, remedy: &str) -> Box<Finding> {
    Box::new(Finding::error("bad-path", format!("the path {what}")).remedy(remedy))
}

fn has_scheme(path: &str) -> bool {
    let end = path.find(|letter: char| !letter.is_ascii_alphanumeric() && !"+-.".contains(letter));
    end.is_some_and(|end| path.get(end..).is_some_and(|rest| rest.starts_with("://")))
}

/// The text, and what it becomes each time that somebody decodes it once more.
fn decodings(text: &str) -> Result<Vec<Cow<'_, str>>, Box<Finding>> {
    let mut levels = vec![Cow::Borrowed(text)];
    while let Some(next) = levels.last().and_then(|last| decode(last)) {
        if levels.len() > MAX_NESTING {
            return Err(refused("is percent-encoded again and again", "encode it once"));
        }
        levels.push(Cow::Owned(next));
    }
    Ok(levels)
}

/// Percent-decoded once; `None` when there is nothing to decode.
fn decode(text: &str) -> Option<String> {
    let digit = |byte: Option<&u8>| char::from(*byte?).to_digit(16);
    let bytes = text.as_bytes();
    let (mut out, mut at, mut found) = (Vec::with_capacity(bytes.len()), 0, false);
    while let Some(byte) = bytes.get(at) {
        let pair = digit(bytes.get(at + 1)).zip(digit(bytes.get(at + 2))).filter(|_| *byte == b'%');
        let decoded = pair.and_then(|(high, low)| u8::try_from(high * 16 + low).ok());
        found |= decoded.is_some();
        out.push(decoded.unwrap_or(*byte));
        at += if decoded.is_some() { 3 } else { 1 };
    }
    found.then(|| String::from_utf8_lossy(&out).into_owned())
}

/// Percent-encodes all that RFC 3986 §2.3 does not leave unreserved; a space is `%20`.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    escape_into(&mut out, text);
    out
}

/// The same, at the end of a text.
pub(crate) fn escape_into(out: &mut String, text: &str) {
    use std::fmt::Write;
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn why(result: Result<(), Box<Finding>>) -> String {
        result.map_or_else(|finding| finding.message.replace("the path ", ""), |()| "fine".to_owned())
    }

    #[test]
    fn a_path_is_a_path_below() {
        for (path, expected) in [
            ("", "fine"),
            ("/items/42", "fine"),
            ("items/a.b/..c/c..", "fine"),
            ("items('1')/a:b@c;v=1,2/%C3%A4%20b", "fine"),
            ("./items", "fine"),
            ("a%2Fb", "fine"),
            ("100%", "fine"),
            ("..", "leads above BaseUrl"),
            ("a/../b", "leads above BaseUrl"),
            ("%2e%2E/admin", "leads above BaseUrl"),
            (".%2e/admin", "leads above BaseUrl"),
            ("%252e%252e/admin", "leads above BaseUrl"),
            ("a%2f..%2fb", "leads above BaseUrl"),
            ("..;v=1/admin", "leads above BaseUrl"),
            ("..\\..\\admin", "has a backslash in it"),
            ("..%5c..%5cadmin", "has a backslash in it"),
            ("a%255Cb", "has a backslash in it"),
            ("\\\\evil.example", "has a backslash in it"),
            ("//evil.example/", "is an address of its own"),
            ("https://evil.example/", "is an address of its own"),
            ("items?admin=1", "has a ? or # in it"),
            ("items#x", "has a ? or # in it"),
            (".\t./admin", "has control characters in it"),
            ("a\r\nb", "has control characters in it"),
        ] {
            assert_eq!(why(check(path, false)), expected, "{path}");
        }
        let nested = format!("{}2e", "%25".repeat(20).replace("%25%", "%25"));
        assert_eq!(why(check(&nested, false)), "fine", "one level, long");
        let deep = (0..12).fold("%2e".to_owned(), |text, _| text.replace('%', "%25"));
        assert_eq!(why(check(&deep, false)), "is percent-encoded again and again");
    }

    #[test]
    fn a_sections_path_may_have_a_query_and_backslashes_and_nothing_else_more() {
        for (path, expected) in [
            ("a?x=1&y=a b", "fine"),
            ("a?next=https://x/../y", "fine"),
            ("a#x?y", "has a ? or # in it"),
            ("../a?x=1", "leads above BaseUrl"),
            ("a\\b?x=\\", "fine"),
            ("..\\a", "leads above BaseUrl"),
            ("a\\..\\..\\b", "leads above BaseUrl"),
            ("a%5Cb", "has a backslash in it"),
            ("\\\\evil.example", "is an address of its own"),
            ("/\\evil.example", "is an address of its own"),
        ] {
            assert_eq!(why(check(path, true)), expected, "{path}");
        }
    }

    #[test]
    fn places_are_filled_with_segments() {
        let filled = |template: &str, values: &[(&str, &str)]| {
            let values: Vec<_> = values.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            fill(template, &values).map_or_else(|finding| finding.message.replace("the path ", ""), Cow::into_owned)
        };
        let (id, day) = (("id", "a/b c"), ("day", "1"));
        for (template, values, expected) in [
            ("users/{id}/days/{day}", vec![id, day], "users/a%2Fb%20c/days/1"),
            ("{id}{id}", vec![id], "a%2Fb%20ca%2Fb%20c"),
            ("users/{id}", vec![], "users/{id}"),
            ("users/{id}", vec![("id", "..")], "leads above BaseUrl"),
            ("users/{id}", vec![("id", "")], "has an empty segment"),
            ("users/{id}/{day}", vec![id], "has a {...} that nothing fills"),
            ("users/{id", vec![id], "has a {...} that nothing fills"),
            ("users/{id}", vec![id, day], "has no {...} of a parameter's name"),
        ] {
            assert_eq!(filled(template, &values), expected, "{template}");
        }
    }

    #[test]
    fn a_segment_is_escaped_whatever_it_is() {
        for (text, expected) in [
            ("42", Ok("42")),
            ("a b/c?d#e", Ok("a%20b%2Fc%3Fd%23e")),
            ("CONTOSO\\ada", Ok("CONTOSO%5Cada")),
            ("100%", Ok("100%25")),
            ("%41", Ok("%2541")),
            ("https://x/y", Ok("https%3A%2F%2Fx%2Fy")),
            ("größe\r\n", Ok("gr%C3%B6%C3%9Fe%0D%0A")),
            ("...", Ok("...")),
            ("", Err("has an empty segment")),
            (".", Err("leads above BaseUrl")),
            ("..", Err("leads above BaseUrl")),
            ("../../admin", Err("leads above BaseUrl")),
            ("%2e%2e", Err("leads above BaseUrl")),
            ("..\\admin", Err("leads above BaseUrl")),
        ] {
            let escaped = segment(text).map_err(|finding| finding.message.replace("the path ", ""));
            assert_eq!(escaped.as_deref().map_err(String::as_str), expected, "{text:?}");
        }
    }
}
