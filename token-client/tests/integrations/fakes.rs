//! An API behind a service that is strict about readiness, and a source whose tokens tell where they are from.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::future::{Ready, ready};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::Full;
use token_client::integrations::ApiToken;
use token_client::{AccessToken, TokenError, TokenErrorKind, TokenFuture, TokenSource};
use tokio::sync::Semaphore;
use tower::Service;

pub(crate) type Body = Full<Bytes>;
pub(crate) const API: &str = "https://api.example";
pub(crate) const CLAIMS: &str = r#"{"access_token":{"acrs":{"essential":true,"value":"c1"}}}"#;

/// A request as the API saw it.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) request: Request<Body>,
}

impl Seen {
    /// The values of its `Authorization` headers.
    pub(crate) fn tokens(&self) -> Vec<&str> {
        self.request.headers().get_all("authorization").iter().map(|value| value.to_str().unwrap()).collect()
    }
}

/// Answers what it was told to, then 200; panics when it is called without having been asked whether it is ready.
#[derive(Debug, Default)]
pub(crate) struct Api {
    shared: Arc<Shared>,
    ready: bool,
}

#[derive(Debug, Default)]
struct Shared {
    seen: Mutex<Vec<Seen>>,
    answers: Mutex<VecDeque<Response<()>>>,
}

/// As services are: a clone of a ready one is not ready.
impl Clone for Api {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared), ready: false }
    }
}

impl Api {
    pub(crate) fn answers(&self, answer: Response<()>) {
        self.shared.answers.lock().unwrap().push_back(answer);
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.shared.seen.lock().unwrap().clone()
    }

    /// The tokens of every request, in the order of coming.
    pub(crate) fn tokens(&self) -> Vec<String> {
        self.seen().iter().map(|seen| seen.tokens().join(" and ")).collect()
    }
}

impl Service<Request<Body>> for Api {
    type Response = Response<()>;
    type Error = Infallible;
    type Future = Ready<Result<Response<()>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.ready = true;
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        assert!(std::mem::take(&mut self.ready), "called without being ready");
        self.shared.seen.lock().unwrap().push(Seen { request });
        let answer = self.shared.answers.lock().unwrap().pop_front();
        ready(Ok(answer.unwrap_or_default()))
    }
}

pub(crate) fn request(address: &str) -> Request<Body> {
    Request::post(address).header("x-trace", "t1").body(Body::from("the body")).unwrap()
}

pub(crate) fn unauthorized(challenge: &str) -> Response<()> {
    Response::builder().status(StatusCode::UNAUTHORIZED).header("www-authenticate", challenge).body(()).unwrap()
}

/// A 401 that asks for the claims.
pub(crate) fn asks_for_claims() -> Response<()> {
    use base64::Engine;
    let claims = base64::prelude::BASE64_STANDARD.encode(CLAIMS);
    unauthorized(&format!("Bearer error=\"insufficient_claims\", claims=\"{claims}\""))
}

/// Gives `NAME-N`; with claims `NAME-N+claims`, and from then on too. Waits where it was told to.
#[derive(Debug)]
pub(crate) struct Source {
    name: String,
    given: Mutex<u32>,
    claims: Mutex<Vec<String>>,
    gate: Option<Arc<Semaphore>>,
    fails: bool,
}

impl Source {
    pub(crate) fn new(name: &str) -> Arc<Self> {
        Arc::new(Self::unshared(name))
    }

    pub(crate) fn failing(name: &str) -> Arc<Self> {
        Arc::new(Self { fails: true, ..Self::unshared(name) })
    }

    /// One that waits for a permit before each token.
    pub(crate) fn gated(name: &str, gate: &Arc<Semaphore>) -> Arc<Self> {
        Arc::new(Self { gate: Some(Arc::clone(gate)), ..Self::unshared(name) })
    }

    fn unshared(name: &str) -> Self {
        let (given, claims) = (Mutex::default(), Mutex::default());
        Self { name: name.to_owned(), given, claims, gate: None, fails: false }
    }

    /// The claims that it was asked for.
    pub(crate) fn claims(&self) -> Vec<String> {
        self.claims.lock().unwrap().clone()
    }

    fn give(&self) -> Result<AccessToken, TokenError> {
        if self.fails {
            let finding = token_client::credential_core::Finding::error("no-token", "there is none today");
            return Err(TokenError::of(TokenErrorKind::Unwell, finding));
        }
        let mut given = self.given.lock().unwrap();
        *given += 1;
        let claims = if self.claims().is_empty() { "" } else { "+claims" };
        let end = SystemTime::UNIX_EPOCH + Duration::from_secs(4_000_000_000);
        Ok(AccessToken::new(format!("{}-{given}{claims}", self.name), end))
    }
}

impl TokenSource for Source {
    fn token(&self) -> TokenFuture<'_> {
        let Some(gate) = &self.gate else { return TokenFuture::ready(self.give()) };
        TokenFuture::waiting(async move {
            gate.acquire().await.unwrap().forget();
            self.give()
        })
    }

    fn challenged<'a>(&'a self, claims: &'a str) -> Option<TokenFuture<'a>> {
        self.claims.lock().unwrap().push(claims.to_owned());
        Some(self.token())
    }
}

/// A source that cannot ask for claims.
#[derive(Debug)]
pub(crate) struct Plain;

impl TokenSource for Plain {
    fn token(&self) -> TokenFuture<'_> {
        TokenFuture::ready(Source::new("plain").give())
    }
}

pub(crate) fn for_api(source: impl TokenSource + 'static) -> ApiToken {
    ApiToken::new(source, [API]).unwrap()
}
