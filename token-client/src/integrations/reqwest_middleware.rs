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
use reqwest::header::AUTHORIZATION;
use reqwest::{Request, Response};

use super::api_token::{asked_for, header};
use super::reach::Target;
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
    async fn handle(&self, mut request: Request, extensions: &mut Extensions, next: Next<'_>) -> Result<Response> {
        let own = extensions.get::<CallToken>();
        let source = self.token.source_for(Some(Target::of_url(request.url())), request.headers(), own);
        let Some(source) = source.map_err(Error::middleware)? else { return next.run(request, extensions).await };
        let again = request.try_clone();
        let first = source.token().await.map_err(of_token)?;
        request.headers_mut().insert(AUTHORIZATION, header(&first).map_err(Error::middleware)?);
        let answer = next.clone().run(request, extensions).await?;

        let Some(claims) = asked_for(answer.status(), answer.headers()) else { return Ok(answer) };
        let Some(second) = source.challenged(&claims) else { return Ok(answer) };
        let Some(mut request) = again else {
            // The next call has the new token; why there is none is the next call's to say.
            drop(second.await);
            return Ok(answer);
        };
        drop(answer);
        let second = second.await.map_err(of_token)?;
        request.headers_mut().insert(AUTHORIZATION, header(&second).map_err(Error::middleware)?);
        next.run(request, extensions).await
    }
}

fn of_token(error: crate::TokenError) -> Error {
    Error::middleware(CallError::Token(error))
}
