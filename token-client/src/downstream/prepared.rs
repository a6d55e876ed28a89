//! A call as it will be sent, its token left out: what is wrong with it is found before anything is sent.

use std::sync::Arc;
use std::time::Duration;

use credential_core::world::{BodyStream, HttpRequest};
use credential_core::{Finding, Secret};
use url::Url;

use super::address::Base;
use super::body::Outgoing;
use super::called::Called;
use super::hooks::{self, Hooks, own_code};
use super::redirect::Hop;
#[cfg(feature = "cli")]
use super::response::DownstreamResponse;
use super::response::MAX_RESPONSE;
use crate::http::headers;
#[cfg(feature = "cli")]
use crate::http::media_type;
use crate::{AccessToken, TokenRequest};

/// How long one request to an API may take, unless the call says it.
const TIMEOUT: Duration = Duration::from_secs(100);
/// The same where a body comes in pieces: that something moves is seen to apart from it.
const STREAM_TIMEOUT: Duration = Duration::from_secs(60 * 60);
/// What goes to whoever is not the API.
const FOR_ANYBODY: [&str; 3] = ["accept", "content-type", "content-length"];

/// A call as it will be sent, its token left out.
#[derive(Debug)]
pub(crate) struct Prepared {
    /// What its token is asked for; `None` for an API that is called without one.
    pub(crate) token_request: Option<Arc<TokenRequest>>,
    pub(super) timeout: Option<Duration>,
    pub(super) redirects: u8,
    pub(super) retries: u8,
    pub(super) hooks: Hooks,
    /// All but the token's, those of the body last.
    pub(super) headers: Vec<(String, Secret)>,
    pub(super) body: Outgoing,
    pub(super) base: Arc<Base>,
    pub(super) called: Arc<Called>,
}

impl Prepared {
    /// What is odd about an answer of success: a page for people, though something else was asked for.
    #[cfg(feature = "cli")]
    pub(crate) fn doubt(&self, answer: &DownstreamResponse) -> Option<Finding> {
        let media_type = answer.header("content-type").filter(|kind| media_type::is_html(kind))?;
        let (_, accept) = self.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("accept"))?;
        let is_odd = answer.is_success() && !media_type::takes_html(accept.expose());
        is_odd.then(|| self.called.page(answer.status(), media_type, accept.expose()))
    }

    /// The first request.
    pub(super) fn hop(&self) -> Hop {
        let (method, url) = (self.called.method().clone(), self.called.address().to_owned());
        Hop { method, url, is_home: true, with_body: true }
    }

    /// How long a request may take.
    pub(super) fn limit(&self, in_pieces: bool) -> Duration {
        let default = if in_pieces || self.body.stream.is_some() { STREAM_TIMEOUT } else { TIMEOUT };
        self.timeout.unwrap_or(default)
    }

    /// How long waits for an API that wants to be left alone may take in all.
    pub(super) fn patience(&self) -> Duration {
        self.timeout.unwrap_or(TIMEOUT)
    }

    /// Whether what the body consists of is still there after it was sent.
    pub(super) fn can_be_sent_again(&self) -> bool {
        self.body.stream.as_ref().is_none_or(|stream| stream.can_be_sent_again)
    }

    /// The request of a hop, with the token where it may go, changed by the hooks.
    ///
    /// # Errors
    /// When a hook made something of it that is not sent.
    pub(super) fn request(
        &self,
        hop: &Hop,
        token: Option<&AccessToken>,
        in_pieces: bool,
    ) -> Result<HttpRequest, Box<Finding>> {
        let mut request = HttpRequest::new(hop.method.clone(), hop.url.as_str())
            .timeout(self.limit(in_pieces))
            .max_response(MAX_RESPONSE);
        if hop.with_body {
            request.body = self.body.bytes.clone();
        }
        let is_of_body = |name: &str| name.starts_with("content-");
        let goes = |name: &str| (hop.is_home || FOR_ANYBODY.contains(&name)) && (hop.with_body || !is_of_body(name));
        request.headers = Vec::with_capacity(self.headers.len() + 1);
        request.headers.extend(self.headers.iter().filter(|(name, _)| goes(name)).cloned());
        if !hop.is_home {
            return Ok(request.untraced());
        }
        let own = &self.hooks;
        let run = |hooks, request: &mut _| hooks::run(hooks, request).map_err(|finding| self.called.wrong(*finding));
        run(&own.before_token, &mut request)?;
        if let Some(token) = token {
            request.headers.push(("authorization".to_owned(), token.authorization_header().clone()));
        }
        run(&own.after_token, &mut request)?;
        run(&own.before_sending, &mut request)?;
        if !own.is_empty() {
            self.check_hooked(&request)?;
        }
        Ok(request)
    }

    /// The body of a hop, where it comes in pieces.
    ///
    /// # Errors
    /// When it was sent already and cannot be sent again.
    pub(super) fn stream(&self, hop: &Hop) -> Result<Option<Box<dyn BodyStream>>, Box<Finding>> {
        let Some(stream) = self.body.stream.as_ref().filter(|_| hop.with_body) else { return Ok(None) };
        let begun = own_code("the body", || stream.begin()).map_err(|finding| self.called.wrong(*finding))?;
        let begun = begun.ok_or_else(|| {
            let message = "the body, a stream, was sent already and cannot be sent again";
            let remedy = "make it anew for each call, or give StreamBody::each_time(..)";
            self.called.wrong(Finding::error("body-sent-already", message).remedy(remedy))
        });
        begun.map(Some)
    }

    /// What hooks may not do: lead the call away, or send what no request may carry.
    fn check_hooked(&self, request: &HttpRequest) -> Result<(), Box<Finding>> {
        let stays = Url::parse(&request.url).is_ok_and(|url| url.origin() == self.base.origin());
        let is_token = |name: &str| name.eq_ignore_ascii_case("authorization");
        let tokens = request.headers.iter().filter(|(name, _)| is_token(name)).count();
        let unfit = request.headers.iter().find(|(name, value)| !headers::fits(name, value.expose()));
        let (message, remedy) = if !stays {
            ("a hook leads the call to another scheme, host or port".to_owned(), "set it with base_url(..)")
        } else if tokens > 1 {
            let remedy = "remove one in after_token(..), or call anonymous()";
            ("the request has two Authorization headers: a hook's and the token's".to_owned(), remedy)
        } else if let Some((name, _)) = unfit {
            (format!("a hook sets the header {name:?}, which cannot be sent"), "change the hook")
        } else {
            return Ok(());
        };
        Err(self.called.wrong(Finding::error("bad-hook", message).remedy(remedy)))
    }
}
