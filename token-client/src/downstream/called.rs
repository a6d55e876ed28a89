//! Which call it was, for whoever reads of its failure: the API, the method, the address, the setting to look at.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use credential_core::Finding;
use credential_core::source::{Origin, causes};
use credential_core::text::shown_address;
use credential_core::world::{HttpError, HttpErrorKind};

use crate::settings::{DownstreamOptions, Located};

/// A call that was made.
#[derive(Clone)]
pub(super) struct Called {
    options: Arc<DownstreamOptions>,
    method: String,
    address: String,
    /// The call names a path of its own.
    own_path: bool,
}

/// A setting of the section: its path and where it stands.
type Setting = (String, Origin);

impl Called {
    pub(super) fn new(options: &Arc<DownstreamOptions>, method: &str, address: &str, own_path: bool) -> Self {
        let options = Arc::clone(options);
        Self { options, method: method.to_owned(), address: shown_address(address), own_path }
    }

    /// No answer was there.
    pub(super) fn unanswered(&self, error: &HttpError) -> Finding {
        let code = if error.kind() == HttpErrorKind::Timeout { "api-timed-out" } else { "api-unreachable" };
        let mut finding = Finding::error(code, format!("{self}: {error}"));
        finding.cause = causes(error);
        let remedy =
            "check BaseUrl, the network, the proxy (HTTPS_PROXY) and the certificate authorities (SSL_CERT_FILE)";
        self.at(finding.remedy(remedy), self.base_url())
    }

    /// The call's own time was over.
    pub(super) fn late(&self, within: Duration) -> (HttpError, Finding) {
        let error = HttpError::new(HttpErrorKind::Timeout, format!("timed out after {within:?}, the call's timeout"));
        let finding = Finding::error("api-timed-out", format!("{self}: {error}"));
        (error, self.at(finding.remedy("give the call more time, or look at the API and the authority"), None))
    }

    /// The API answered with a status that is none of success; `said` are its own words.
    pub(super) fn refused(&self, status: u16, with_token: bool, said: &str) -> Finding {
        let token = match (status, with_token) {
            (401, true) => " though a token was sent",
            (401, false) => ": no token was sent",
            _ => "",
        };
        let said = if said.is_empty() { String::new() } else { format!(": {said}") };
        let finding = Finding::error("api-refused", format!("{self} answered {status}{token}{said}"));
        let (remedy, setting) = match (status, with_token) {
            (401, true) => ("compare the audience that the API expects with Scopes", self.scopes()),
            (401, false) => ("add Scopes to the section", self.scopes()),
            (403, _) => ("grant the role or scope that the API asks for; Scopes names what is asked", self.scopes()),
            (300..=399, _) => ("write the address that it redirects to: no redirect is followed", self.path()),
            (404 | 405 | 410, _) => ("compare the address with the API's: BaseUrl, RelativePath and path", self.path()),
            (408 | 429 | 500.., _) => ("try again later, or look at the API's log", None),
            _ => ("see what the API says", None),
        };
        self.at(finding.remedy(remedy), setting)
    }

    /// The answer is not the JSON that was expected.
    pub(super) fn not_json(&self, content_type: &str, line: usize, column: usize) -> Finding {
        let what = "is not the JSON that was expected";
        let message = format!("the answer to {self} ({content_type}) {what}, at line {line}, column {column}");
        self.at(Finding::error("answer-not-json", message).remedy("look at it with call(..) and text()"), None)
    }

    fn at(&self, finding: Finding, setting: Option<Setting>) -> Finding {
        let (path, origin) = setting.unwrap_or_else(|| (self.options.path.clone(), self.options.origin.clone()));
        finding.at(path, origin)
    }

    /// Where the scopes stand, or would.
    fn scopes(&self) -> Option<Setting> {
        let missing = || Some((format!("{}:Scopes", self.options.path), self.options.origin.clone()));
        self.options.scopes.as_ref().map_or_else(missing, place)
    }

    fn base_url(&self) -> Option<Setting> {
        self.options.base_url.as_ref().and_then(place)
    }

    /// What the path came from: the section's, or else the call's below the address.
    fn path(&self) -> Option<Setting> {
        let configured = self.options.relative_path.as_ref().filter(|path| !self.own_path && !path.value.is_empty());
        configured.and_then(place).or_else(|| self.base_url())
    }
}

fn place<T>(located: &Located<T>) -> Option<Setting> {
    Some((located.path.clone(), located.origin.clone()))
}

impl fmt::Display for Called {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} ({})", self.method, self.address, self.options.name)
    }
}

impl fmt::Debug for Called {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
