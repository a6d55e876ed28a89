//! Under which address the emulator was asked: what its own addresses, issuers and audiences begin with.

use credential_core::world::is_loopback;
use hyper::header::{HOST, HeaderMap};
use url::Url;

/// Headers by which a proxy says for whom it asks (RFC 7239, and the older ones).
const FORWARDED: [&str; 4] = ["forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto"];

/// Whether the request came by way of a proxy that says so.
pub(crate) fn is_forwarded(mut header: impl FnMut(&str) -> bool) -> bool {
    FORWARDED.iter().any(|name| header(name)) || header("via")
}

/// `SCHEME://HOST` as the client wrote it. The host must be this machine, lest a web page have its own name
/// resolved to 127.0.0.1 and read what is here, unless a proxy that is trusted says where it was asked.
///
/// # Errors
/// A sentence for the client.
pub(crate) fn of(headers: &HeaderMap, scheme: &str, trusts_proxy: bool) -> Result<String, &'static str> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let host = text(HOST.as_str()).ok_or("the request has no Host header")?;
    if trusts_proxy {
        let (proto, name) = forwarded(text("forwarded"));
        let proto = proto.or_else(|| first(text("x-forwarded-proto")));
        let name = name.or_else(|| first(text("x-forwarded-host")));
        if proto.is_some() || name.is_some() {
            let scheme = proto.map_or_else(|| scheme.to_owned(), str::to_ascii_lowercase);
            return origin(&scheme, name.unwrap_or(host)).ok_or("the proxy's headers name no http or https address");
        }
    }
    let origin = origin(scheme, host).ok_or("the Host header names no host")?;
    let strange = match trusts_proxy {
        true => "this server answers under loopback names alone, or with X-Forwarded-Proto or Forwarded of a proxy",
        false => "this server answers under loopback names alone; behind a proxy it must be told to trust its headers",
    };
    if is_loopback(&origin) { Ok(origin) } else { Err(strange) }
}

/// `proto` and `host` of the first element: what the proxy next to the client saw (RFC 7239 §4).
fn forwarded(header: Option<&str>) -> (Option<&str>, Option<&str>) {
    let element = first(header).unwrap_or_default();
    let pairs = || element.split(';').filter_map(|pair| pair.split_once('='));
    let value = |wanted: &str| {
        let found = pairs().find(|(name, _)| name.trim().eq_ignore_ascii_case(wanted));
        found.map(|(_, value)| value.trim().trim_matches('"')).filter(|value| !value.is_empty())
    };
    (value("proto"), value("host"))
}

fn first(list: Option<&str>) -> Option<&str> {
    list?.split(',').next().map(str::trim).filter(|one| !one.is_empty())
}

/// The origin in its one spelling: lower case, without the scheme's own port.
fn origin(scheme: &str, host: &str) -> Option<String> {
    let url = Url::parse(&format!("{scheme}://{host}/")).ok()?;
    let bare = url.username().is_empty() && url.password().is_none() && url.path() == "/" && url.query().is_none();
    let known = matches!(url.scheme(), "http" | "https") && url.fragment().is_none();
    (bare && known && url.has_host()).then(|| url.origin().ascii_serialization())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(pairs: &[(&'static str, &str)], trusts_proxy: bool) -> Option<String> {
        let headers = pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
        of(&headers, "http", trusts_proxy).ok()
    }

    #[test]
    fn a_proxy_is_believed_where_the_emulator_is_told_to() {
        let host = ("host", "127.0.0.1:8400");
        for (headers, plain, behind) in [
            (&[host][..], Some("http://127.0.0.1:8400"), Some("http://127.0.0.1:8400")),
            (&[("host", "LOCALHOST:8400")], Some("http://localhost:8400"), Some("http://localhost:8400")),
            (&[("host", "[::1]:8400")], Some("http://[::1]:8400"), Some("http://[::1]:8400")),
            (&[("host", "login.test")], None, None),
            (&[("host", "x@127.0.0.1")], None, None),
            (&[("host", "127.0.0.1/x")], None, None),
            (&[], None, None),
            (&[host, ("x-forwarded-proto", "https")], Some("http://127.0.0.1:8400"), Some("https://127.0.0.1:8400")),
            (
                &[host, ("x-forwarded-proto", "HTTPS"), ("x-forwarded-host", "Login.Test:443, inner")],
                Some("http://127.0.0.1:8400"),
                Some("https://login.test"),
            ),
            (&[("host", "login.test"), ("x-forwarded-proto", "https")], None, Some("https://login.test")),
            (
                &[host, ("forwarded", "for=1.2.3.4;Proto=https;host=\"login.test:8443\", for=10.0.0.1;proto=http")],
                Some("http://127.0.0.1:8400"),
                Some("https://login.test:8443"),
            ),
            (&[host, ("x-forwarded-proto", "ftp")], Some("http://127.0.0.1:8400"), None),
            (&[host, ("x-forwarded-host", "login.test/x")], Some("http://127.0.0.1:8400"), None),
        ] {
            assert_eq!(told(headers, false).as_deref(), plain, "{headers:?}");
            assert_eq!(told(headers, true).as_deref(), behind, "{headers:?} behind a proxy");
        }
    }
}
