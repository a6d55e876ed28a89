//! The one HTTP stack: reqwest over rustls, shared by the token client, the sources and downstream calls.

use std::error::Error as StdError;
use std::time::Duration;

use async_trait::async_trait;
use credential_core::{HttpClient, HttpError, HttpErrorKind, HttpRequest, HttpResponse};
use reqwest::redirect::Policy;

/// Sends requests with [reqwest](https://docs.rs/reqwest) over rustls. One pool for proxied and one
/// for direct requests; redirects are never followed. Proxies are those of `HTTPS_PROXY`,
/// `HTTP_PROXY` and `NO_PROXY`; trusted certificate authorities are the system's, or those of
/// `SSL_CERT_FILE` and `SSL_CERT_DIR`.
#[derive(Clone, Debug)]
pub struct ReqwestHttp {
    proxied: reqwest::Client,
    direct: reqwest::Client,
}

impl ReqwestHttp {
    /// Two clients with this process's proxies and trust.
    ///
    /// # Errors
    /// When TLS cannot be set up: no usable certificate authority, or none readable.
    pub fn new() -> Result<Self, HttpError> {
        let build = |builder: reqwest::ClientBuilder| {
            builder
                .redirect(Policy::none())
                .connect_timeout(Duration::from_secs(10))
                .user_agent(concat!("token-client/", env!("CARGO_PKG_VERSION")))
                .build()
                .map_err(|error| HttpError::new(HttpErrorKind::Tls, "HTTPS cannot be set up").caused_by(error))
        };
        let proxied = build(reqwest::Client::builder())?;
        let direct = build(reqwest::Client::builder().no_proxy())?;
        Ok(Self { proxied, direct })
    }

    /// Your own client, for all requests. It must not follow redirects: `redirect(Policy::none())`.
    pub fn from_client(client: reqwest::Client) -> Self {
        Self { proxied: client.clone(), direct: client }
    }

    fn build(&self, request: &HttpRequest) -> Result<reqwest::RequestBuilder, HttpError> {
        let bad = |what: &str| HttpError::new(HttpErrorKind::Request, what.to_owned());
        let method = request.method.parse().map_err(|_| bad("the HTTP method has characters that none may have"))?;
        let client = if request.direct { &self.direct } else { &self.proxied };
        let mut builder = client.request(method, &request.url).timeout(request.timeout);
        for (name, value) in &request.headers {
            let mut value = reqwest::header::HeaderValue::from_str(value.expose())
                .map_err(|_| bad(&format!("the value of the header {name} has characters that none may have")))?;
            value.set_sensitive(true);
            builder = builder.header(name, value);
        }
        if !request.body.is_empty() {
            builder = builder.body(request.body.expose().to_vec());
        } else if matches!(request.method.as_ref(), "POST" | "PUT" | "PATCH") {
            builder = builder.header("content-length", "0");
        }
        Ok(builder)
    }
}

#[async_trait]
impl HttpClient for ReqwestHttp {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let host = host_of(&request.url);
        let mut response = self.build(&request)?.send().await.map_err(|error| describe(error, &host))?;
        let too_large = || {
            let max = request.max_response;
            HttpError::new(HttpErrorKind::TooLarge, format!("the answer of {host} is larger than {max} bytes"))
        };
        if response.content_length().is_some_and(|length| length > request.max_response) {
            return Err(too_large());
        }
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| describe(error, &host))? {
            if (body.len() + chunk.len()) as u64 > request.max_response {
                return Err(too_large());
            }
            body.extend_from_slice(&chunk);
        }
        let headers = response.headers().iter();
        let headers = headers
            .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
            .collect();
        Ok(HttpResponse::new(response.status().as_u16(), headers, body))
    }
}

/// The host and port for messages; never the path or query, which may carry secrets.
fn host_of(url: &str) -> String {
    let parsed = url::Url::parse(url).ok();
    let host = parsed.as_ref().and_then(|url| Some((url.host_str()?, url.port())));
    match host {
        Some((host, Some(port))) => format!("{host}:{port}"),
        Some((host, None)) => host.to_owned(),
        None => "an address without a host".to_owned(),
    }
}

/// What went wrong, by the innermost cause; the address is cut from reqwest's own text.
fn describe(error: reqwest::Error, host: &str) -> HttpError {
    let error = error.without_url();
    let mut inner: Option<&(dyn StdError + 'static)> = Some(&error);
    let mut kind = if error.is_timeout() {
        HttpErrorKind::Timeout
    } else if error.is_builder() {
        HttpErrorKind::Request
    } else if error.is_connect() {
        HttpErrorKind::Connect
    } else {
        HttpErrorKind::Broken
    };
    while let Some(cause) = inner {
        let text = cause.to_string();
        if cause.downcast_ref::<rustls::Error>().is_some() {
            kind = HttpErrorKind::Tls;
        } else if text.contains("dns error") || text.contains("failed to lookup address") {
            kind = HttpErrorKind::UnknownHost;
        }
        inner = match cause.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref) {
            Some(wrapped) => Some(wrapped),
            None => cause.source(),
        };
    }
    let message = match kind {
        HttpErrorKind::Request => format!("the request to {host} cannot be sent"),
        HttpErrorKind::UnknownHost => format!("the host name {host} has no address"),
        HttpErrorKind::Connect => format!("no connection to {host}"),
        HttpErrorKind::Tls => format!("the TLS connection to {host} failed"),
        HttpErrorKind::Timeout => format!("{host} did not answer in time"),
        _ => format!("the connection to {host} broke before the whole answer was there"),
    };
    HttpError::new(kind, message).caused_by(error)
}
