//! One call of a downstream API: what differs from its section.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use credential_core::Finding;
use credential_core::credential::SecretBytes;
use credential_core::text::{shown_address, shown_path};
use credential_core::world::HttpRequest;
use serde::Serialize;

use super::body::Body;
use super::call_token::Asked;
use super::hooks::Hooks;
use super::{Caller, DownstreamError, StreamBody};
use crate::TraceContext;
use crate::settings::names::Names;

/// A call; what it does not say comes from the API's section, which no call ever changes. `Debug` shows no user's
/// token, no segments and no values of query parameters and headers, and nothing of what its closures hold.
///
/// How a token is asked for stands in the second half of its methods, from [`as_app`](Self::as_app) on.
#[derive(Clone, Default)]
#[non_exhaustive]
pub struct DownstreamCall {
    /// Instead of `HttpMethod`.
    pub method: Option<String>,
    /// Instead of `BaseUrl`.
    pub base_url: Option<String>,
    /// Instead of `RelativePath`.
    pub path: Option<String>,
    pub(crate) segments: Vec<String>,
    pub(crate) parameters: Vec<(String, String)>,
    /// Besides `ExtraQueryParameters`.
    pub query: Vec<(String, String)>,
    /// Besides `ExtraHeaderParameters` and `AcceptHeader`; in the place of those of the same name.
    pub headers: Vec<(String, String)>,
    /// Instead of `ContentType`.
    pub content_type: Option<String>,
    /// Another tenant than the configured one.
    pub tenant: Option<String>,
    /// Claims that a caller or resource asked for, as JSON text: another token is asked for.
    pub claims: Option<String>,
    /// The id that ties the call's requests together, in the authority's logs and the API's.
    pub correlation_id: Option<String>,
    /// The trace that the call belongs to, in the place of the one that
    /// [`TokenClientBuilder::trace_context`](crate::TokenClientBuilder::trace_context) says.
    pub trace_context: Option<TraceContext>,
    /// How long the call may take, its token included.
    pub timeout: Option<Duration>,
    /// How many redirects are followed.
    pub redirects: Option<u8>,
    /// How often it is sent again to an API that wants to be left alone for a while.
    pub retries: Option<u8>,
    /// Whom it says it is made for, each once: more than one is an error when it is called.
    pub(crate) callers: Vec<Caller>,
    pub(crate) asked: Asked,
    pub(crate) body: Option<Body>,
    pub(crate) without_section_headers: bool,
    pub(crate) without_section_query: bool,
    pub(super) hooks: Hooks,
}

impl fmt::Debug for DownstreamCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DownstreamCall")
            .field("method", &self.method)
            .field("base_url", &self.base_url.as_deref().map(shown_address))
            .field("path", &self.path.as_deref().map(shown_path))
            .field("segments", &self.segments.len())
            .field("parameters", &Names(&self.parameters))
            .field("query", &Names(&self.query))
            .field("headers", &Names(&self.headers))
            .field("content_type", &self.content_type)
            .field("tenant", &self.tenant)
            .field("claims", &self.claims.as_ref().map(|_| "***"))
            .field("correlation_id", &self.correlation_id)
            .field("trace_context", &self.trace_context)
            .field("timeout", &self.timeout)
            .field("redirects", &self.redirects)
            .field("retries", &self.retries)
            .field("callers", &self.callers)
            .field("asked", &self.asked)
            .field("body", &self.body.as_ref().map(Body::length))
            .field("hooks", &self.hooks)
            .finish()
    }
}

impl DownstreamCall {
    /// A call exactly as its section says.
    pub fn new() -> Self {
        Self::default()
    }

    /// Another method than the section's.
    #[must_use]
    pub fn method(mut self, method: impl Into<String>) -> Self {
        self.method = Some(method.into());
        self
    }

    /// Another address than the section's `BaseUrl`. The token goes there: never one that comes from outside.
    #[must_use]
    pub fn base_url(mut self, url: impl Into<String>) -> Self {
        self.base_url = Some(url.into());
        self
    }

    /// Another path than the section's `RelativePath`, below `BaseUrl`. What comes from outside goes into
    /// [`segment`](Self::segment), a query into [`query`](Self::query).
    ///
    /// A path with `?`, `#`, a backslash or `..` in it, however encoded, and an address of its own are errors
    /// when it is called.
    #[must_use]
    pub fn path(mut self, path: impl Into<String>) -> Self {
        self.path = Some(path.into());
        self
    }

    /// Adds a segment to the path (the call's own, or else the section's), escaped whatever it is made of:
    /// `path("users").segment(id)`.
    ///
    /// An empty segment, `.`, `..`, and what holds `..` between slashes are errors when it is called.
    #[must_use]
    pub fn segment(mut self, segment: impl Into<String>) -> Self {
        self.segments.push(segment.into());
        self
    }

    /// Adds several segments to the path, each as [`segment`](Self::segment) does.
    #[must_use]
    pub fn path_segments<S: Into<String>>(mut self, segments: impl IntoIterator<Item = S>) -> Self {
        self.segments.extend(segments.into_iter().map(Into::into));
        self
    }

    /// Fills each `{name}` in the path (the call's own, or else the section's `RelativePath`) with a segment, escaped
    /// as [`segment`](Self::segment) does it: `path("users/{id}/photo").path_parameter("id", id)`.
    ///
    /// A `{...}` that nothing fills, and a parameter that the path does not name, are errors when it is called.
    #[must_use]
    pub fn path_parameter(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.parameters.push((name.into(), value.into()));
        self
    }

    /// Adds a query parameter; it is escaped.
    #[must_use]
    pub fn query(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.query.push((name.into(), value.into()));
        self
    }

    /// Leaves out the section's `ExtraQueryParameters`.
    #[must_use]
    pub fn without_section_query(mut self) -> Self {
        self.without_section_query = true;
        self
    }

    /// Adds a header, in the place of the section's of that name. One that is this client's own (`Authorization`,
    /// `Cookie`, `Host`, ...) is left out with a warning in the log; one of the body or of the connection, or with
    /// characters that none may have, is an error when it is called, before a token is asked for.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// What the API is asked to answer with, instead of `AcceptHeader`; an empty text asks for nothing in particular.
    #[must_use]
    pub fn accept(self, media_types: impl Into<String>) -> Self {
        self.header("accept", media_types)
    }

    /// Leaves out the section's `ExtraHeaderParameters`.
    #[must_use]
    pub fn without_section_headers(mut self) -> Self {
        self.without_section_headers = true;
        self
    }

    /// Sends the value as JSON, of the section's `ContentType` where that is a JSON type
    /// (`application/merge-patch+json`). A string alone goes as it is where `ContentType` is `text/...`.
    ///
    /// # Errors
    /// [`DownstreamError::Call`] when the value cannot be written as JSON.
    pub fn json(mut self, value: &(impl Serialize + ?Sized)) -> Result<Self, DownstreamError> {
        let bytes = serde_json::to_vec(value).map_err(|error| {
            let finding = Finding::error("body-not-json", "the body cannot be written as JSON");
            Box::new(finding.because(error.to_string()).remedy("make it a value that JSON has, or send bytes(..)"))
        })?;
        self.body = Some(Body::Json(SecretBytes::new(bytes)));
        Ok(self)
    }

    /// What the body is, instead of the section's `ContentType`.
    #[must_use]
    pub fn content_type(mut self, media_type: impl Into<String>) -> Self {
        self.content_type = Some(media_type.into());
        self
    }

    /// Sends text as it is, of the section's `ContentType`, or else as `text/plain; charset=utf-8`.
    #[must_use]
    pub fn text(mut self, text: impl Into<String>) -> Self {
        self.body = Some(Body::Text(SecretBytes::new(text.into())));
        self
    }

    /// Sends bytes as they are, of the media type given, or else of the section's `ContentType`, if any.
    #[must_use]
    pub fn bytes(mut self, bytes: impl Into<Vec<u8>>, content_type: Option<&str>) -> Self {
        self.body = Some(Body::Bytes(SecretBytes::new(bytes), content_type.map(str::to_owned)));
        self
    }

    /// Sends what comes in pieces, as it comes.
    #[must_use]
    pub fn stream(mut self, body: StreamBody) -> Self {
        self.body = Some(Body::Stream(body));
        self
    }

    /// How long the call may take, its token included. Without it the token has the client's
    /// [`patience`](crate::TokenClientBuilder::patience), and each request to the API 100 s, or an hour where a body
    /// comes in pieces.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Follows at most so many redirects; without it none is followed, and the answer that redirects is the answer.
    ///
    /// The token and the headers of the call go on to the same scheme, host and port alone; what leads elsewhere gets
    /// `Accept` and, with 307 and 308, the body. From https nothing leads to http. `POST` becomes `GET` unless the
    /// status is 307 or 308 (RFC 9110 §15.4).
    #[must_use]
    pub fn follow_redirects(mut self, at_most: u8) -> Self {
        self.redirects = Some(at_most);
        self
    }

    /// Sends the call again, at most so many times, where the API answers 429 or 503 with `Retry-After`, the method
    /// is idempotent (`GET`, `HEAD`, `OPTIONS`, `TRACE`, `PUT`, `DELETE`) and the wait ends within the call's
    /// time-out, 100 s without one. Never on its own: whoever repeats calls already would multiply them.
    #[must_use]
    pub fn retry(mut self, at_most: u8) -> Self {
        self.retries = Some(at_most);
        self
    }

    /// Changes each request of the call when all is set but the token's header. Runs again each time that the call is
    /// sent: with further claims, after a wait, after a redirect to the same origin. A body that comes in pieces is not
    /// there.
    ///
    /// A request that leads to another scheme, host or port afterwards, has two `Authorization` headers, or a header
    /// that none may be, is not sent, nor is one whose hook panics: [`DownstreamError::Call`]. It runs on the thread of
    /// the call, so that one that waits holds up the runtime: work that takes time is done before the call.
    ///
    /// ```
    /// use token_client::DownstreamCall;
    ///
    /// let call = DownstreamCall::new().before_token(|request| {
    ///     request.headers.push(("x-sent-at".to_owned(), "now".into()));
    /// });
    /// # let _ = call;
    /// ```
    #[must_use]
    pub fn before_token(mut self, hook: impl Fn(&mut HttpRequest) + Send + Sync + 'static) -> Self {
        self.hooks.before_token.push(Arc::new(hook));
        self
    }

    /// The same when the token's header is set too, where there is one. `Debug` of a request shows no header.
    #[must_use]
    pub fn after_token(mut self, hook: impl Fn(&mut HttpRequest) + Send + Sync + 'static) -> Self {
        self.hooks.after_token.push(Arc::new(hook));
        self
    }

    /// The same, last of all.
    #[must_use]
    pub fn before_sending(mut self, hook: impl Fn(&mut HttpRequest) + Send + Sync + 'static) -> Self {
        self.hooks.before_sending.push(Arc::new(hook));
        self
    }

    /// What this call says, and else what the other one does.
    pub(super) fn over(mut self, other: &Self) -> Self {
        fn or<T: Clone>(own: Option<T>, other: &Option<T>) -> Option<T> {
            own.or_else(|| other.clone())
        }
        if self.path.is_none() && self.segments.is_empty() {
            self.segments.clone_from(&other.segments);
            self.path.clone_from(&other.path);
            self.parameters.splice(..0, other.parameters.iter().cloned());
        }
        let replaced = |name: &String| self.headers.iter().any(|(own, _)| own.eq_ignore_ascii_case(name));
        let headers = other.headers.iter().filter(|(name, _)| !replaced(name)).cloned();
        self.headers = headers.chain(self.headers.iter().cloned()).collect();
        self.query.splice(..0, other.query.iter().cloned());
        if self.callers.is_empty() && !self.asked.anonymous {
            self.callers.clone_from(&other.callers);
        }
        self.method = or(self.method, &other.method);
        self.base_url = or(self.base_url, &other.base_url);
        self.content_type = or(self.content_type, &other.content_type);
        self.tenant = or(self.tenant, &other.tenant);
        self.claims = or(self.claims, &other.claims);
        self.correlation_id = or(self.correlation_id, &other.correlation_id);
        self.trace_context = or(self.trace_context, &other.trace_context);
        self.timeout = or(self.timeout, &other.timeout);
        self.redirects = or(self.redirects, &other.redirects);
        self.retries = or(self.retries, &other.retries);
        self.body = or(self.body, &other.body);
        self.without_section_headers |= other.without_section_headers;
        self.without_section_query |= other.without_section_query;
        self.asked = self.asked.over(&other.asked);
        self.hooks = self.hooks.after(&other.hooks);
        self
    }
}
