//! Where a secret may go: to an https address, or to this machine. The one place that says so.

use std::error::Error;
use std::fmt;

use url::{Host, Url};

/// Why no secret may go to an address. `Display` goes after the setting's name: `KeyVaultUrl must use
/// https: ...`; it never shows the address, which may have a password in it.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AddressFault {
    /// It is not of the form `https://HOST/...`.
    NotAbsolute,
    /// It has a user name or password before its host.
    UserInformation,
    /// It is an `http` address of another machine: anybody on the way could read along.
    NotProtected,
}

impl AddressFault {
    /// What to do about it.
    pub fn remedy(self) -> &'static str {
        match self {
            Self::NotAbsolute => "write https://HOST/...",
            Self::UserInformation => "remove the user name and password from the address",
            Self::NotProtected => "write https://; http is for 127.0.0.1, [::1] and localhost",
        }
    }
}

impl fmt::Display for AddressFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotAbsolute => "is not a valid absolute URL",
            Self::UserInformation => "has a user name or password in it",
            Self::NotProtected => "must use https: http is for this machine alone",
        })
    }
}

/// What it says: a `main` that returns it prints this.
impl fmt::Debug for AddressFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Error for AddressFault {}

/// Whether a secret may go to the address: `https`, or `http` to this machine (see [`is_loopback`]);
/// nothing before the host. Read by the rules of the URL standard (<https://url.spec.whatwg.org>).
///
/// ```
/// use credential_core::world::{AddressFault, check_address};
///
/// assert_eq!(check_address("https://login.example/contoso"), Ok(()));
/// assert_eq!(check_address("http://[::1]:8080/"), Ok(()));
/// assert_eq!(check_address("http://login.example/"), Err(AddressFault::NotProtected));
/// ```
///
/// # Errors
/// What is wrong with it.
pub fn check_address(address: &str) -> Result<(), AddressFault> {
    let url = parse(address).ok_or(AddressFault::NotAbsolute)?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(AddressFault::UserInformation);
    }
    if url.scheme() == "http" && !leads_here(&url) {
        return Err(AddressFault::NotProtected);
    }
    Ok(())
}

/// Whether the http or https address is on this machine: `127.0.0.0/8`, `[::1]`, or `localhost` and
/// nothing before it. What ends in `.localhost` is not, since a name server decides where it leads.
pub fn is_loopback(address: &str) -> bool {
    parse(address).is_some_and(|url| leads_here(&url))
}

fn parse(address: &str) -> Option<Url> {
    let url = Url::parse(address).ok()?;
    // The standard forgives missing slashes; whoever reads the file should not have to.
    let rest = address.trim().get(url.scheme().len()..)?.strip_prefix("://")?;
    let twice = SCHEMES.iter().any(|scheme| begins(rest, scheme));
    (!twice && url.has_host() && matches!(url.scheme(), "http" | "https")).then_some(url)
}

/// How an address begins that a secret may go to.
const SCHEMES: [&str; 2] = ["https://", "http://"];

fn begins(text: &str, start: &str) -> bool {
    text.get(..start.len()).is_some_and(|head| head.eq_ignore_ascii_case(start))
}

/// Why a text is no address of the form `https://HOST/...`, and what to do about it, for whoever was told
/// [`AddressFault::NotAbsolute`]: `it has no scheme`, `write https:// before it`. Neither shows anything of it.
pub fn why_not_absolute(address: &str) -> (&'static str, &'static str) {
    let text = address.trim();
    if text.is_empty() {
        return ("it is empty", "write https://HOST/...");
    }
    if text.contains(char::is_whitespace) {
        return ("it has white space in it", "remove the white space");
    }
    let Some((scheme, rest)) = text.split_once("://") else {
        let scheme = SCHEMES.iter().any(|scheme| begins(text, scheme.trim_end_matches('/')));
        return match scheme {
            true => ("two slashes must follow its scheme", "write https://HOST/..."),
            false => ("it has no scheme", "write https:// before it"),
        };
    };
    if !["http", "https"].iter().any(|known| known.eq_ignore_ascii_case(scheme)) {
        return ("its scheme is neither https nor http", "write https:// in the place of its scheme");
    }
    if SCHEMES.iter().any(|scheme| begins(rest, scheme)) {
        return ("it has its scheme twice", "write https:// once");
    }
    match Url::parse(text) {
        Err(url::ParseError::InvalidPort) => {
            ("its port is not valid", "write a port from 1 to 65535 after the host, or none")
        }
        Err(url::ParseError::EmptyHost) => ("it has no host", "write https://HOST/..."),
        _ => ("its host is not valid", "correct the host: letters, digits, hyphens and dots"),
    }
}

fn leads_here(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_goes_to_https_and_to_this_machine_alone() {
        use AddressFault::{NotAbsolute, NotProtected, UserInformation};
        for (address, expected) in [
            ("https://login.example/t", Ok(())),
            ("HTTPS://Login.Example", Ok(())),
            ("https://foo.localhost/", Ok(())),
            ("http://127.0.0.1:1/t", Ok(())),
            ("http://127.9.8.7/", Ok(())),
            ("http://[::1]/", Ok(())),
            ("http://[::1]:8080/", Ok(())),
            ("http://LOCALHOST:8/", Ok(())),
            ("http://login.example/t", Err(NotProtected)),
            ("http://localhost.evil.example/", Err(NotProtected)),
            ("http://foo.localhost/", Err(NotProtected)),
            ("http://127.0.0.1.evil.example/", Err(NotProtected)),
            ("http://128.0.0.1/", Err(NotProtected)),
            ("http://[::2]/", Err(NotProtected)),
            ("http://0.0.0.0/", Err(NotProtected)),
            ("http://localhost:pw@evil.example/", Err(UserInformation)),
            ("http://evil.example@localhost/", Err(UserInformation)),
            ("https://user@login.example/", Err(UserInformation)),
            ("https://:pw@login.example/", Err(UserInformation)),
            ("", Err(NotAbsolute)),
            ("login.example", Err(NotAbsolute)),
            ("https://", Err(NotAbsolute)),
            ("https:login.example", Err(NotAbsolute)),
            ("ftp://localhost/", Err(NotAbsolute)),
            ("localhost:8080", Err(NotAbsolute)),
            ("http://[::1/", Err(NotAbsolute)),
            ("https://https://login.example/", Err(NotAbsolute)),
        ] {
            assert_eq!(check_address(address), expected, "{address}");
        }
    }

    #[test]
    fn what_is_no_address_is_told_why() {
        for (address, part) in [
            ("", "empty"),
            ("login.example", "no scheme"),
            ("localhost:8080", "no scheme"),
            ("/v1", "no scheme"),
            ("https:login.example", "two slashes"),
            ("https:/login.example", "two slashes"),
            ("https:\\\\login.example", "two slashes"),
            ("htps://login.example", "neither https nor http"),
            ("ftp://localhost/", "neither https nor http"),
            ("https://login .example/", "white space"),
            ("https://HTTPS://login.example/", "twice"),
            ("https://login.example:99999/", "port"),
            ("https://login.example:port/", "port"),
            ("https://", "no host"),
            ("http://[::1/", "host is not valid"),
        ] {
            assert_eq!(check_address(address), Err(AddressFault::NotAbsolute), "{address}");
            let (why, remedy) = why_not_absolute(address);
            assert!(why.contains(part) && !remedy.is_empty(), "{address}: {why}");
        }
    }

    #[test]
    fn this_machine_has_three_names() {
        for (address, here) in [
            ("http://127.0.0.1/", true),
            ("https://127.0.0.2:1/", true),
            ("http://2130706433/", true),
            ("http://[::1]:1/", true),
            ("http://localhost", true),
            ("http://user@localhost/", true),
            ("http://localhost./", false),
            ("http://foo.localhost", false),
            ("http://localhost:pw@evil.example/", false),
            ("http://[::ffff:127.0.0.1]/", false),
            ("http://10.0.0.1/", false),
            ("localhost", false),
        ] {
            assert_eq!(is_loopback(address), here, "{address}");
        }
    }
}
