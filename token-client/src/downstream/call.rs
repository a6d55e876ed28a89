//! One call of a downstream API: what differs from its section.

use credential_core::{Finding, Secret};
use serde::Serialize;

/// A call; what it does not say comes from the API's section.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct DownstreamCall {
    /// Instead of `HttpMethod`.
    pub method: Option<String>,
    /// Instead of `RelativePath`.
    pub path: Option<String>,
    /// Besides `ExtraQueryParameters`.
    pub query: Vec<(String, String)>,
    /// Besides `ExtraHeaderParameters`.
    pub headers: Vec<(String, String)>,
    /// The user's token that came in: the call is made on behalf of that user.
    pub user_assertion: Option<Secret>,
    /// Another tenant than the configured one.
    pub tenant: Option<String>,
    pub(crate) body: Option<Body>,
}

#[derive(Clone)]
pub(crate) struct Body {
    pub(crate) bytes: Vec<u8>,
    pub(crate) content_type: Option<String>,
}

impl std::fmt::Debug for Body {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} bytes", self.bytes.len())
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

    /// Another path than the section's, below `BaseUrl`.
    #[must_use]
    pub fn path(mut self, path: impl Into<String>) -> Self {
        self.path = Some(path.into());
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

    /// Calls on behalf of the user whose token came in.
    #[must_use]
    pub fn on_behalf_of(mut self, user_assertion: impl Into<Secret>) -> Self {
        self.user_assertion = Some(user_assertion.into());
        self
    }

    /// Sends the value as JSON.
    ///
    /// # Errors
    /// When the value cannot be written as JSON.
    pub fn json(mut self, value: &impl Serialize) -> Result<Self, Box<Finding>> {
        let bytes = serde_json::to_vec(value).map_err(|error| {
            Finding::error("body-not-json", "the body cannot be written as JSON").because(error.to_string())
        })?;
        self.body = Some(Body { bytes, content_type: Some("application/json; charset=utf-8".to_owned()) });
        Ok(self)
    }

    /// Sends bytes as they are, of the media type given, if any.
    #[must_use]
    pub fn bytes(mut self, bytes: impl Into<Vec<u8>>, content_type: Option<&str>) -> Self {
        self.body = Some(Body { bytes: bytes.into(), content_type: content_type.map(str::to_owned) });
        self
    }
}
