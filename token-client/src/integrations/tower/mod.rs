//! A [`tower`](https://docs.rs/tower) layer that sends requests with a token: for tonic, hyper's clients, reqwest as a
//! service, and anything else that takes `http::Request` or `reqwest::Request`.
//!
//! ```
//! # async fn example(client: token_client::TokenClient) -> Result<(), Box<dyn std::error::Error>> {
//! use token_client::TokenRequest;
//! use token_client::integrations::ApiToken;
//! use token_client::integrations::tower::TokenLayer;
//! use tower::{Layer, ServiceExt};
//!
//! let token = client.token_source(TokenRequest::app("api://orders/.default"));
//! let layer = TokenLayer::new(ApiToken::new(token, ["https://orders.contoso.com"])?);
//!
//! let orders = layer.layer(reqwest::Client::new());
//! let request = reqwest::Request::new(reqwest::Method::GET, "https://orders.contoso.com/open".parse()?);
//! let answer = orders.oneshot(request).await?;
//! # let _ = answer; Ok(()) }
//! ```
//!
//! # What it does
//! Each request is sent with a token of the [`ApiToken`], or of its own [`CallToken`]. When the API
//! answers 401 and asks for claims (Microsoft's claims challenge), a token with these is asked for, and the request is
//! sent once more where its body can be had again: see [`TokenLayer::resend`]. Where it cannot, the API's answer is
//! handed on, and the next request has the new token.
//!
//! A `reqwest::Request` cannot bring a token of its own, since reqwest keeps its extensions to itself; with
//! `reqwest-middleware` it can.
//!
//! A request whose address is a path alone, as tonic's are, goes where the service below leads: that it is one of the
//! [`ApiToken`]'s addresses is for the program to say. A service below that follows redirects by itself decides where
//! it repeats the header; reqwest's client leaves it out for another host.
//!
//! # Errors
//! [`CallError`]: `Call` before anything is sent, `Token`, and `Service` with the error of the service below.
//! An answer of any status is an answer.
//!
//! # Waiting
//! A call waits for its token as long as the source's patience, and then for the service below. Dropping its future
//! ends it and nobody else's wait for the same token. A call is made of the service that was ready, and the second one
//! waits until that is ready again.

mod ready;
mod resend;

use std::fmt;
use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll};

use tower_layer::Layer;
use tower_service::Service;

use self::ready::Ready;
pub use self::resend::{Cloned, Never, Resend};
use super::walk::walk;
use super::{ApiToken, CallError, CallToken};

/// Wraps a service so that its requests are sent with a token. `R` says how a body is sent again.
#[derive(Clone, Debug)]
pub struct TokenLayer<R = Never> {
    token: ApiToken,
    resend: R,
}

impl TokenLayer {
    /// Sends requests with those tokens. No body is sent again but a `reqwest::Request`'s that is no stream: see
    /// [`resend`](Self::resend).
    pub fn new(token: ApiToken) -> Self {
        Self { token, resend: Never }
    }
}

impl<R> TokenLayer<R> {
    /// How the body of a request is had again, after a 401 that asks for claims: [`Cloned`] for bodies that can be
    /// cloned, or a closure.
    #[must_use]
    pub fn resend<P>(self, policy: P) -> TokenLayer<P> {
        TokenLayer { token: self.token, resend: policy }
    }
}

impl<S, R: Clone> Layer<S> for TokenLayer<R> {
    type Service = TokenService<S, R>;

    fn layer(&self, inner: S) -> Self::Service {
        TokenService { inner, token: self.token.clone(), resend: self.resend.clone() }
    }
}

/// A service whose requests are sent with a token: what a [`TokenLayer`] makes of another one.
#[derive(Clone)]
pub struct TokenService<S, R = Never> {
    inner: S,
    token: ApiToken,
    resend: R,
}

/// An answer that is waited for.
pub type AnswerFuture<A> = Pin<Box<dyn Future<Output = Result<A, CallError>> + Send>>;

type BoxError = Box<dyn std::error::Error + Send + Sync>;

impl<S, R> TokenService<S, R> {
    fn poll_inner<Q>(&mut self, context: &mut Context<'_>) -> Poll<Result<(), CallError>>
    where
        S: Service<Q, Error: Into<BoxError>>,
    {
        self.inner.poll_ready(context).map_err(ready::of_service)
    }

    /// The service that is ready; what it leaves behind must be asked again whether it is.
    fn take_ready(&mut self) -> S
    where
        S: Clone,
    {
        let next = self.inner.clone();
        mem::replace(&mut self.inner, next)
    }
}

impl<S, R, B, A> Service<http::Request<B>> for TokenService<S, R>
where
    S: Service<http::Request<B>, Response = http::Response<A>, Error: Into<BoxError>, Future: Send>,
    S: Clone + Send + 'static,
    R: Resend<B>,
    B: Send + 'static,
    A: Send + 'static,
{
    type Response = http::Response<A>;
    type Error = CallError;
    type Future = AnswerFuture<http::Response<A>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), CallError>> {
        self.poll_inner(context)
    }

    fn call(&mut self, request: http::Request<B>) -> Self::Future {
        let again = self.resend.again(request.body()).map(|body| resend::copy(&request, body));
        let own = request.extensions().get::<CallToken>().cloned();
        let (ready, token) = (Ready::new(self.take_ready()), self.token.clone());
        Box::pin(async move { walk(ready, &token, own, request, |_| again).await })
    }
}

impl<S, R> Service<reqwest::Request> for TokenService<S, R>
where
    S: Service<reqwest::Request, Response = reqwest::Response, Error: Into<BoxError>, Future: Send>,
    S: Clone + Send + 'static,
{
    type Response = reqwest::Response;
    type Error = CallError;
    type Future = AnswerFuture<reqwest::Response>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), CallError>> {
        self.poll_inner(context)
    }

    fn call(&mut self, request: reqwest::Request) -> Self::Future {
        let (ready, token) = (Ready::new(self.take_ready()), self.token.clone());
        // reqwest keeps a request's extensions to itself.
        Box::pin(async move { walk(ready, &token, None, request, reqwest::Request::try_clone).await })
    }
}

/// Whose tokens go where; the service below is its own to show.
impl<S, R> fmt::Debug for TokenService<S, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenService").field("token", &self.token).finish_non_exhaustive()
    }
}
