//! Where a call goes: the section's address, what follows it, and the query.

use credential_core::Finding;
use url::Url;

use crate::http::path::{self, escape};

/// Joins with exactly one slash, as the reference does; a query in the base or the path stays the query.
/// Segments follow the path, each escaped.
///
/// # Errors
/// When the base is no absolute http or https address, or what comes of it is not below the base.
pub(crate) fn join(
    base: &str,
    relative: &str,
    segments: &[String],
    query: &[(String, String)],
) -> Result<Url, Box<Finding>> {
    let (place, base_query) = split(base);
    let (relative, relative_query) = split(relative);
    let base = parse(&format!("{}/", place.trim().trim_end_matches('/')))?;
    let mut joined = format!("{base}{}", relative.trim_start_matches('/'));
    for segment in segments {
        if !joined.ends_with('/') {
            joined.push('/');
        }
        joined.push_str(&path::segment(segment)?);
    }
    let mut url = parse(&joined)?;
    stays_below(&base, &url)?;
    let pairs = query.iter().map(|(name, value)| format!("{}={}", escape(name), escape(value)));
    let all = [base_query, relative_query].into_iter().map(str::to_owned).chain(pairs);
    let all: Vec<String> = all.filter(|one| !one.is_empty()).collect();
    if !all.is_empty() {
        url.set_query(Some(&all.join("&")));
    }
    Ok(url)
}

/// What stands before the query, and the query; a fragment is for nobody.
fn split(address: &str) -> (&str, &str) {
    let address = address.split('#').next().unwrap_or_default();
    address.split_once('?').unwrap_or((address, ""))
}

fn parse(address: &str) -> Result<Url, Box<Finding>> {
    let url = Url::parse(address).ok();
    let fits = |url: &Url| {
        let plain = url.username().is_empty() && url.password().is_none();
        plain && matches!(url.scheme(), "http" | "https") && url.host().is_some()
    };
    url.filter(fits).ok_or_else(|| {
        let bad = Finding::error("bad-base-url", "BaseUrl is not a valid http or https URL without a user name");
        Box::new(bad.remedy("write https://HOST/..."))
    })
}

/// Whatever a path is made of, the token and the request stay with the API that the section names. The one
/// place that decides it, on the address as it will be sent.
fn stays_below(base: &Url, url: &Url) -> Result<(), Box<Finding>> {
    let rest = url.path().strip_prefix(base.path()).filter(|_| url.origin() == base.origin());
    path::check_rest(rest.ok_or_else(path::leads_up)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(base: &str, relative: &str, query: &[(&str, &str)]) -> String {
        let query: Vec<_> = query.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        join(base, relative, &[], &query).map_or_else(|finding| finding.code.to_owned(), Url::into)
    }

    #[test]
    fn there_is_always_one_slash() {
        for (base, relative) in [("https://api/v1", "me"), ("https://api/v1/", "/me"), ("https://api/v1//", "/me")] {
            assert_eq!(at(base, relative, &[]), "https://api/v1/me");
        }
        assert_eq!(at("https://api/v1", "", &[]), "https://api/v1/");
    }

    #[test]
    fn queries_are_escaped_and_follow_what_is_there() {
        assert_eq!(at("https://api/?q=1", "a?b=2", &[("c d", "e&f")]), "https://api/a?q=1&b=2&c%20d=e%26f");
    }

    #[test]
    fn segments_follow_the_path_and_its_query_stays() {
        let segments = ["a/b".to_owned(), "c d".to_owned()];
        let at = |relative: &str| join("https://api/v1?q=1", relative, &segments, &[]).map(String::from).unwrap();
        assert_eq!(at("items?x=1"), "https://api/v1/items/a%2Fb/c%20d?q=1&x=1");
        assert_eq!(at(""), "https://api/v1/a%2Fb/c%20d?q=1");
        assert_eq!(at("items/"), "https://api/v1/items/a%2Fb/c%20d?q=1");
    }

    #[test]
    fn what_leaves_the_base_is_refused_whatever_it_is_written_as() {
        // Unchecked, as if every look at the text before it were missing.
        for relative in [
            "..",
            "../admin",
            "a/../../admin",
            "%2e%2e/admin",
            ".%2E/x",
            "..\\admin",
            "a/%2e%2e%2f%2e%2e/x",
            "%252e%252e/x",
            "..%5cx",
            ".\t./x",
            "..;/x",
        ] {
            assert_eq!(at("https://api/v1", relative, &[]), "bad-path", "{relative:?}");
        }
        for relative in
            ["https://evil.example/x", "//evil.example/x", "@evil.example/", ":1@evil.example", "\\\\evil/x"]
        {
            let url = at("https://api/v1", relative, &[]);
            assert!(url.starts_with("https://api/v1/"), "{relative:?}: {url}");
        }
    }

    #[test]
    fn what_is_no_web_address_is_refused() {
        for base in ["", "api/v1", "ftp://api", "/etc", "https://user:pw@api/", "https://user@api/"] {
            assert_eq!(at(base, "x", &[]), "bad-base-url", "{base}");
        }
    }
}
