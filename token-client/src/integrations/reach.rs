//! Which addresses a token goes to.

use credential_core::Finding;
use credential_core::world::AddressFault;
use url::Url;

use crate::http::addresses;

/// The origins that a token goes to, and what becomes of other requests.
#[derive(Clone, Debug)]
pub(super) struct Reach {
    origins: Vec<Origin>,
    pub(super) others_pass: bool,
}

/// Scheme, host and port of an address, as they stand in it; the port of the scheme where it has none.
#[derive(Clone, Debug)]
struct Origin {
    scheme: String,
    host: String,
    port: u16,
}

/// Where a request goes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Target<'a> {
    pub(super) scheme: &'a str,
    pub(super) host: &'a str,
    pub(super) port: Option<u16>,
    pub(super) user_information: bool,
}

impl<'a> Target<'a> {
    pub(super) fn of_url(url: &'a Url) -> Self {
        let user_information = !url.username().is_empty() || url.password().is_some();
        Self { scheme: url.scheme(), host: url.host_str().unwrap_or_default(), port: url.port(), user_information }
    }

    fn port(&self) -> Option<u16> {
        self.port.or(match self.scheme {
            "https" => Some(443),
            "http" => Some(80),
            _ => None,
        })
    }
}

impl Origin {
    fn is(&self, target: &Target<'_>) -> bool {
        let host = self.host.eq_ignore_ascii_case(target.host);
        host && self.scheme == target.scheme && Some(self.port) == target.port() && !target.user_information
    }

    fn shown(&self) -> String {
        format!("{}://{}:{}", self.scheme, self.host, self.port)
    }
}

impl Reach {
    /// # Errors
    /// An address that no token may go to, and none at all.
    pub(super) fn new<A: AsRef<str>>(addresses: impl IntoIterator<Item = A>) -> Result<Self, Box<Finding>> {
        let origins = addresses.into_iter().map(|address| {
            let url = addresses::credential_bearing(address.as_ref())?;
            match (url.host_str(), url.port_or_known_default()) {
                (Some(host), Some(port)) => Ok(Origin { scheme: url.scheme().to_owned(), host: host.to_owned(), port }),
                _ => Err(Finding::error("bad-address", format!("the address {}", AddressFault::NotAbsolute)).into()),
            }
        });
        let origins = origins.collect::<Result<Vec<_>, Box<Finding>>>()?;
        if origins.is_empty() {
            let finding = Finding::error("no-address", "the address that the token goes to is missing");
            return Err(Box::new(finding.remedy("name one: https://HOST")));
        }
        Ok(Self { origins, others_pass: false })
    }

    /// Whether the token goes along; a target without an address is where the stack leads by itself.
    ///
    /// # Errors
    /// When the request goes elsewhere and such requests do not pass.
    pub(super) fn covers(&self, target: Option<Target<'_>>) -> Result<bool, Box<Finding>> {
        let Some(target) = target else { return Ok(true) };
        if self.origins.iter().any(|origin| origin.is(&target)) {
            return Ok(true);
        }
        if self.others_pass {
            return Ok(false);
        }
        let known: Vec<String> = self.origins.iter().map(Origin::shown).collect();
        let port = target.port().map(|port| format!(":{port}")).unwrap_or_default();
        let what = if target.user_information { " with a user name" } else { "" };
        let message = format!(
            "the token is for {}, and the request goes to {}://{}{port}{what}",
            known.join(" and "),
            target.scheme,
            target.host
        );
        let remedy = "name that address when the ApiToken is made, if the token may go there, or let such requests \
                      pass without one: others_without_token()";
        Err(Box::new(Finding::error("address-not-covered", message).remedy(remedy)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn goes(reach: &Reach, address: &str) -> bool {
        reach.covers(Some(Target::of_url(&Url::parse(address).unwrap()))).unwrap()
    }

    #[test]
    fn scheme_host_and_port_decide() {
        let mut reach = Reach::new(["https://api.example/v1", "http://localhost:81"]).unwrap();
        reach.others_pass = true;
        for (address, expected) in [
            ("https://api.example/", true),
            ("https://API.example:443/v2", true),
            ("http://localhost:81/x", true),
            ("http://api.example/v1", false),
            ("https://api.example:444/v1", false),
            ("https://api.example.evil/", false),
            ("https://sub.api.example/", false),
            ("https://api.example@evil.example/", false),
            ("https://user@api.example/", false),
            ("http://localhost/", false),
            ("https://localhost:81/", false),
            ("ftp://api.example/", false),
        ] {
            assert_eq!(goes(&reach, address), expected, "{address}");
        }
        assert!(reach.covers(None).unwrap());
    }

    #[test]
    fn elsewhere_is_an_error_that_names_both() {
        let reach = Reach::new(["https://api.example"]).unwrap();
        let url = Url::parse("http://user:hunter2@api.example/secret?code=1").unwrap();
        let finding = reach.covers(Some(Target::of_url(&url))).unwrap_err();
        let said = finding.to_string();
        assert!(said.contains("https://api.example:443") && said.contains("http://api.example:80"), "{said}");
        assert!(!said.contains("hunter2") && !said.contains("secret") && !said.contains("code"), "{said}");
    }

    #[test]
    fn what_no_token_may_go_to_is_found_at_once() {
        for bad in ["http://api.example", "api.example", "https://u:p@api.example", "ftp://localhost"] {
            assert!(Reach::new([bad]).is_err(), "{bad}");
        }
        assert!(Reach::new(Vec::<String>::new()).is_err());
    }
}
