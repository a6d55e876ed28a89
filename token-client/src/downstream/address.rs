//! Where a call goes: the section's address, what follows it, and the query.

use std::fmt;

use credential_core::Finding;
use credential_core::text::shown_address;
use url::{Origin, Url};

use crate::http::addresses;
use crate::http::path::{self, escape_into};

/// The address of an API, read once. `Debug` shows no values of its query.
#[derive(Clone)]
pub(crate) struct Base {
    /// Without its query; a slash at the end.
    url: Url,
    query: String,
    bears_tokens: Result<(), Box<Finding>>,
}

impl Base {
    /// Reads an address.
    ///
    /// # Errors
    /// When it is no absolute http or https address without user information and fragment.
    pub(crate) fn read(text: &str) -> Result<Self, Box<Finding>> {
        if text.contains('#') {
            let message = "BaseUrl has a fragment (#...) in it, which is never sent";
            return Err(Box::new(Finding::error("bad-base-url", message).remedy("remove it; a # in the path is %23")));
        }
        let (place, query) = split(text.trim());
        let url = parse(&format!("{}/", place.trim_end_matches('/')))?;
        let query = normal_query(&url, query);
        let bears_tokens = addresses::credential_bearing(url.as_str()).map(drop);
        Ok(Self { url, query, bears_tokens })
    }

    /// Whether a token may go there: https, or http to this machine.
    ///
    /// # Errors
    /// A finding that says why not.
    pub(crate) fn bears_tokens(&self) -> Result<(), Box<Finding>> {
        self.bears_tokens.clone()
    }

    /// Scheme, host and port.
    pub(crate) fn origin(&self) -> Origin {
        self.url.origin()
    }

    /// Joins with exactly one slash, as the reference does; a query in the base or the path stays the query.
    /// Segments follow the path, each escaped.
    ///
    /// # Errors
    /// When what comes of it is not below the base.
    pub(crate) fn join<'a>(
        &self,
        relative: &str,
        segments: &[String],
        query: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<String, Box<Finding>> {
        let (place, own_query) = split(relative);
        let place = place.trim_start_matches('/');
        let base = self.url.as_str();
        let mut joined = String::with_capacity(base.len() + place.len() + 32);
        joined.push_str(base);
        joined.push_str(place);
        for segment in segments {
            if !joined.ends_with('/') {
                joined.push('/');
            }
            joined.push_str(&path::segment(segment)?);
        }
        // What is plain is what it will be sent as, and below the base by itself.
        if !path::is_plain(place) {
            let url = parse(&joined)?;
            stays_below(&self.url, &url)?;
            joined = url.into();
        }
        let mut mark = '?';
        let own_query = normal_query(&self.url, own_query);
        for one in [&self.query, &own_query].into_iter().filter(|query| !query.is_empty()) {
            joined.push(std::mem::replace(&mut mark, '&'));
            joined.push_str(one);
        }
        for (name, value) in query {
            joined.push(std::mem::replace(&mut mark, '&'));
            escape_into(&mut joined, name);
            joined.push('=');
            escape_into(&mut joined, value);
        }
        Ok(joined)
    }
}

impl fmt::Debug for Base {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&shown_address(self.url.as_str()))
    }
}

/// What stands before the query, and the query; a fragment is for nobody.
fn split(address: &str) -> (&str, &str) {
    let address = address.split('#').next().unwrap_or_default();
    address.split_once('?').unwrap_or((address, ""))
}

/// A query with all escaped that no address may carry.
fn normal_query(url: &Url, query: &str) -> String {
    if query.is_empty() {
        return String::new();
    }
    let mut url = url.clone();
    url.set_query(Some(query));
    url.query().unwrap_or_default().to_owned()
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
        let joined = Base::read(base).and_then(|base| base.join(relative, &[], query.iter().copied()));
        joined.unwrap_or_else(|finding| finding.code.to_owned())
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
        assert_eq!(at("https://api?q=a b", "x/y?z=ü", &[]), "https://api/x/y?q=a%20b&z=%C3%BC");
    }

    #[test]
    fn segments_follow_the_path_and_its_query_stays() {
        let segments = ["a/b".to_owned(), "c d".to_owned()];
        let base = Base::read("https://api/v1?q=1").unwrap();
        let at = |relative: &str| base.join(relative, &segments, []).unwrap();
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
        for base in ["", "api/v1", "ftp://api", "/etc", "https://user:pw@api/", "https://user@api/", "https://api/#f"] {
            assert_eq!(at(base, "x", &[]), "bad-base-url", "{base}");
        }
    }
}
