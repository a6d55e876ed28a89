//! The one HTTP stack: reqwest over rustls, shared by the token client, the sources and downstream calls.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use credential_core::Finding;
use credential_core::source::causes;
use credential_core::world::{
    HttpClient, HttpError, HttpErrorKind, HttpNeed, HttpRequest, HttpResponse, HttpStreamRequest, HttpStreamResponse,
};
use reqwest::header::{CONTENT_LENGTH, HeaderValue};

use super::failure::{describe, host_of, never_sent};
use super::origin::Origin;
use super::pools::Pools;
use super::stream::Answer;
use super::wiped::{Collected, header_value, request_body};
use super::{failure, proxies, stream, trusted};
use crate::ConfigurationError;

/// Sends requests with [reqwest](https://docs.rs/reqwest) over rustls; redirects are never followed.
/// Proxies are those of `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY`; a request to this
/// machine ([`is_loopback`](credential_core::world::is_loopback)) and a [`direct`](HttpRequest::direct) one go by none, whatever these say.
/// Trusted certificate authorities are the system's, or those of `SSL_CERT_FILE` and `SSL_CERT_DIR`.
///
/// Connections are kept for each tokio runtime by itself: the runtime that opened one drives it, so
/// another one would wait in vain when the first has ended or stands still. A request that certainly
/// was not sent is sent again, once; one that may have arrived is not.
///
/// It can all that an [`HttpNeed`] asks for, a Unix socket on Unix alone: a request with a client
/// certificate, further authorities, a pinned certificate or a Unix socket gets a client with that setup,
/// which the next ones with the same share.
#[derive(Clone, Debug)]
pub struct ReqwestHttp(Arc<Pools>);

impl ReqwestHttp {
    /// Clients with this process's proxies and trust.
    ///
    /// # Errors
    /// `https-not-available` when TLS cannot be set up: no usable certificate authority, or none
    /// readable. `bad-proxy` for a proxy variable that names no proxy.
    pub fn new() -> Result<Self, ConfigurationError> {
        let mut wrong = proxies::wrong();
        wrong.extend(trusted::wrong());
        if !wrong.is_empty() {
            return Err(ConfigurationError::new(wrong));
        }
        Self::from_builder(|| {
            reqwest::Client::builder()
                .connect_timeout(Duration::from_secs(10))
                .user_agent(concat!("token-client/", env!("CARGO_PKG_VERSION")))
        })
    }

    /// Clients from your own settings: a proxy, a certificate authority, a user agent. `builder` is asked
    /// for each client that is made: for each runtime one for requests that may go by a proxy, and one
    /// without any proxy, the builder's own included; and one for each setup that a request asks for. That
    /// none follows redirects is set here, over what the builder says.
    ///
    /// # Errors
    /// `https-not-available` when the settings make no client.
    pub fn from_builder(
        builder: impl Fn() -> reqwest::ClientBuilder + Send + Sync + 'static,
    ) -> Result<Self, ConfigurationError> {
        Pools::new(Origin::builder(builder)).map(|pools| Self(Arc::new(pools))).map_err(|error| {
            Finding::error("https-not-available", "HTTPS cannot be set up")
                .because(causes(&error).join(": "))
                .remedy("install the system's certificate authorities, or name them in SSL_CERT_FILE")
                .into()
        })
    }

    /// A client of your own, for what may go by a proxy; what goes to this machine, and what is asked for
    /// [`direct`](HttpRequest::direct), goes by a client of ours without any. Yours must not follow
    /// redirects (`redirect(Policy::none())`), and its connections are those of the one runtime that it is
    /// used on: where there are several, give [`from_builder`](Self::from_builder). How it connects cannot be
    /// changed: a request with an [`HttpNeed`] is `Unsupported`.
    pub fn from_client(client: reqwest::Client) -> Self {
        Self(Arc::new(Pools::lazy(Origin::Own(client))))
    }

    /// Sends the request, with a body in place of its own where there is one, and gives the answer's head.
    async fn answer(
        &self,
        request: &HttpRequest,
        body: Option<reqwest::Body>,
        host: &str,
    ) -> Result<reqwest::Response, HttpError> {
        let client = self.0.client(request, host)?;
        let message = message(&client, request, body, host)?;
        let again = message.try_clone();
        let sent = match (client.execute(message).await, again) {
            (Err(error), Some(again)) if never_sent(&error) => client.execute(again).await,
            (sent, _) => sent,
        };
        sent.map_err(|error| describe(error, host))
    }

    async fn exchange(&self, request: &HttpRequest, host: &str) -> Result<HttpResponse, HttpError> {
        read(self.answer(request, None, host).await?, request.max_response, host).await
    }
}

#[async_trait]
impl HttpClient for ReqwestHttp {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        request.check(self)?;
        let host = host_of(&request.url);
        // One limit over everything: a second try has what the first one left.
        match tokio::time::timeout(request.timeout, self.exchange(&request, &host)).await {
            Ok(result) => result,
            Err(_) => Err(HttpError::new(HttpErrorKind::Timeout, failure::too_late(&host))),
        }
    }

    async fn send_stream(&self, request: HttpStreamRequest) -> Result<HttpStreamResponse, HttpError> {
        let HttpStreamRequest { request, body, .. } = request;
        request.check(self)?;
        let host = host_of(&request.url);
        let response = self.answer(&request, body.map(stream::request_body), &host).await?;
        let (status, headers) = (response.status().as_u16(), headers(&response));
        Ok(HttpStreamResponse::new(status, headers, Answer { response, host }))
    }

    fn can(&self, need: HttpNeed) -> bool {
        self.0.makes_others() && (need != HttpNeed::UnixSocket || cfg!(unix))
    }
}

fn message(
    client: &reqwest::Client,
    request: &HttpRequest,
    body: Option<reqwest::Body>,
    host: &str,
) -> Result<reqwest::Request, HttpError> {
    let bad = |what: &str| HttpError::new(HttpErrorKind::Request, what.to_owned());
    let method = request.method.parse().map_err(|_| bad("the HTTP method has characters that none may have"))?;
    let mut builder = client.request(method, &request.url);
    for (name, value) in &request.headers {
        let value = header_value(value)
            .ok_or_else(|| bad(&format!("the value of the header {name} has characters that none may have")))?;
        builder = builder.header(name, value);
    }
    if let Some(body) = body {
        builder = builder.body(body);
    } else if !request.body.is_empty() {
        builder = builder.body(request_body(&request.body));
    } else if matches!(request.method.as_ref(), "POST" | "PUT" | "PATCH") {
        builder = builder.header(CONTENT_LENGTH, HeaderValue::from_static("0"));
    }
    builder.build().map_err(|error| describe(error, host))
}

/// Reads the whole answer, if it is no larger than it may be.
async fn read(mut response: reqwest::Response, max: u64, host: &str) -> Result<HttpResponse, HttpError> {
    let too_large =
        || HttpError::new(HttpErrorKind::TooLarge, format!("the answer of {host} is larger than {max} bytes"));
    let mut body = Collected::new(response.content_length(), max).ok_or_else(too_large)?;
    while let Some(chunk) = response.chunk().await.map_err(|error| describe(error, host))? {
        body.add(chunk).ok_or_else(too_large)?;
    }
    Ok(HttpResponse::new(response.status().as_u16(), headers(&response), body.into_bytes()))
}

fn headers(response: &reqwest::Response) -> Vec<(String, String)> {
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    response.headers().iter().map(|(name, value)| (name.to_string(), text(value))).collect()
}
