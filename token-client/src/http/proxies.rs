//! The proxies that variables name. The HTTP client leaves out what it cannot read, and goes direct
//! without a word: so it is read here first.

use std::ffi::OsString;

use credential_core::Finding;
use url::Url;

/// The variables that name a proxy, each with the spelling that counts when the first is not set.
const VARIABLES: [[&str; 2]; 3] =
    [["HTTPS_PROXY", "https_proxy"], ["HTTP_PROXY", "http_proxy"], ["ALL_PROXY", "all_proxy"]];

/// What is wrong with this process's proxy variables.
#[expect(clippy::disallowed_methods, reason = "the HTTP client reads this process's variables too")]
pub(super) fn wrong() -> Vec<Finding> {
    wrong_of(|name| std::env::var_os(name))
}

fn wrong_of(variable: impl Fn(&str) -> Option<OsString>) -> Vec<Finding> {
    // Programs that a web server starts take such variables from nobody.
    if variable("REQUEST_METHOD").is_some() {
        return Vec::new();
    }
    let given = VARIABLES.iter().filter_map(|names| names.iter().find_map(|name| Some((*name, variable(name)?))));
    given.filter_map(|(name, value)| fault(value.to_str()).map(|fault| finding(name, fault))).collect()
}

fn finding(name: &str, fault: &str) -> Finding {
    Finding::error("bad-proxy", format!("the variable {name} {fault}"))
        .remedy(format!("write http://HOST:PORT in {name}, or unset it to go without a proxy"))
}

/// Why the value names no proxy; it is never shown, since it may have a password in it.
fn fault(value: Option<&str>) -> Option<&'static str> {
    let Some(value) = value else { return Some("is not valid UTF-8") };
    if value.is_empty() {
        return None;
    }
    if !value.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Some("is not a valid proxy URL: it has white space or other invalid characters");
    }
    let (scheme, rest) = value.split_once("://").unwrap_or(("http", value));
    if !["http", "https"].iter().any(|known| known.eq_ignore_ascii_case(scheme)) {
        return Some("names a proxy that is neither http nor https, which is not supported");
    }
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if authority.matches('@').count() > 1 {
        return Some("has an @ in its user name or password: it is written %40 there");
    }
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@%[]".contains(&byte);
    let host = authority.rsplit('@').next().unwrap_or_default();
    let parsed = Url::parse(&format!("http://{host}/")).is_ok_and(|url| url.has_host());
    let is_address = parsed && !host.contains('%') && authority.bytes().all(is_plain);
    (!is_address).then_some("is not a valid proxy URL")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_that_cannot_be_read_is_an_error_and_never_shown() {
        for (value, good) in [
            ("", true),
            ("http://proxy:8080", true),
            ("HTTPS://proxy.example", true),
            ("proxy.example:3128", true),
            ("http://user:p%40ss@proxy:8080/", true),
            ("http://[::1]:8080", true),
            ("http://hunter2@", false),
            ("http://", false),
            ("http://hunter2 proxy", false),
            (" http://hunter2", false),
            ("socks5://hunter2:1080", false),
            ("http://hunter2:99999", false),
            ("http://hunter2:port", false),
            ("http://u:hunter2@x@proxy:8080", false),
            ("http://hunter2%20x", false),
            ("://hunter2", false),
            ("http:hunter2", false),
        ] {
            let found = wrong_of(|name| (name == "https_proxy").then(|| value.into()));
            assert_eq!(found.is_empty(), good, "{value:?}: {found:?}");
            let shown = format!("{found:?}");
            assert!(good || (shown.contains("https_proxy") && !shown.contains("hunter2")), "{shown}");
        }
    }

    #[test]
    fn each_variable_counts_once_and_none_of_them_behind_a_web_server() {
        let bad = |name: &str| (name != "REQUEST_METHOD").then(|| OsString::from("no proxy"));
        assert_eq!(wrong_of(bad).len(), 3);
        assert_eq!(wrong_of(|_| Some("no proxy".into())), []);
        // The second spelling does not count beside the first.
        let first = wrong_of(|name| match name {
            "HTTP_PROXY" => Some("http://proxy".into()),
            "http_proxy" => Some("no proxy".into()),
            _ => None,
        });
        assert_eq!(first, []);
    }
}
