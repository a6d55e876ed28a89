//! reqwest with middleware: the application's token for most requests, a user's for one. Takes the API's address, and
//! the access token that came in.
#![allow(clippy::print_stdout, reason = "an example")]

use std::error::Error;

use reqwest_middleware::ClientBuilder;
use token_client::integrations::reqwest_middleware::TokenMiddleware;
use token_client::integrations::{ApiToken, CallToken};
use token_client::{TokenClient, TokenRequest};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let api = arguments.next().ok_or("name the API: http://127.0.0.1:8401")?;
    let incoming = arguments.next().ok_or("pass a user's access token")?;
    let client = TokenClient::from_file("appsettings.json").await?;
    let app = ApiToken::new(client.token_source(TokenRequest::app("api://demo/.default")), [&api])?;
    let http = ClientBuilder::new(reqwest::Client::new()).with(TokenMiddleware::new(app)).build();

    println!("{}", http.get(format!("{api}/hello")).send().await?.text().await?);
    let user = client.token_source(TokenRequest::on_behalf_of(incoming, ["api://demo/access_as_user"]));
    let answer = http.get(format!("{api}/hello")).with_extension(CallToken::of(user)).send().await?;
    println!("{}", answer.text().await?);
    Ok(())
}
