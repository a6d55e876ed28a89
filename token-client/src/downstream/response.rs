//! What a downstream API answered.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use credential_core::text::printable;
use credential_core::world::HttpResponse;
use credential_core::{Finding, Secret};
use serde::de::DeserializeOwned;

use super::called::Called;
use super::text::{Plain, decoded};
use super::{ApiError, DownstreamError};
use crate::AccessToken;
use crate::http::{media_type, page};

/// The most bytes that an answer may have.
pub const MAX_RESPONSE: u64 = 32 * 1024 * 1024;

/// An answer of any status.
#[derive(Clone, Debug)]
pub struct DownstreamResponse {
    response: HttpResponse,
    token: Option<AccessToken>,
    called: Arc<Called>,
    /// The API asks for further claims, and the body could not be sent again.
    unanswered: bool,
    /// When it was there.
    at: SystemTime,
}

impl DownstreamResponse {
    pub(super) fn new(
        response: HttpResponse,
        token: Option<AccessToken>,
        called: &Arc<Called>,
        unanswered: bool,
        at: SystemTime,
    ) -> Self {
        Self { response, token, called: Arc::clone(called), unanswered, at }
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

    /// The body as text, in the encoding that its byte order mark or `charset` names (UTF-8, UTF-16, Latin-1,
    /// Windows-1252), UTF-8 without one; what is none in its encoding is replaced.
    pub fn text(&self) -> String {
        self.decoded().into_owned()
    }

    fn decoded(&self) -> Cow<'_, str> {
        decoded(self.bytes(), self.content_type())
    }

    fn content_type(&self) -> &str {
        self.header("content-type").unwrap_or_default()
    }

    /// How long the API wants to be left alone, counted from its answer: `Retry-After` in seconds or as a date
    /// (RFC 9110 §10.2.3).
    pub fn retry_after(&self) -> Option<Duration> {
        self.response.retry_after(self.at)
    }

    /// What the API says of a refusal; of any status, but made for those that are not 2xx.
    pub fn api_error(&self) -> ApiError {
        let token: Vec<Secret> = self.token.iter().map(|token| token.value().clone()).collect();
        ApiError::read(self.decoded().as_bytes(), self.content_type(), &token)
    }

    /// The answer, if its status is 2xx.
    ///
    /// # Errors
    /// [`DownstreamError::Status`] with the answer.
    pub fn error_for_status(self) -> Result<Self, DownstreamError> {
        if self.is_success() { Ok(self) } else { Err(self.into_error()) }
    }

    /// The body, read as JSON, in whatever encoding [`text`](Self::text) reads. An empty one is `null`, which `()` and
    /// an `Option` take, or an empty text; an answer that is said to be text, or to be nothing that there is, is also
    /// what a `String` takes.
    ///
    /// # Errors
    /// [`DownstreamError::Status`] when the status is not 2xx; [`DownstreamError::NotJson`] when the
    /// body is not the JSON that `T` takes.
    pub fn json<T: DeserializeOwned>(self) -> Result<T, DownstreamError> {
        let answer = self.error_for_status()?;
        match answer.value() {
            Ok(value) => Ok(value),
            Err(error) => {
                let finding = Box::new(answer.not_json(&error));
                Err(DownstreamError::NotJson { answer: Box::new(answer), finding })
            }
        }
    }

    fn value<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        let text = self.decoded();
        let plain = |text: &str| T::deserialize(Plain(text));
        if text.is_empty() {
            return serde_json::from_str("null").or_else(|error| plain("").map_err(|_| error));
        }
        let said = self.content_type();
        let is_text = media_type::is_text(said) || media_type::check(said).is_err();
        serde_json::from_str(&text).or_else(|error| plain(&text).ok().filter(|_| is_text).ok_or(error))
    }

    fn not_json(&self, error: &serde_json::Error) -> Finding {
        if self.bytes().is_empty() {
            return self.called.empty(self.status());
        }
        let content_type = printable(self.header("content-type").unwrap_or("no content type"), 100);
        // The line and column alone: the parser's text repeats values.
        self.called.not_json(&content_type, error.line(), error.column(), page::is_page(&self.response))
    }

    /// Why a status that is not 2xx may have come.
    #[cfg(feature = "cli")]
    pub(crate) fn refusal(&self) -> Option<Finding> {
        (!self.is_success()).then(|| self.refused())
    }

    fn refused(&self) -> Finding {
        let finding =
            self.called.refused(&self.response, self.token.as_ref(), &self.api_error().shown(), self.retry_after());
        match self.unanswered {
            false => finding,
            true => finding
                .because("the API asks for a token with further claims, and the body, a stream, cannot be sent again")
                .remedy("give the body with StreamBody::each_time(..)"),
        }
    }

    /// The answer as an error.
    pub(super) fn into_error(self) -> DownstreamError {
        let finding = Box::new(self.refused());
        DownstreamError::Status { answer: Box::new(self), finding }
    }
}
