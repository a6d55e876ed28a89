//! Our HTTP client over real sockets: proxies, runtimes, what is sent again, TLS and sockets.
#![expect(clippy::disallowed_methods, reason = "tests measure real time")]

mod needs;
mod proxy;
mod resend;
mod runtimes;
mod stream;
mod tls;
mod unix_socket;

use std::time::Duration;

use credential_core::world::{HttpClient, HttpError, HttpRequest, HttpResponse};
use token_client::ReqwestHttp;

/// Nothing here takes this long; a hanging call would.
const SOON: Duration = Duration::from_secs(5);

async fn send(http: &ReqwestHttp, request: HttpRequest) -> Result<HttpResponse, HttpError> {
    http.send(request.timeout(SOON)).await
}

async fn text(http: &ReqwestHttp, url: &str) -> String {
    let answer = send(http, HttpRequest::get(url)).await.unwrap();
    String::from_utf8(answer.body.expose().to_vec()).unwrap()
}
