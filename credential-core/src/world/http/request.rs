//! A request, and what it asks of the client that sends it.

use std::borrow::Cow;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use url::Url;

use super::{ClientCertificate, DEFAULT_MAX_RESPONSE, HttpClient, HttpError, HttpErrorKind, HttpNeed, ServerTrust};
use crate::Secret;
use crate::credential::SecretBytes;
use crate::text::shown_address;

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
    /// Sent without what ties it to a trace: for whoever is not the one that is called. Nothing is traced where the
    /// client does not do it.
    pub untraced: bool,
    /// Which server it may be, beside what the client trusts by itself.
    pub trust: ServerTrust,
    /// Who the caller is in the TLS handshake (mutual TLS, RFC 8446 §4.4.2).
    pub client_certificate: Option<ClientCertificate>,
    /// The absolute path of the Unix socket that is connected to in place of the address's host, never through a
    /// proxy; the address still says host, path and whether there is TLS.
    pub unix_socket: Option<PathBuf>,
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
            untraced: false,
            trust: ServerTrust::default(),
            client_certificate: None,
            unix_socket: None,
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

    /// Leaves out what ties it to a trace.
    #[must_use]
    pub fn untraced(mut self) -> Self {
        self.untraced = true;
        self
    }

    /// Says which server it may be.
    #[must_use]
    pub fn trust(mut self, trust: ServerTrust) -> Self {
        self.trust = trust;
        self
    }

    /// Presents a certificate in the TLS handshake.
    #[must_use]
    pub fn client_certificate(mut self, certificate: ClientCertificate) -> Self {
        self.client_certificate = Some(certificate);
        self
    }

    /// Connects to a Unix socket in place of the address's host.
    #[must_use]
    pub fn unix_socket(mut self, path: impl Into<PathBuf>) -> Self {
        self.unix_socket = Some(path.into());
        self
    }

    /// The address's host, for messages.
    pub(super) fn host(&self) -> String {
        let host = Url::parse(&self.url).ok().and_then(|url| url.host_str().map(str::to_owned));
        host.unwrap_or_else(|| "an address without a host".to_owned())
    }

    /// What a client must be able to do for it.
    pub fn needs(&self) -> Vec<HttpNeed> {
        let trust = match &self.trust {
            ServerTrust::Platform => None,
            ServerTrust::Authorities(_) => Some(HttpNeed::Authorities),
            ServerTrust::Pinned(_) => Some(HttpNeed::PinnedCertificate),
        };
        let certificate = self.client_certificate.as_ref().map(|_| HttpNeed::ClientCertificate);
        let socket = self.unix_socket.as_ref().map(|_| HttpNeed::UnixSocket);
        [trust, certificate, socket].into_iter().flatten().collect()
    }

    /// Whether the client can do all that the request asks for. [`World::send`](crate::World::send) looks
    /// before anything is sent.
    ///
    /// # Errors
    /// `Unsupported` for what the client cannot do; `Request` for what is about TLS where the address is
    /// not https: it would count for nothing.
    pub fn check(&self, client: &dyn HttpClient) -> Result<(), HttpError> {
        let needs = self.needs();
        if let Some(need) = needs.iter().find(|need| !client.can(**need)) {
            let message =
                format!("the HTTP client cannot {need}, as the request to {} asks for; nothing was sent", self.host());
            return Err(HttpError::new(HttpErrorKind::Unsupported, message));
        }
        let is_https = || Url::parse(&self.url).is_ok_and(|url| url.scheme() == "https");
        match needs.iter().find(|need| need.is_of_tls()) {
            Some(need) if !is_https() => {
                let message = format!("the address of {} must use https to {need}", self.host());
                Err(HttpError::new(HttpErrorKind::Request, message))
            }
            _ => Ok(()),
        }
    }
}

impl fmt::Debug for HttpRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = shown_address(&self.url);
        let place = shown.split(['?', '#']).next().unwrap_or_default();
        f.debug_struct("HttpRequest").field("method", &self.method).field("url", &place).finish_non_exhaustive()
    }
}
