//! Whose token goes to which addresses, and what a challenge asks for.

use std::fmt;
use std::sync::Arc;

use credential_core::Finding;
use reqwest::StatusCode;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue, WWW_AUTHENTICATE};

use super::reach::{Reach, Target};
use super::{CallError, CallToken};
use crate::downstream::challenge;
use crate::http::wiped;
use crate::settings::json::is_object;
use crate::{AccessToken, ConfigurationError, TokenSource};

/// Whose token goes to which addresses. Cheap to clone.
///
/// ```
/// # fn example(client: token_client::TokenClient) -> Result<(), token_client::ConfigurationError> {
/// use token_client::TokenRequest;
/// use token_client::integrations::ApiToken;
///
/// let token = client.token_source(TokenRequest::app("api://orders/.default"));
/// let orders = ApiToken::new(token, ["https://orders.contoso.com"])?;
/// # let _ = orders; Ok(()) }
/// ```
#[derive(Clone)]
pub struct ApiToken {
    /// `None` where each call brings its own.
    source: Option<Arc<dyn TokenSource>>,
    reach: Arc<Reach>,
}

impl ApiToken {
    /// The source's tokens, for requests to the addresses: scheme, host and port count, paths do not. A request with
    /// a [`CallToken`] is sent with that one instead.
    ///
    /// # Errors
    /// When there is no address, or one that no token may go to: http is for this machine alone.
    pub fn new<A: AsRef<str>>(
        source: impl TokenSource + 'static,
        addresses: impl IntoIterator<Item = A>,
    ) -> Result<Self, ConfigurationError> {
        Self::made(Some(Arc::new(source)), addresses)
    }

    /// No token but that of the request: one without a [`CallToken`] is an error. For calls on behalf of users, which
    /// must never be made as the application by mistake.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn of_each_call<A: AsRef<str>>(addresses: impl IntoIterator<Item = A>) -> Result<Self, ConfigurationError> {
        Self::made(None, addresses)
    }

    fn made<A: AsRef<str>>(
        source: Option<Arc<dyn TokenSource>>,
        addresses: impl IntoIterator<Item = A>,
    ) -> Result<Self, ConfigurationError> {
        let reach = Reach::new(addresses).map_err(|finding| ConfigurationError::from(*finding))?;
        Ok(Self { source, reach: Arc::new(reach) })
    }

    /// Sends requests to other addresses as they are, without a token, instead of refusing them. For a client of
    /// several APIs with a token each, and for redirects to where no token is wanted.
    #[must_use]
    pub fn others_without_token(mut self) -> Self {
        Arc::make_mut(&mut self.reach).others_pass = true;
        self
    }

    /// The source of a request's tokens: its own or the stack's; `None` for one that goes without.
    pub(super) fn source_for(
        &self,
        target: Option<Target<'_>>,
        headers: &HeaderMap,
        own: Option<&CallToken>,
    ) -> Result<Option<Arc<dyn TokenSource>>, CallError> {
        if !self.reach.covers(target)? {
            return Ok(None);
        }
        if headers.contains_key(AUTHORIZATION) {
            let finding = Finding::error("authorization-present", "the request has an Authorization header already");
            let remedy = "remove it, or put a CallToken into the request's extensions";
            return Err(CallError::Call(Box::new(finding.remedy(remedy))));
        }
        let source = own.map(CallToken::source).or(self.source.as_ref()).ok_or_else(|| {
            let finding = Finding::error(
                "call-token-missing",
                "the request has no CallToken, and nothing else says whose token it is sent with",
            );
            Box::new(finding.remedy("put a CallToken into the request's extensions"))
        })?;
        Ok(Some(Arc::clone(source)))
    }
}

/// That there is a source, and the addresses.
impl fmt::Debug for ApiToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiToken")
            .field("of_each_call", &self.source.is_none())
            .field("reach", &self.reach)
            .finish_non_exhaustive()
    }
}

/// The claims that a refused request's answer asks for.
pub(super) fn asked_for(status: StatusCode, headers: &HeaderMap) -> Option<String> {
    if status != StatusCode::UNAUTHORIZED {
        return None;
    }
    let said = headers.get_all(WWW_AUTHENTICATE).iter().filter_map(|value| value.to_str().ok());
    // Nobody can ask for claims that are none: the caller gets the API's own words.
    challenge::claims(said).filter(|claims| is_object(claims))
}

/// The header with a token: in memory that is wiped, and marked so that no `Debug` shows it.
pub(super) fn header(token: &AccessToken) -> Result<HeaderValue, CallError> {
    wiped::header_value(token.authorization_header()).ok_or_else(|| {
        let finding = Finding::error("token-not-sendable", "the token has characters that no header can carry");
        CallError::Call(Box::new(finding.remedy("look at what the TokenSource gives")))
    })
}
