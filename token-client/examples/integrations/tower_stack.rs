//! hyper's client in a tower stack: each request with a token, sent again where the API asks for claims.
//! Takes the API's address.
#![allow(clippy::print_stdout, reason = "an example")]

use std::error::Error;
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use token_client::integrations::ApiToken;
use token_client::integrations::tower::{Cloned, TokenLayer};
use token_client::{TokenClient, TokenRequest};
use tower::{ServiceBuilder, ServiceExt};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let api = std::env::args().nth(1).ok_or("name the API: http://127.0.0.1:8401")?;
    let client = TokenClient::from_file("appsettings.json").await?;
    let token = ApiToken::new(client.token_source(TokenRequest::app("api://demo/.default")), [&api])?;
    // A program with addresses of other machines has hyper-rustls' connector in the place of build_http().
    let stack = ServiceBuilder::new()
        .concurrency_limit(16)
        .layer(TokenLayer::new(token).resend(Cloned))
        .timeout(Duration::from_secs(30))
        .service(Client::builder(TokioExecutor::new()).build_http());
    let request = Request::post(format!("{api}/orders")).body(Full::new(Bytes::from_static(b"7 apples")))?;
    let answer = stack.oneshot(request).await?;
    println!("{}", answer.status());
    println!("{}", String::from_utf8_lossy(&answer.into_body().collect().await?.to_bytes()));
    Ok(())
}
