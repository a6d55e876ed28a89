//! Why there was no answer.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;

use crate::source::told;

/// Why there was no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum HttpErrorKind {
    /// The request itself cannot be sent: a bad address or header.
    Request,
    /// The host's name has no address.
    UnknownHost,
    /// No connection: refused, unreachable.
    Connect,
    /// TLS failed: an unknown certificate authority, another host's certificate, no common version.
    Tls,
    /// The time was over.
    Timeout,
    /// The connection broke before the whole answer was there.
    Broken,
    /// The answer is larger than the request allows.
    TooLarge,
    /// The HTTP client cannot do what the request asks for ([`HttpClient::can`](crate::world::HttpClient::can)).
    /// Nothing was sent.
    Unsupported,
}

impl HttpErrorKind {
    /// The kind's name in traces: `request`, `unknown-host`, `connect`, `tls`, `timeout`, `broken`, `too-large`,
    /// `unsupported`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Request => "request",
            Self::UnknownHost => "unknown-host",
            Self::Connect => "connect",
            Self::Tls => "tls",
            Self::Timeout => "timeout",
            Self::Broken => "broken",
            Self::TooLarge => "too-large",
            Self::Unsupported => "unsupported",
        }
    }
}

/// There was no answer: why, and to which host. Shows no query, header or body. Clones share the cause.
#[derive(Clone)]
pub struct HttpError {
    kind: HttpErrorKind,
    message: String,
    source: Option<Arc<dyn StdError + Send + Sync>>,
}

impl HttpError {
    /// A failure of the given kind; the message names the host.
    pub fn new(kind: HttpErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), source: None }
    }

    /// Keeps the underlying error, which must not show the request's secrets.
    #[must_use]
    pub fn caused_by(mut self, cause: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.source = Some(Arc::from(cause.into()));
        self
    }

    /// Why there was no answer.
    pub fn kind(&self) -> HttpErrorKind {
        self.kind
    }
}

impl fmt::Display for HttpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// What it says, and why: a `main` that returns it prints this.
impl fmt::Debug for HttpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        told(self, f)
    }
}

impl StdError for HttpError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|cause| cause as _)
    }
}
