//! What a downstream API answered.

use std::sync::Arc;
use std::time::Duration;

use credential_core::text::printable;
use credential_core::world::HttpResponse;
use credential_core::{Finding, Secret};
use serde::de::DeserializeOwned;

use super::called::Called;
use super::{ApiError, DownstreamError};
use crate::AccessToken;
use crate::http::page::is_page;

/// The most bytes that an answer may have.
pub const MAX_RESPONSE: u64 = 32 * 1024 * 1024;

/// An answer of any status.
#[derive(Clone, Debug)]
pub struct DownstreamResponse {
    response: HttpResponse,
    token: Option<AccessToken>,
    called: Arc<Called>,
}

impl DownstreamResponse {
    pub(super) fn new(response: HttpResponse, token: Option<AccessToken>, called: &Arc<Called>) -> Self {
        Self { response, token, called: Arc::clone(called) }
    }

    /// The status code.
    pub fn status(&self) -> u16 {
        self.response.status
    }

    /// Whether the status is 2xx.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.response.status)
    }

    /// Whether the call carried a token.
    pub fn with_token(&self) -> bool {
        self.token.is_some()
    }

    /// Header names and values.
    pub fn headers(&self) -> &[(String, String)] {
        &self.response.headers
    }

    /// The first header of that name, whatever its case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.response.header(name)
    }

    /// The body.
    pub fn bytes(&self) -> &[u8] {
        self.response.body.expose()
    }

    /// The body as text; what is no UTF-8 is replaced.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(self.bytes()).into_owned()
    }

    /// How long the API wants to be left alone (`Retry-After` in seconds).
    pub fn retry_after(&self) -> Option<Duration> {
        self.response.retry_after()
    }

    /// What the API says of a refusal; of any status, but made for those that are not 2xx.
    pub fn api_error(&self) -> ApiError {
        let token: Vec<Secret> = self.token.iter().map(|token| token.value().clone()).collect();
        ApiError::read(self.bytes(), self.header("content-type").unwrap_or_default(), &token)
    }

    /// The answer, if its status is 2xx.
    ///
    /// # Errors
    /// [`DownstreamError::Status`] with the answer.
    pub fn error_for_status(self) -> Result<Self, DownstreamError> {
        match self.refusal() {
            None => Ok(self),
            Some(finding) => Err(DownstreamError::Status { answer: Box::new(self), finding: Box::new(finding) }),
        }
    }

    /// The body, read as JSON; an empty one is `null`, which `()` and an `Option` take.
    ///
    /// # Errors
    /// [`DownstreamError::Status`] when the status is not 2xx; [`DownstreamError::NotJson`] when the
    /// body is not the JSON that `T` takes.
    pub fn json<T: DeserializeOwned>(self) -> Result<T, DownstreamError> {
        let answer = self.error_for_status()?;
        let body = if answer.bytes().is_empty() { b"null" } else { answer.bytes() };
        serde_json::from_slice(body).map_err(|error| {
            let content_type = printable(answer.header("content-type").unwrap_or("no content type"), 100);
            // The line and column alone: the parser's text repeats values.
            let page = is_page(&answer.response);
            let finding = answer.called.not_json(&content_type, error.line(), error.column(), page);
            DownstreamError::NotJson { answer: Box::new(answer.clone()), finding: Box::new(finding) }
        })
    }

    /// Why a status that is not 2xx may have come.
    pub(crate) fn refusal(&self) -> Option<Finding> {
        let refused = || self.called.refused(&self.response, self.token.as_ref(), &self.api_error().shown());
        (!self.is_success()).then(refused)
    }
}
