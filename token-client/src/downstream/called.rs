//! Which call it was, for whoever reads of its failure: the API, the method, the address, the setting to look at.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use credential_core::Finding;
use credential_core::source::{Origin, causes};
use credential_core::text::{printable, shown_address};
use credential_core::world::{HttpError, HttpErrorKind, HttpResponse};

use super::{challenge, section};
use crate::AccessToken;
use crate::http::unanswered::{self, PROXY_PASSWORD};
use crate::jwt::Claims;
use crate::settings::{DownstreamOptions, Located};

/// What to do about a page in the place of an answer.
const PAGE: &str = "check BaseUrl: a page for people answered, of a sign-in or a captive portal";

/// A call that was made.
#[derive(Clone)]
pub(super) struct Called {
    options: Arc<DownstreamOptions>,
    method: Cow<'static, str>,
    /// As it is sent.
    address: String,
    /// The call names a path of its own.
    own_path: bool,
}

/// A setting of the section: its path and where it stands.
type Setting = (String, Origin);

impl Called {
    pub(super) fn new(
        options: Arc<DownstreamOptions>,
        method: Cow<'static, str>,
        address: String,
        own_path: bool,
    ) -> Self {
        Self { options, method, address, own_path }
    }

    pub(super) fn method(&self) -> &Cow<'static, str> {
        &self.method
    }

    pub(super) fn address(&self) -> &str {
        &self.address
    }

    /// Something about the call itself, found when it was about to be sent.
    pub(super) fn wrong(&self, finding: Finding) -> Box<Finding> {
        section::about_call(Box::new(finding), &self.options, &self.method, &self.address)
    }

    /// No answer was there.
    pub(super) fn unanswered(&self, error: &HttpError) -> Finding {
        let code = if error.kind() == HttpErrorKind::Timeout { "api-timed-out" } else { "api-unreachable" };
        let mut finding = Finding::error(code, format!("{self}: {error}"));
        finding.cause = causes(error);
        if error.kind() == HttpErrorKind::TooLarge {
            return self.at(finding.remedy("ask for less at a time, or read the answer as a stream"), self.path());
        }
        finding.cause.extend(self.address_from().into_iter().next());
        self.at(finding.remedy(format!("check BaseUrl, or {}", unanswered::remedy(error))), self.base_url())
    }

    /// The call's own time was over.
    pub(super) fn late(&self, within: Duration) -> (HttpError, Finding) {
        let error = HttpError::new(HttpErrorKind::Timeout, format!("timed out after {within:?}, the call's timeout"));
        let finding = Finding::error("api-timed-out", format!("{self}: {error}"));
        (error, self.at(finding.remedy("give the call more time, or look at the API and the authority"), None))
    }

    /// The API answered with a status that is none of success; `said` are its own words, `wait` is what it asks for.
    pub(super) fn refused(
        &self,
        response: &HttpResponse,
        token: Option<&AccessToken>,
        said: &str,
        wait: Option<Duration>,
    ) -> Finding {
        let status = response.status;
        let with = match (status, token) {
            (401, Some(_)) => " though a token was sent",
            (401, None) => ": no token was sent",
            _ => "",
        };
        let challenge = challenge::words(response);
        let first = if said.is_empty() { challenge.clone().unwrap_or_default() } else { said.to_owned() };
        let first = if first.is_empty() { first } else { format!(": {first}") };
        let mut finding = Finding::error("api-refused", format!("{self} answered {status}{with}{first}"));
        let redirect = response.header("location").filter(|_| (300..=399).contains(&status));
        finding.cause = match (status, token) {
            (401 | 403, Some(token)) => vec![had(token)],
            (404 | 405 | 410 | 501, _) => self.address_from(),
            _ => redirect.map(redirected).into_iter().collect(),
        };
        if status == 401 {
            let others =
                challenge::other_schemes(response).map(|others| format!("it asks for {others}, not for Bearer"));
            let words = challenge.filter(|_| !said.is_empty()).map(|words| format!("its challenge says: {words}"));
            finding.cause.extend(others.or(words));
        }
        match wait.filter(|_| matches!(status, 429 | 503)) {
            Some(wait) => self.at(finding.remedy(later(wait)), None),
            None => {
                let (remedy, setting) = self.to_do(response, token, redirect);
                self.at(finding.remedy(remedy), setting)
            }
        }
    }

    fn to_do(
        &self,
        response: &HttpResponse,
        token: Option<&AccessToken>,
        redirect: Option<&str>,
    ) -> (&'static str, Option<Setting>) {
        match (response.status, token) {
            (401, _) if challenge::other_schemes(response).is_some() => {
                ("let the API take Bearer tokens: no other credentials are sent", self.base_url())
            }
            (401, Some(_)) => ("compare the audience that the API expects with the resource in Scopes", self.scopes()),
            (403, Some(token)) => (to_grant(token), self.scopes()),
            (401 | 403, None) => ("add Scopes to the section, so that a token is sent", self.scopes()),
            (407, _) => (PROXY_PASSWORD, self.base_url()),
            (300..=399, _) if redirect.is_some_and(is_sign_in) => (SIGN_IN, self.scopes()),
            (301..=303 | 307 | 308, _) => {
                ("write the address that it redirects to: no redirect is followed", self.path())
            }
            (404 | 405 | 410, _) => ("compare the address with the API's: BaseUrl, RelativePath and path", self.path()),
            (501, _) => ("compare method and address with the API's", self.path()),
            (408 | 429 | 500.., _) => ("try again later, or look at the API's log", None),
            _ => ("correct what the API names: the call's path, query and body, or the section's settings", None),
        }
    }

    /// The answer has no body, and a value was expected.
    pub(super) fn empty(&self, status: u16) -> Finding {
        let message = format!("the answer to {self} is empty (status {status}), and a value was expected");
        let finding = Finding::error("answer-empty", message);
        self.at(finding.remedy("read it as Option<..> or (), or look at it with call(..)"), None)
    }

    /// A page came with a status of success, and `accept` was asked for.
    #[cfg(feature = "cli")]
    pub(super) fn page(&self, status: u16, content_type: &str, accept: &str) -> Finding {
        let (came, asked) = (printable(content_type, 100), printable(accept, 100));
        let message = format!("{self} answered {status} with a page ({came}) where {asked} was asked for");
        let mut finding = Finding::warning("answer-is-page", message);
        finding.cause = self.address_from();
        self.at(finding.remedy(format!("{PAGE}; if you want the page, set AcceptHeader to text/html")), self.path())
    }

    /// The answer is not the JSON that was expected.
    pub(super) fn not_json(&self, content_type: &str, line: usize, column: usize, page: bool) -> Finding {
        let what = "is not the JSON that was expected";
        let message = format!("the answer to {self} ({content_type}) {what}, at line {line}, column {column}");
        let finding = Finding::error("answer-not-json", message);
        match page {
            true => self.at(finding.remedy(PAGE), self.base_url()),
            false => self.at(finding.remedy("look at it with call(..) and text()"), None),
        }
    }

    /// What the address was made of.
    fn address_from(&self) -> Vec<String> {
        let said = |setting: &Located<String>| {
            let name = setting.path.rsplit(':').next().unwrap_or_default();
            format!("{name} is {:?} ({})", shown_address(&setting.value), setting.origin)
        };
        let base = self.options.base_url.as_ref().map(said);
        let path = match self.configured_path() {
            Some(path) => Some(said(path)),
            None => self.own_path.then(|| "the path comes from the call".to_owned()),
        };
        base.into_iter().chain(path).collect()
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
        self.configured_path().and_then(place).or_else(|| self.base_url())
    }

    fn configured_path(&self) -> Option<&Located<String>> {
        self.options.relative_path.as_ref().filter(|path| !self.own_path && !path.value.is_empty())
    }
}

/// What the API looks at in a token.
fn had(token: &AccessToken) -> String {
    let Some(claims) = Claims::read(token.value()) else { return "the token does not say what it is for".to_owned() };
    let audience = claims.text("aud").unwrap_or_else(|| "none".to_owned());
    let rights: Vec<String> = [("roles", "the roles"), ("scp", "the scopes")]
        .into_iter()
        .filter_map(|(claim, name)| Some(format!("{name} {}", claims.text(claim)?)))
        .collect();
    let rights = if rights.is_empty() { "neither roles nor scopes".to_owned() } else { rights.join(" and ") };
    format!("the token has the audience {audience} and {rights}")
}

/// What is missing in a token that was not enough.
fn to_grant(token: &AccessToken) -> &'static str {
    let has = |claim: &str| Claims::read(token.value()).is_some_and(|claims| claims.text(claim).is_some());
    match has("scp") {
        true => {
            "add the role or scope that the API asks for to Scopes, and grant it under API permissions of the app registration"
        }
        false => {
            "grant the application the role that the API asks for, with admin consent, under API permissions of the app registration"
        }
    }
}

/// What to do where an API sends a program to where people sign in.
const SIGN_IN: &str = "let the API answer programs with 401 in place of a sign-in, and compare the audience that it \
                       expects with the resource in Scopes";

/// Whether people sign in there: an authorization endpoint, or the one of App Service.
fn is_sign_in(location: &str) -> bool {
    let path = location.split(['?', '#']).next().unwrap_or_default().to_ascii_lowercase();
    path.contains("/oauth2/") || path.ends_with("/authorize") || path.contains("/.auth/login")
}

fn later(wait: Duration) -> String {
    format!("wait {} s, as the API asks for (Retry-After), or look at its log", wait.as_secs())
}

fn redirected(location: &str) -> String {
    format!("it redirects to {}", printable(&shown_address(location), 500))
}

fn place<T>(located: &Located<T>) -> Option<Setting> {
    Some((located.path.clone(), located.origin.clone()))
}

impl fmt::Display for Called {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} ({})", self.method, shown_address(&self.address), self.options.name)
    }
}

impl fmt::Debug for Called {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
