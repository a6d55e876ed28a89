//! What a downstream API answers, as it comes.

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use credential_core::world::{BodyStream, HttpError, HttpResponse, HttpStreamResponse};

use super::called::Called;
use super::{DownstreamError, DownstreamResponse};
use crate::AccessToken;

/// The most bytes of an error's body that are read.
const MAX_ERROR: usize = 64 * 1024;

/// An answer of any status whose body is read as it comes, and is never whole in memory. Dropped before its end, it
/// gives the rest up.
///
/// ```no_run
/// # async fn example(api: token_client::DownstreamApi) -> Result<(), Box<dyn std::error::Error>> {
/// use token_client::DownstreamCall;
///
/// let call = DownstreamCall::new().as_app().path("exports/2026");
/// let mut answer = api.stream(call).await?.error_for_status().await?;
/// while let Some(piece) = answer.next().await {
///     let piece: Vec<u8> = piece?;
/// #   let _ = piece;
/// }
/// # Ok(()) }
/// ```
pub struct DownstreamStream {
    answer: HttpStreamResponse,
    token: Option<AccessToken>,
    called: Arc<Called>,
    unanswered: bool,
    /// When its head was there.
    at: SystemTime,
}

impl DownstreamStream {
    pub(super) fn new(
        answer: HttpStreamResponse,
        token: Option<AccessToken>,
        called: &Arc<Called>,
        unanswered: bool,
        at: SystemTime,
    ) -> Self {
        Self { answer, token, called: Arc::clone(called), unanswered, at }
    }

    /// The status code.
    pub fn status(&self) -> u16 {
        self.answer.status
    }

    /// Whether the status is 2xx.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.answer.status)
    }

    /// Whether the call carried a token.
    pub fn with_token(&self) -> bool {
        self.token.is_some()
    }

    /// Header names and values.
    pub fn headers(&self) -> &[(String, String)] {
        &self.answer.headers
    }

    /// The first header of that name, whatever its case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.answer.header(name)
    }

    /// The next piece of the body, of any size; `None` at its end. Not to be asked again after an error.
    ///
    /// # Errors
    /// [`DownstreamError::Http`] when the answer broke off, nothing moves for 30 s, or the time is over: what came is
    /// not the whole body.
    pub async fn next(&mut self) -> Option<Result<Vec<u8>, DownstreamError>> {
        let piece = self.answer.body.next().await?;
        Some(piece.map_err(|error| self.broken(error)))
    }

    /// The body alone.
    pub fn into_body(self) -> Box<dyn BodyStream> {
        self.answer.body
    }

    /// The answer, if its status is 2xx.
    ///
    /// # Errors
    /// [`DownstreamError::Status`] with the answer and the first 64 KiB of its body; [`DownstreamError::Http`] when
    /// that breaks off.
    pub async fn error_for_status(mut self) -> Result<Self, DownstreamError> {
        if self.is_success() {
            return Ok(self);
        }
        let mut body = Vec::new();
        while body.len() < MAX_ERROR
            && let Some(piece) = self.next().await
        {
            body.extend(piece?);
        }
        body.truncate(MAX_ERROR);
        let answer = HttpResponse::new(self.answer.status, self.answer.headers, body);
        let answer = DownstreamResponse::new(answer, self.token, &self.called, self.unanswered, self.at);
        Err(answer.into_error())
    }

    fn broken(&self, error: HttpError) -> DownstreamError {
        let finding = Box::new(self.called.unanswered(&error));
        DownstreamError::Http { error, finding }
    }
}

/// Shows the call and the status alone.
impl fmt::Debug for DownstreamStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DownstreamStream")
            .field("called", &self.called)
            .field("status", &self.answer.status)
            .finish_non_exhaustive()
    }
}
