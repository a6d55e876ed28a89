//! A middleware of [`reqwest-middleware`](https://docs.rs/reqwest-middleware) that sends requests with a token.
//!
//! ```
//! # async fn example(client: token_client::TokenClient) -> Result<(), Box<dyn std::error::Error>> {
//! use reqwest_middleware::ClientBuilder;
//! use token_client::TokenRequest;
//! use token_client::integrations::ApiToken;
//! use token_client::integrations::reqwest_middleware::TokenMiddleware;
//!
//! let token = client.token_source(TokenRequest::app("api://orders/.default"));
//! let token = ApiToken::new(token, ["https://orders.contoso.com"])?;
//! let http = ClientBuilder::new(reqwest::Client::new()).with(TokenMiddleware::new(token)).build();
//! let answer = http.get("https://orders.contoso.com/open").send().await?;
//! # let _ = answer; Ok(()) }
//! ```
//!
//! # What it does
//! Each request is sent with a token of the [`ApiToken`], or of the [`CallToken`] that it was given by
//! `with_extension`. When the API answers 401 and asks for claims (Microsoft's claims challenge), a token with these is
//! asked for, and the request is sent once more unless its body is a stream. Then the API's answer is handed on, and
//! the next request has the new token. Middleware behind this one sees both requests, with their header; redirects
//! are followed by reqwest's client, which leaves the header out for another host.
//!
//! # Errors
//! `reqwest_middleware::Error::Middleware`, with a [`CallError`] to be had by `downcast_ref`: the request cannot be
//! sent with a token, or there is none.

use ::reqwest_middleware::{Error, Middleware, Next, Result};
use async_trait::async_trait;
use http::Extensions;
use reqwest::{Request, Response};

use super::walk::{Below, walk};
use super::{ApiToken, CallError, CallToken};

/// Sends requests with a token.
#[derive(Clone, Debug)]
pub struct TokenMiddleware {
    token: ApiToken,
}

impl TokenMiddleware {
    /// Sends requests with those tokens.
    pub fn new(token: ApiToken) -> Self {
        Self { token }
    }
}

#[async_trait]
impl Middleware for TokenMiddleware {
    async fn handle(&self, request: Request, extensions: &mut Extensions, next: Next<'_>) -> Result<Response> {
        let own = extensions.get::<CallToken>().cloned();
        walk(Rest { next, extensions }, &self.token, own, request, Request::try_clone).await
    }
}

/// The middleware behind this one, and the client at its end.
struct Rest<'a> {
    next: Next<'a>,
    extensions: &'a mut Extensions,
}

impl Below<Request> for Rest<'_> {
    type Answer = Response;
    type Error = Error;

    async fn send(&mut self, request: Request) -> Result<Response> {
        self.next.clone().run(request, self.extensions).await
    }

    fn error(error: CallError) -> Error {
        Error::middleware(error)
    }
}
