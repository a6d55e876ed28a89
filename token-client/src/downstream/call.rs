//! One call of a downstream API: what differs from its section.

use std::fmt;
use std::time::Duration;

use credential_core::text::shown_path;
use credential_core::{Finding, Secret};
use serde::Serialize;

use super::{Caller, DownstreamError};
use crate::settings::names::Names;

/// A call; what it does not say comes from the API's section. `Debug` shows no user's token, no segments and no
/// values of query parameters and headers.
#[derive(Clone, Default)]
#[non_exhaustive]
pub struct DownstreamCall {
    /// Instead of `HttpMethod`.
    pub method: Option<String>,
    /// Instead of `RelativePath`.
    pub path: Option<String>,
    pub(crate) segments: Vec<String>,
    /// Besides `ExtraQueryParameters`.
    pub query: Vec<(String, String)>,
    /// Besides `ExtraHeaderParameters`.
    pub headers: Vec<(String, String)>,
    /// Another tenant than the configured one.
    pub tenant: Option<String>,
    /// Claims that a caller or resource asked for, as JSON text: another token is asked for.
    pub claims: Option<String>,
    /// The id that ties the call's requests together, in the authority's logs and the API's.
    pub correlation_id: Option<String>,
    /// How long the call may take, its token included.
    pub timeout: Option<Duration>,
    /// Whom it says it is made for, each once: more than one is an error when it is called.
    pub(crate) callers: Vec<Caller>,
    pub(crate) body: Option<Body>,
}

#[derive(Clone)]
pub(crate) struct Body {
    pub(crate) bytes: Vec<u8>,
    pub(crate) kind: BodyKind,
}

/// What a body is, as its call says it.
#[derive(Clone)]
pub(crate) enum BodyKind {
    Json,
    /// Of that media type, if any was given.
    Bytes(Option<String>),
}

impl fmt::Debug for DownstreamCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DownstreamCall")
            .field("method", &self.method)
            .field("path", &self.path.as_deref().map(shown_path))
            .field("segments", &self.segments.len())
            .field("query", &Names(&self.query))
            .field("headers", &Names(&self.headers))
            .field("tenant", &self.tenant)
            .field("claims", &self.claims.as_ref().map(|_| "***"))
            .field("correlation_id", &self.correlation_id)
            .field("timeout", &self.timeout)
            .field("callers", &self.callers)
            .field("body", &self.body.as_ref().map(|body| body.bytes.len()))
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

    /// Adds a query parameter; it is escaped.
    #[must_use]
    pub fn query(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.query.push((name.into(), value.into()));
        self
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Another tenant than the configured one.
    #[must_use]
    pub fn tenant(mut self, tenant: impl Into<String>) -> Self {
        self.tenant = Some(tenant.into());
        self
    }

    /// Passes on claims that were asked for, as JSON text: another token is asked for.
    #[must_use]
    pub fn claims(mut self, claims: impl Into<String>) -> Self {
        self.claims = Some(claims.into());
        self
    }

    /// Sets the id that ties the call's requests together: the authority and the API get it as `client-request-id`.
    #[must_use]
    pub fn correlation_id(mut self, id: impl Into<String>) -> Self {
        self.correlation_id = Some(id.into());
        self
    }

    /// How long the call may take, its token included. Without it the token has the client's
    /// [`patience`](crate::TokenClientBuilder::patience), and each request to the API 100 s.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Calls as the application itself, where the section does not say so by `"RequestAppToken": true`.
    #[must_use]
    pub fn as_app(self) -> Self {
        self.caller(Caller::Application)
    }

    /// Calls on behalf of the user whose access token came in (the token alone, without `Bearer`).
    #[must_use]
    pub fn on_behalf_of(self, user_assertion: impl Into<Secret>) -> Self {
        self.caller(Caller::User(user_assertion.into()))
    }

    /// Says whom the call is made for; a second, different one is an error when it is called.
    #[must_use]
    pub fn caller(mut self, caller: Caller) -> Self {
        if !self.callers.contains(&caller) {
            self.callers.push(caller);
        }
        self
    }

    /// Sends the value as JSON, of the section's `ContentType` where that is a JSON type
    /// (`application/merge-patch+json`).
    ///
    /// # Errors
    /// [`DownstreamError::Call`] when the value cannot be written as JSON.
    pub fn json(mut self, value: &impl Serialize) -> Result<Self, DownstreamError> {
        let bytes = serde_json::to_vec(value).map_err(|error| {
            let finding = Finding::error("body-not-json", "the body cannot be written as JSON");
            Box::new(finding.because(error.to_string()).remedy("make it a value that JSON has, or send bytes(..)"))
        })?;
        self.body = Some(Body { bytes, kind: BodyKind::Json });
        Ok(self)
    }

    /// Sends bytes as they are, of the media type given, or else of the section's `ContentType`, if any.
    #[must_use]
    pub fn bytes(mut self, bytes: impl Into<Vec<u8>>, content_type: Option<&str>) -> Self {
        self.body = Some(Body { bytes: bytes.into(), kind: BodyKind::Bytes(content_type.map(str::to_owned)) });
        self
    }
}
