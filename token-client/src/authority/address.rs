//! `Authority` and `Instance` taken apart.

use std::fmt;

use credential_core::registry::check_form;
use credential_core::world::{AddressFault, check_address, is_loopback, why_not_absolute};
use credential_core::{Finding, Setting, SettingKind};
use url::Url;

use crate::settings::{Located, codes};

/// An address: `https://HOST/SEGMENT/...?QUERY`.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Address {
    pub(crate) scheme: String,
    /// Lower case, with the port where it is not the scheme's own.
    pub(crate) host: String,
    pub(crate) loopback: bool,
    /// The parts of the path that are not empty, percent-decoding left to nobody.
    pub(crate) segments: Vec<String>,
    pub(crate) query: Option<String>,
}

impl fmt::Debug for Address {
    /// Without the query, whose values may be secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.origin(), self.segments.join("/"))
    }
}

impl Address {
    /// `https://HOST`.
    pub(crate) fn origin(&self) -> String {
        format!("{}://{}", self.scheme, self.host)
    }

    /// The address without its query: `https://HOST/SEGMENT/...`.
    pub(crate) fn text(&self) -> String {
        format!("{}/{}", self.origin(), self.segments.join("/"))
    }

    /// The first segment in lower case; empty when there is none.
    pub(crate) fn first(&self) -> String {
        self.segments.first().map(|segment| segment.to_ascii_lowercase()).unwrap_or_default()
    }

    /// Takes the address of a setting apart.
    ///
    /// # Errors
    /// One finding that says why it is none. Never for `http` on this machine.
    pub(crate) fn parse(setting: &Located<String>, name: &'static str) -> Result<Self, Box<Finding>> {
        Self::parse_text(&setting.value, name)
            .map_err(|finding| Box::new(finding.at(&setting.path, setting.origin.clone())))
    }

    fn parse_text(text: &str, name: &'static str) -> Result<Self, Box<Finding>> {
        let wrong = |what: &str| Finding::error(codes::WRONG_VALUE, format!("{name} {what}"));
        if let Some(finding) = check_form(&Setting::new(name, SettingKind::Url, ""), text) {
            return Err(Box::new(finding));
        }
        let absolute = || {
            let (why, remedy) = why_not_absolute(text);
            wrong(&format!("is not a valid URL: {why}")).remedy(remedy)
        };
        check_address(text).map_err(|fault| match fault {
            AddressFault::NotAbsolute => absolute(),
            AddressFault::NotProtected => {
                Finding::error(codes::INSECURE_URL, format!("{name} {fault}")).remedy(fault.remedy())
            }
            _ => wrong(&fault.to_string()).remedy(fault.remedy()),
        })?;
        let url = Url::parse(text).map_err(|_| absolute())?;
        if url.fragment().is_some() {
            return Err(Box::new(wrong("has a # in it").remedy("remove what follows the #")));
        }
        Ok(Self {
            scheme: url.scheme().to_owned(),
            host: host_and_port(&url),
            loopback: is_loopback(text),
            segments: url.path().split('/').filter(|part| !part.is_empty()).map(str::to_owned).collect(),
            query: url.query().filter(|query| !query.is_empty()).map(str::to_owned),
        })
    }
}

/// The host in lower case, with the port where it is not the scheme's own.
pub(crate) fn host_and_port(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}
