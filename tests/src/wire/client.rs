//! The product's own HTTP client, led to the loopback cloud under the real host names.

use std::net::SocketAddr;

use async_trait::async_trait;
use credential_core::world::{HttpClient, HttpError, HttpErrorKind, HttpNeed, HttpRequest, HttpResponse, ServerTrust};
use token_client::ReqwestHttp;
use url::Url;

use super::keys;

/// The port at which nobody listens in the recorded cases.
const NOBODY: u16 = 1;

/// Sends every request to one address over plain HTTP; the host that was asked is in the `Host` header. Without TLS
/// go those alone that never leave the machine or its link.
#[derive(Debug)]
pub(crate) struct Loopback {
    http: ReqwestHttp,
    address: SocketAddr,
}

impl Loopback {
    pub(crate) fn new(address: SocketAddr) -> Self {
        Self { http: ReqwestHttp::new().unwrap(), address }
    }
}

#[async_trait]
impl HttpClient for Loopback {
    async fn send(&self, mut request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let mut url = Url::parse(&request.url).unwrap();
        assert!(url.scheme() == "https" || request.direct, "{url} would go out unprotected");
        if url.port() == Some(NOBODY) {
            return Err(HttpError::new(HttpErrorKind::Connect, format!("{url}: nobody listens, as the case wants it")));
        }
        // There is no TLS here: the certificate that a host of the case has is a thumbprint alone.
        match std::mem::take(&mut request.trust) {
            ServerTrust::Pinned(thumbprint) if thumbprint.to_string() != keys::TLS_THUMBPRINT => {
                return Err(HttpError::new(HttpErrorKind::Tls, format!("{url}: another certificate is pinned")));
            }
            _ => {}
        }
        let host = url[url::Position::BeforeHost..url::Position::AfterPort].to_owned();
        url.set_scheme("http").unwrap();
        url.set_ip_host(self.address.ip()).unwrap();
        url.set_port(Some(self.address.port())).unwrap();
        request.url = url.into();
        self.http.send(request.header("host", host).direct()).await
    }

    fn can(&self, need: HttpNeed) -> bool {
        need == HttpNeed::PinnedCertificate
    }
}
