//! Where a redirect leads, and what goes along (RFC 9110 §15.4).

use std::borrow::Cow;

use url::Url;

use super::address::Base;

/// One request of a call: the first, or what a redirect made of it.
#[derive(Clone, Debug)]
pub(super) struct Hop {
    pub(super) method: Cow<'static, str>,
    pub(super) url: String,
    /// At the API's own scheme, host and port, and never anywhere else before.
    pub(super) is_home: bool,
    pub(super) with_body: bool,
}

impl Hop {
    /// What the answer leads to; `None` where it leads nowhere that may be followed.
    pub(super) fn next(&self, base: &Base, status: u16, location: Option<&str>) -> Option<Self> {
        let is_redirect = matches!(status, 300..=303 | 307 | 308);
        let current = Url::parse(&self.url).ok()?;
        let mut url = current.join(location.filter(|_| is_redirect)?).ok()?;
        url.set_fragment(None);
        let plain = url.username().is_empty() && url.password().is_none() && url.has_host();
        let fits = plain && (url.scheme() == "https" || url.scheme() == "http" && current.scheme() == "http");
        let becomes_get = match status {
            303 => self.method != "HEAD",
            300..=302 => self.method == "POST",
            _ => false,
        };
        fits.then(|| Self {
            method: if becomes_get { "GET".into() } else { self.method.clone() },
            is_home: self.is_home && url.origin() == base.origin(),
            with_body: self.with_body && !becomes_get,
            url: url.into(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(method: &'static str, status: u16, location: &str) -> Option<(String, String, bool, bool)> {
        let base = Base::read("https://api.example/v1").unwrap();
        let hop =
            Hop { method: method.into(), url: "https://api.example/v1/a".to_owned(), is_home: true, with_body: true };
        let next = hop.next(&base, status, Some(location))?;
        Some((next.method.into_owned(), next.url, next.is_home, next.with_body))
    }

    #[test]
    fn a_redirect_keeps_or_changes_the_method_and_knows_when_it_leaves_home() {
        let at = |url: &str| url.to_owned();
        for (method, status, location, expected) in [
            ("GET", 302, "/b", Some((at("GET"), at("https://api.example/b"), true, true))),
            ("POST", 301, "b?q=1#f", Some((at("GET"), at("https://api.example/v1/b?q=1"), true, false))),
            ("PUT", 302, "b", Some((at("PUT"), at("https://api.example/v1/b"), true, true))),
            ("DELETE", 303, "b", Some((at("GET"), at("https://api.example/v1/b"), true, false))),
            ("HEAD", 303, "b", Some((at("HEAD"), at("https://api.example/v1/b"), true, true))),
            ("POST", 307, "//other.example/b", Some((at("POST"), at("https://other.example/b"), false, true))),
            ("GET", 308, "https://api.example:8443/", Some((at("GET"), at("https://api.example:8443/"), false, true))),
            ("GET", 302, "http://api.example/b", None),
            ("GET", 302, "ftp://api.example/b", None),
            ("GET", 302, "https://user:pw@api.example/b", None),
            ("GET", 304, "/b", None),
            ("GET", 200, "/b", None),
        ] {
            assert_eq!(after(method, status, location), expected, "{method} {status} {location}");
        }
    }

    #[test]
    fn whoever_left_home_does_not_come_back() {
        let base = Base::read("https://api.example/v1").unwrap();
        let away =
            Hop { method: "GET".into(), url: "https://other.example/".to_owned(), is_home: false, with_body: false };
        assert!(!away.next(&base, 302, Some("https://api.example/v1/")).unwrap().is_home);
        assert!(away.next(&base, 302, None).is_none());
    }
}
