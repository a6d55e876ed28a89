//! HTTP as a source needs it: one request, one bounded answer. Who sends it is injected.

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

use async_trait::async_trait;

use crate::Secret;
use crate::credential::SecretBytes;
use crate::text::shown_address;

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
}

/// A request. `Debug` shows the method, host and path alone: headers, queries, bodies and user information
/// are secrets as often as not.
#[derive(Clone)]
#[non_exhaustive]
pub struct HttpRequest {
    /// `GET`, `POST`, ...
    pub method: Cow<'static, str>,
    /// The absolute address.
    pub url: String,
    /// Header names and values, in the order of sending.
    pub headers: Vec<(String, Secret)>,
    /// The body; empty for none.
    pub body: SecretBytes,
    /// How long everything may take, from the connection to the last byte.
    pub timeout: Duration,
    /// The most bytes that the answer's body may have.
    pub max_response: u64,
    /// Never through a proxy: for addresses that exist on this machine or link only.
    pub direct: bool,
}

impl HttpRequest {
    /// A request with nothing but a method and an address, 30 s and 1 MiB.
    pub fn new(method: impl Into<Cow<'static, str>>, url: impl Into<String>) -> Self {
        Self {
            method: method.into(),
            url: url.into(),
            headers: Vec::new(),
            body: SecretBytes::new(Vec::new()),
            timeout: Duration::from_secs(30),
            max_response: DEFAULT_MAX_RESPONSE,
            direct: false,
        }
    }

    /// A `GET` request.
    pub fn get(url: impl Into<String>) -> Self {
        Self::new("GET", url)
    }

    /// A `POST` request.
    pub fn post(url: impl Into<String>) -> Self {
        Self::new("POST", url)
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<Secret>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Sets the body.
    #[must_use]
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = SecretBytes::new(body);
        self
    }

    /// Sets how long everything may take.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Sets the most bytes that the answer may have.
    #[must_use]
    pub fn max_response(mut self, bytes: u64) -> Self {
        self.max_response = bytes;
        self
    }

    /// Bypasses every proxy.
    #[must_use]
    pub fn direct(mut self) -> Self {
        self.direct = true;
        self
    }
}

impl fmt::Debug for HttpRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = shown_address(&self.url);
        let place = shown.split(['?', '#']).next().unwrap_or_default();
        f.debug_struct("HttpRequest").field("method", &self.method).field("url", &place).finish_non_exhaustive()
    }
}

/// An answer of any status. `Debug` shows the status alone: bodies carry tokens.
#[derive(Clone)]
#[non_exhaustive]
pub struct HttpResponse {
    /// The status code.
    pub status: u16,
    /// Header names and values, in the order received.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: SecretBytes,
}

impl HttpResponse {
    /// An answer from its parts.
    pub fn new(status: u16, headers: Vec<(String, String)>, body: impl Into<Vec<u8>>) -> Self {
        Self { status, headers, body: SecretBytes::new(body) }
    }

    /// The first header of that name, whatever its case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The `Retry-After` header in seconds (RFC 9110 §10.2.3), as a number alone; dates are the
    /// caller's to read.
    pub fn retry_after(&self) -> Option<Duration> {
        self.header("retry-after")?.trim().parse().ok().map(Duration::from_secs)
    }
}

impl fmt::Debug for HttpResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpResponse").field("status", &self.status).finish_non_exhaustive()
    }
}

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
}

/// There was no answer: why, and to which host. Shows no query, header or body.
#[derive(Debug)]
pub struct HttpError {
    kind: HttpErrorKind,
    message: String,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl HttpError {
    /// A failure of the given kind; the message names the host.
    pub fn new(kind: HttpErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), source: None }
    }

    /// Keeps the underlying error, which must not show the request's secrets.
    #[must_use]
    pub fn caused_by(mut self, cause: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.source = Some(cause.into());
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

impl StdError for HttpError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|cause| cause as _)
    }
}
