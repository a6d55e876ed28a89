//! What was never sent is sent again; what may have arrived is not.

use std::error::Error;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use credential_core::world::{HttpErrorKind, HttpRequest};
use credential_tests::socket::{Reply, Socket};
use reqwest::Client;
use token_client::ReqwestHttp;
use tower::{Layer, Service};

use crate::send;

#[tokio::test]
async fn a_post_that_may_have_arrived_is_sent_once() {
    // On a new connection, and on one that has carried an answer before.
    for answered in [0, 1] {
        let server =
            Socket::listen("127.0.0.1:0", move |before| if before < answered { Reply::Body("") } else { Reply::Close });
        let http = ReqwestHttp::new().unwrap();
        for _ in 0..answered {
            send(&http, HttpRequest::post(server.url()).body("a=1")).await.unwrap();
        }
        let error = send(&http, HttpRequest::post(server.url()).body("a=2")).await.unwrap_err();
        assert_eq!(error.kind(), HttpErrorKind::Broken);
        assert_eq!(server.requests().len(), answered + 1);
        assert_eq!(server.connections(), 1);
    }
}

#[tokio::test]
async fn a_connection_that_was_closed_meanwhile_costs_no_request() {
    let server = Socket::listen("127.0.0.1:0", |_| Reply::BodyThenClose("ok"));
    let http = ReqwestHttp::new().unwrap();
    for nth in 1..=3 {
        let answer = send(&http, HttpRequest::post(server.url()).body("a=1")).await.unwrap();
        assert_eq!((answer.body.expose(), server.requests().len()), (&b"ok"[..], nth));
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// A connector whose first connections come to nothing, with that error.
#[derive(Clone)]
struct Fails<S> {
    inner: S,
    times: usize,
    with: &'static str,
    tried: Arc<AtomicUsize>,
}

impl<S> Layer<S> for Fails<()> {
    type Service = Fails<S>;

    fn layer(&self, inner: S) -> Fails<S> {
        Fails { inner, times: self.times, with: self.with, tried: Arc::clone(&self.tried) }
    }
}

impl<R, S> Service<R> for Fails<S>
where
    S: Service<R, Error = Box<dyn Error + Send + Sync>, Future: Send + 'static>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<S::Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: R) -> Self::Future {
        if self.tried.fetch_add(1, Ordering::SeqCst) < self.times {
            let error = self.with.into();
            return Box::pin(async move { Err(error) });
        }
        Box::pin(self.inner.call(request))
    }
}

#[tokio::test]
async fn what_another_caller_left_in_the_middle_is_tried_once_more() {
    // What the pool says when a caller leaves while it opens the connection that others wait for, and
    // what a network says.
    for (with, times, arrives, tries) in
        [("request was canceled", 1, true, 2), ("request was canceled", 5, false, 2), ("network is down", 1, false, 1)]
    {
        let server = Socket::listen("127.0.0.1:0", |_| Reply::Body("ok"));
        let failing = Fails { inner: (), times, with, tried: Arc::default() };
        let tried = Arc::clone(&failing.tried);
        let http = ReqwestHttp::from_builder(move || Client::builder().connector_layer(failing.clone())).unwrap();
        let answer = send(&http, HttpRequest::post(server.url()).body("a=1")).await;
        assert_eq!((answer.is_ok(), tried.load(Ordering::SeqCst)), (arrives, tries), "{with} {times}: {answer:?}");
        assert_eq!(server.requests().len(), usize::from(arrives));
    }
}
