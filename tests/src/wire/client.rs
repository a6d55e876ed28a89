//! The product's own HTTP client, led to the loopback cloud under the real host names.

use std::net::SocketAddr;

use async_trait::async_trait;
use credential_core::world::{HttpClient, HttpError, HttpRequest, HttpResponse};
use token_client::ReqwestHttp;
use url::Url;

/// Sends every request to one address over plain HTTP; the host that was asked is in the `Host` header.
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
        assert_eq!(url.scheme(), "https", "{url} would go out unprotected");
        let host = url.host_str().unwrap().to_owned();
        url.set_scheme("http").unwrap();
        url.set_ip_host(self.address.ip()).unwrap();
        url.set_port(Some(self.address.port())).unwrap();
        request.url = url.into();
        self.http.send(request.header("host", host).direct()).await
    }
}
