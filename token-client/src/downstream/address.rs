//! Where a call goes: the section's address, what follows it, and the query.

use credential_core::Finding;
use url::Url;

/// Joins with exactly one slash, as the reference does; a query in the base stays the query.
///
/// # Errors
/// When the base is no absolute http or https address.
pub(crate) fn join(base: &str, relative: &str, query: &[(String, String)]) -> Result<Url, Box<Finding>> {
    let bad = || {
        let bad = Finding::error("bad-base-url", "BaseUrl is no absolute http or https address");
        Box::new(bad.remedy("write https://HOST/..."))
    };
    let (place, base_query) = match base.split_once(['?', '#']) {
        Some((place, rest)) => (place, rest.split('#').next().unwrap_or_default()),
        None => (base, ""),
    };
    let joined = format!("{}/{}", place.trim().trim_end_matches('/'), relative.trim_start_matches('/'));
    let mut url = Url::parse(&joined).map_err(|_| bad())?;
    if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
        return Err(bad());
    }
    if !base_query.is_empty() {
        let all = [Some(base_query), url.query()].into_iter().flatten().collect::<Vec<_>>().join("&");
        url.set_query(Some(&all));
    }
    for (name, value) in query {
        let pair = format!("{}={}", escape(name), escape(value));
        let all = url.query().filter(|old| !old.is_empty()).map_or_else(|| pair.clone(), |old| format!("{old}&{pair}"));
        url.set_query(Some(&all));
    }
    url.set_fragment(None);
    Ok(url)
}

/// Percent-encodes all that RFC 3986 §2.3 does not leave unreserved; a space is `%20`.
fn escape(text: &str) -> String {
    text.bytes().fold(String::with_capacity(text.len()), |mut out, byte| {
        use std::fmt::Write;
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(base: &str, relative: &str, query: &[(&str, &str)]) -> String {
        let query: Vec<_> = query.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        join(base, relative, &query).map_or_else(|finding| finding.code.to_owned(), Url::into)
    }

    #[test]
    fn there_is_always_one_slash() {
        for (base, relative) in [("https://api/v1", "me"), ("https://api/v1/", "/me"), ("https://api/v1//", "//me")] {
            assert_eq!(at(base, relative, &[]), "https://api/v1/me");
        }
        assert_eq!(at("https://api/v1", "", &[]), "https://api/v1/");
    }

    #[test]
    fn queries_are_escaped_and_follow_what_is_there() {
        assert_eq!(at("https://api/?q=1", "a?b=2", &[("c d", "e&f")]), "https://api/a?q=1&b=2&c%20d=e%26f");
    }

    #[test]
    fn what_is_no_web_address_is_refused() {
        for base in ["", "api/v1", "ftp://api", "/etc"] {
            assert_eq!(at(base, "x", &[]), "bad-base-url", "{base}");
        }
    }
}
