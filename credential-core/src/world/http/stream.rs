//! Bodies in pieces, for what is too large for memory or has no end.

use std::collections::VecDeque;
use std::fmt;
use std::time::Duration;

use async_trait::async_trait;

use super::{HttpError, HttpRequest};

/// How long nothing may move in either direction, unless the request says otherwise.
pub const DEFAULT_IDLE_TIMEOUT: Duration = Duration::from_secs(30);

/// A body that comes in pieces, of a request or of an answer. Dropping it before its end gives the rest up, and
/// the connection with it. The pieces are not wiped: what is secret goes by a body in memory.
///
/// A list of pieces is one too: `VecDeque<Vec<u8>>`.
#[async_trait]
pub trait BodyStream: Send {
    /// The next piece, of any size; `None` at the end. Not asked again after the end or an error.
    ///
    /// # Errors
    /// There is no more, and the body is not whole.
    async fn next(&mut self) -> Option<Result<Vec<u8>, HttpError>>;
}

#[async_trait]
impl BodyStream for VecDeque<Vec<u8>> {
    async fn next(&mut self) -> Option<Result<Vec<u8>, HttpError>> {
        self.pop_front().map(Ok)
    }
}

/// A request whose answer, and perhaps whose body, comes in pieces. `Debug` shows what that of an
/// [`HttpRequest`] does.
#[non_exhaustive]
pub struct HttpStreamRequest {
    /// The request. Its time-out is for everything, to the last byte of the answer, and its `max_response` the
    /// most bytes of all pieces of the answer together.
    pub request: HttpRequest,
    /// The body, in place of the request's own. It is sent in chunks (RFC 9112 §7.1) unless a `content-length`
    /// header says how long it is.
    pub body: Option<Box<dyn BodyStream>>,
    /// How long nothing may move in either direction. The time that the caller takes between two pieces of the
    /// answer is not counted.
    pub idle_timeout: Duration,
}

impl HttpStreamRequest {
    /// The request with [`DEFAULT_IDLE_TIMEOUT`], and its own body.
    pub fn new(request: HttpRequest) -> Self {
        Self { request, body: None, idle_timeout: DEFAULT_IDLE_TIMEOUT }
    }

    /// Sends a body in pieces.
    #[must_use]
    pub fn body(mut self, body: impl BodyStream + 'static) -> Self {
        self.body = Some(Box::new(body));
        self
    }

    /// Sets how long nothing may move.
    #[must_use]
    pub fn idle_timeout(mut self, timeout: Duration) -> Self {
        self.idle_timeout = timeout;
        self
    }

    /// Lets the answer be of any length: for whoever keeps none of its pieces.
    #[must_use]
    pub fn unbounded(mut self) -> Self {
        self.request.max_response = u64::MAX;
        self
    }
}

impl fmt::Debug for HttpStreamRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpStreamRequest").field("request", &self.request).finish_non_exhaustive()
    }
}

/// An answer of any status, of which only the head is there. `Debug` shows the status alone.
#[non_exhaustive]
pub struct HttpStreamResponse {
    /// The status code.
    pub status: u16,
    /// Header names and values, in the order received.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Box<dyn BodyStream>,
}

impl HttpStreamResponse {
    /// An answer from its parts.
    pub fn new(status: u16, headers: Vec<(String, String)>, body: impl BodyStream + 'static) -> Self {
        Self { status, headers, body: Box::new(body) }
    }

    /// The first header of that name, whatever its case.
    pub fn header(&self, name: &str) -> Option<&str> {
        super::response::header(&self.headers, name)
    }
}

impl fmt::Debug for HttpStreamResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpStreamResponse").field("status", &self.status).finish_non_exhaustive()
    }
}
