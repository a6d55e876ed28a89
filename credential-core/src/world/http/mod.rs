//! HTTP as a source needs it: one request, one bounded answer. Who sends it is injected.

mod client_certificate;
mod error;
mod need;
mod request;
mod response;
mod retry_after;
mod send;
mod send_stream;
mod stream;
mod trust;

use std::fmt;

use async_trait::async_trait;

pub use client_certificate::ClientCertificate;
pub use error::{HttpError, HttpErrorKind};
pub use need::HttpNeed;
pub use request::HttpRequest;
pub use response::HttpResponse;
pub use retry_after::retry_after;
pub use stream::{BodyStream, DEFAULT_IDLE_TIMEOUT, HttpStreamRequest, HttpStreamResponse};
pub use trust::{ServerTrust, Thumbprint};

/// Answers are refused above this many bytes unless the request says otherwise.
pub const DEFAULT_MAX_RESPONSE: u64 = 1024 * 1024;

/// Sends HTTP requests. One implementation serves the whole process: one pool, one TLS stack.
///
/// An implementation never follows a redirect, keeps to the request's time-out and size, and gives an
/// answer of any status as an answer: an error means that there was none.
#[async_trait]
pub trait HttpClient: fmt::Debug + Send + Sync {
    /// Sends the request and reads the whole answer.
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, HttpError>;

    /// Sends the request and gives the answer when its head is there; its body is read as it is asked for. One that
    /// is dropped ends the exchange, as the future does. Call it by [`World::send_stream`](crate::World::send_stream):
    /// that keeps to the request's limits, and an implementation needs none of its own.
    ///
    /// # Errors
    /// `Unsupported` unless the client does it; the others as [`send`](Self::send).
    async fn send_stream(&self, request: HttpStreamRequest) -> Result<HttpStreamResponse, HttpError> {
        let message = format!(
            "the HTTP client cannot stream bodies, as the request to {} asks for; nothing was sent",
            request.request.host()
        );
        Err(HttpError::new(HttpErrorKind::Unsupported, message))
    }

    /// Whether the client does what some requests ask for. What it does not claim here is refused before
    /// anything is sent ([`HttpRequest::check`]), and never passed over. A client around another one hands
    /// the question on.
    fn can(&self, need: HttpNeed) -> bool {
        let _ = need;
        false
    }
}
