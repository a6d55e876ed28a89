//! Addresses as they may be seen: user information and the values of a query are secrets as often as not.

use url::Url;

/// What stands in place of what is not shown.
const HIDDEN: &str = "***";

/// The address with `***` for a user name and password, the values of its query and its fragment. For text
/// that is no address, everything before an `@` is taken for such a name.
pub fn shown_address(address: &str) -> String {
    if !address.contains('@') {
        return shown_path(address);
    }
    let Some(url) = Url::parse(address.trim()).ok().filter(Url::has_host) else {
        // Where the name ends cannot be told: a `?` or `/` may be a part of the password.
        let (before, after) = address.rsplit_once('@').unwrap_or(("", address));
        let scheme = before.split_once("://").map(|(scheme, _)| format!("{scheme}://")).unwrap_or_default();
        return format!("{scheme}{HIDDEN}@{}", shown_path(after));
    };
    if url.username().is_empty() && url.password().is_none() {
        return shown_path(address);
    }
    let (_, rest) = split(address);
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    let host = url.host_str().unwrap_or_default();
    format!("{}://{HIDDEN}@{host}{port}{}{}", url.scheme(), url.path(), shown_rest(rest))
}

/// What follows an address, with `***` for the values of its query and its fragment.
pub fn shown_path(path: &str) -> String {
    let (place, rest) = split(path);
    format!("{place}{}", shown_rest(rest))
}

fn split(text: &str) -> (&str, &str) {
    text.find(['?', '#']).and_then(|at| text.split_at_checked(at)).unwrap_or((text, ""))
}

/// A query and a fragment, from their `?` or `#` on.
fn shown_rest(rest: &str) -> String {
    let (query, fragment) = match rest.split_once('#') {
        Some((query, _)) => (query, format!("#{HIDDEN}")),
        None => (rest, String::new()),
    };
    let Some(pairs) = query.strip_prefix('?') else { return fragment };
    let shown = pairs.split('&').map(|pair| match pair.split_once('=') {
        Some((name, _)) => format!("{name}={HIDDEN}"),
        None if pair.is_empty() => String::new(),
        None => HIDDEN.to_owned(),
    });
    format!("?{}{fragment}", shown.collect::<Vec<_>>().join("&"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_shows_no_user_and_no_value() {
        for (address, shown) in [
            ("https://graph.microsoft.com/beta", "https://graph.microsoft.com/beta"),
            ("https://h/users/a@b.c", "https://h/users/a@b.c"),
            ("https://user:pw@h:8443/p", "https://***@h:8443/p"),
            ("https://user@h", "https://***@h/"),
            ("https://user:p%40w@h/a@b", "https://***@h/a@b"),
            ("https:user:pw@h/", "https://***@h/"),
            ("https:\\\\user:pw@h/", "https://***@h/"),
            (" https://user:pw@h/ ", "https://***@h/"),
            ("https://user:p/w@h/", "https://***@h/"),
            ("https://user:p?w@h/", "https://***@h/"),
            ("https://user:p#w@h/", "https://***@h/"),
            ("user:pw@h/p", "***@h/p"),
            ("user:pw@h/p?code=s", "***@h/p?code=***"),
            ("https://user:pw@h/p?code=s#f", "https://***@h/p?code=***#***"),
            ("https://h/p?code=s&sig=a=b&bare&&x=", "https://h/p?code=***&sig=***&***&&x=***"),
            ("https://h/?mail=a@b", "https://h/?mail=***"),
            ("https://h/#token", "https://h/#***"),
            ("", ""),
            ("<tenant>", "<tenant>"),
        ] {
            assert_eq!(shown_address(address), shown, "{address}");
        }
    }

    #[test]
    fn a_path_shows_no_value() {
        for (path, shown) in
            [("a/b", "a/b"), ("users/a@b.c?x=1", "users/a@b.c?x=***"), ("?s", "?***"), ("a#s", "a#***")]
        {
            assert_eq!(shown_path(path), shown, "{path}");
        }
    }
}
