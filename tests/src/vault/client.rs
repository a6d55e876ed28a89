//! An HTTP client whose names all lead to the cloud, and which trusts its certificate authority alone.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use credential_core::world::{HttpClient, HttpError, HttpErrorKind, HttpRequest, HttpResponse};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper_util::rt::TokioIo;
use rustls::pki_types::{CertificateDer, ServerName};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use url::Url;

use super::fault::{Action, due};
use super::{Recorded, State, lock};

/// Sends each request over a connection of its own.
#[derive(Debug)]
pub struct LoopbackHttp {
    tls: SocketAddr,
    config: Arc<rustls::ClientConfig>,
    state: Arc<Mutex<State>>,
}

impl LoopbackHttp {
    pub(crate) fn new(tls: SocketAddr, ca: CertificateDer<'static>, state: Arc<Mutex<State>>) -> Self {
        let mut roots = rustls::RootCertStore::empty();
        roots.add(ca).unwrap();
        let config = rustls::ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
        Self { tls, config: Arc::new(config), state }
    }

    async fn exchange(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let url = Url::parse(&request.url).map_err(|_| error(HttpErrorKind::Request, "no address"))?;
        let host = url.host_str().unwrap_or_default().to_owned();
        let recorded = recorded(&request, &url);
        let refused = due(&mut lock(&self.state).faults, &recorded, true);
        if let Some(action) = refused {
            lock(&self.state).requests.push(recorded);
            return Err(match action {
                Action::UnknownHost => error(HttpErrorKind::UnknownHost, &host),
                _ => error(HttpErrorKind::Connect, &host),
            });
        }
        let connect = |_| error(HttpErrorKind::Connect, &host);
        if url.scheme() == "http" {
            let port = url.port_or_known_default().unwrap_or(80);
            let stream = TcpStream::connect((host.trim_matches(['[', ']']), port)).await.map_err(connect)?;
            return talk(stream, request, &url).await;
        }
        let stream = TcpStream::connect(self.tls).await.map_err(connect)?;
        let name = ServerName::try_from(host.clone()).map_err(|_| error(HttpErrorKind::Request, &host))?;
        let stream = TlsConnector::from(Arc::clone(&self.config)).connect(name, stream).await;
        talk(stream.map_err(|cause| error(HttpErrorKind::Tls, &host).caused_by(cause))?, request, &url).await
    }
}

fn recorded(request: &HttpRequest, url: &Url) -> Recorded {
    Recorded {
        method: request.method.to_string(),
        host: url.host_str().unwrap_or_default().to_owned(),
        path: url.path().trim_end_matches('/').to_owned(),
        text: String::new(),
        authorized: request.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("authorization")),
        status: 0,
    }
}

async fn talk<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(
    stream: S,
    request: HttpRequest,
    url: &Url,
) -> Result<HttpResponse, HttpError> {
    let host = url.host_str().unwrap_or_default();
    let broken = |_| error(HttpErrorKind::Broken, host);
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake::<_, Full<Bytes>>(TokioIo::new(stream)).await.map_err(broken)?;
    let connection = tokio::spawn(connection);
    let path = url.query().map_or_else(|| url.path().to_owned(), |query| format!("{}?{query}", url.path()));
    let mut message =
        hyper::Request::builder().method(request.method.as_ref()).uri(path).header("host", url.authority());
    for (name, value) in request.headers.iter().filter(|(name, _)| !name.eq_ignore_ascii_case("content-length")) {
        message = message.header(name, value.expose());
    }
    let message = message.body(Full::new(Bytes::copy_from_slice(request.body.expose())));
    let answer =
        sender.send_request(message.map_err(|_| error(HttpErrorKind::Request, host))?).await.map_err(broken)?;
    let status = answer.status().as_u16();
    let shown = |(name, value): (&hyper::header::HeaderName, &hyper::header::HeaderValue)| {
        (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned())
    };
    let headers = answer.headers().iter().map(shown).collect();
    let body = Limited::new(answer.into_body(), usize::try_from(request.max_response).unwrap_or(usize::MAX));
    let body = body.collect().await.map_err(|cause| {
        let large = cause.is::<http_body_util::LengthLimitError>();
        error(if large { HttpErrorKind::TooLarge } else { HttpErrorKind::Broken }, host)
    })?;
    connection.abort();
    Ok(HttpResponse::new(status, headers, body.to_bytes().to_vec()))
}

fn error(kind: HttpErrorKind, host: &str) -> HttpError {
    HttpError::new(kind, format!("{host}: {kind:?}"))
}

#[async_trait]
impl HttpClient for LoopbackHttp {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let timeout = request.timeout;
        let late = |_| error(HttpErrorKind::Timeout, "no answer");
        tokio::time::timeout(timeout, self.exchange(request)).await.map_err(late)?
    }
}
