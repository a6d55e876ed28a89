//! Bodies in pieces keep to the request's limits, whoever wrote the HTTP client.

#![expect(clippy::panic, reason = "others' code that panics")]

use std::collections::VecDeque;
use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use credential_core::credential::SecretBytes;
use credential_core::testing::{FakeHttp, FakeWorld};
use credential_core::world::{
    BodyStream, ClientCertificate, HttpClient, HttpError, HttpErrorKind, HttpRequest, HttpResponse, HttpStreamRequest,
    HttpStreamResponse,
};
use credential_core::{World, async_trait};

const URL: &str = "https://h.example/secret-path";

/// What a body does once its pieces are there.
#[derive(Clone, Copy, Debug)]
enum Then {
    Ends,
    Hangs,
    Panics,
}

struct Body(VecDeque<Vec<u8>>, Then);

#[async_trait]
impl BodyStream for Body {
    async fn next(&mut self) -> Option<Result<Vec<u8>, HttpError>> {
        match (self.0.pop_front(), self.1) {
            (Some(piece), _) => Some(Ok(piece)),
            (None, Then::Ends) => None,
            (None, Then::Hangs) => pending().await,
            (None, Then::Panics) => panic!("s3cret"),
        }
    }
}

fn pieces(count: usize, then: Then) -> Body {
    Body((0..count).map(|_| vec![b'x'; 10]).collect(), then)
}

/// Answers with the body that it is made with, once it has read the request's.
#[derive(Debug)]
struct Client {
    count: usize,
    then: Then,
    headers: Vec<(String, String)>,
}

#[async_trait]
impl HttpClient for Client {
    async fn send(&self, _request: HttpRequest) -> Result<HttpResponse, HttpError> {
        panic!("not asked")
    }

    async fn send_stream(&self, request: HttpStreamRequest) -> Result<HttpStreamResponse, HttpError> {
        if let Some(mut body) = request.body {
            while let Some(piece) = body.next().await {
                piece?;
            }
        }
        Ok(HttpStreamResponse::new(200, self.headers.clone(), pieces(self.count, self.then)))
    }
}

fn world(fake: &FakeWorld, count: usize, then: Then) -> World {
    fake.world().with_http(Arc::new(Client { count, then, headers: Vec::new() }))
}

fn request() -> HttpStreamRequest {
    HttpStreamRequest::new(HttpRequest::post(URL).timeout(Duration::from_secs(60)))
        .idle_timeout(Duration::from_secs(20))
}

async fn whole(mut body: Box<dyn BodyStream>) -> Result<usize, HttpError> {
    let mut length = 0;
    while let Some(piece) = body.next().await {
        match piece {
            Ok(piece) => length += piece.len(),
            Err(error) => {
                assert!(body.next().await.is_none(), "a body goes on after an error");
                return Err(error);
            }
        }
    }
    Ok(length)
}

#[tokio::test]
async fn an_answer_is_as_long_as_it_may_be_unless_that_is_lifted() {
    let fake = FakeWorld::new();
    let world = world(&fake, 10, Then::Ends);
    let bounded = |max| HttpStreamRequest::new(HttpRequest::get(URL).max_response(max));
    assert_eq!(whole(world.send_stream(bounded(100)).await.unwrap().body).await.unwrap(), 100);
    let error = whole(world.send_stream(bounded(99)).await.unwrap().body).await.unwrap_err();
    assert_eq!(error.kind(), HttpErrorKind::TooLarge);
    assert_eq!(whole(world.send_stream(bounded(0).unbounded()).await.unwrap().body).await.unwrap(), 100);
    // One that says so is not read at all.
    let headers = vec![("Content-Length".to_owned(), "100".to_owned())];
    let saying = fake.world().with_http(Arc::new(Client { count: 10, then: Then::Panics, headers }));
    assert_eq!(saying.send_stream(bounded(99)).await.unwrap_err().kind(), HttpErrorKind::TooLarge);
}

#[tokio::test]
async fn a_silence_and_the_end_of_the_time_are_errors_in_the_head_and_in_the_body() {
    for (idle, total) in [(20, 60), (60, 20)] {
        let limited = |body: bool| {
            let request = HttpStreamRequest::new(HttpRequest::post(URL).timeout(Duration::from_secs(total)));
            let request = request.idle_timeout(Duration::from_secs(idle));
            if body { request.body(pieces(1, Then::Hangs)) } else { request }
        };
        // The request's body hangs: there is no answer.
        let fake = FakeWorld::new();
        let hangs = world(&fake, 0, Then::Ends);
        let late = async {
            tokio::task::yield_now().await;
            fake.clock.advance(Duration::from_secs(19));
            tokio::task::yield_now().await;
            fake.clock.advance(Duration::from_secs(2));
        };
        let (error, ()) = tokio::join!(hangs.send_stream(limited(true)), late);
        let error = error.unwrap_err();
        assert_eq!(error.kind(), HttpErrorKind::Timeout);
        assert!(!error.to_string().contains("secret-path"), "{error}");
        // The answer's body hangs.
        let hangs = world(&fake, 2, Then::Hangs);
        let answer = hangs.send_stream(limited(false)).await.unwrap();
        let late = async { fake.clock.advance(Duration::from_secs(21)) };
        let (error, ()) = tokio::join!(whole(answer.body), late);
        assert_eq!(error.unwrap_err().kind(), HttpErrorKind::Timeout);
    }
}

#[tokio::test]
async fn what_the_caller_takes_between_two_pieces_is_no_silence_and_a_caller_that_left_comes_back() {
    let fake = FakeWorld::new();
    let mut body = world(&fake, 3, Then::Hangs).send_stream(request()).await.unwrap().body;
    for _ in 0..2 {
        assert!(body.next().await.unwrap().is_ok());
        fake.clock.advance(Duration::from_secs(25));
    }
    assert!(body.next().await.unwrap().is_ok());
    // Left while it waits: what comes then is no end of the body.
    let waits = tokio::time::timeout(Duration::from_millis(1), body.next()).await;
    assert!(waits.is_err());
    fake.clock.advance(Duration::from_secs(25));
    assert_eq!(body.next().await.unwrap().unwrap_err().kind(), HttpErrorKind::Timeout);
}

#[tokio::test]
async fn a_panic_is_an_error_and_shows_nothing() {
    let fake = FakeWorld::new();
    let answer = world(&fake, 1, Then::Panics).send_stream(request()).await.unwrap();
    assert_eq!(whole(answer.body).await.unwrap_err().kind(), HttpErrorKind::Broken);
    let own = world(&fake, 1, Then::Ends).send_stream(request().body(pieces(1, Then::Panics))).await;
    let error = own.unwrap_err();
    assert!(error.kind() == HttpErrorKind::Request && !format!("{error:?}").contains("s3cret"), "{error:?}");
}

/// A client from before there were streams.
#[derive(Debug)]
struct Plain;

#[async_trait]
impl HttpClient for Plain {
    async fn send(&self, _request: HttpRequest) -> Result<HttpResponse, HttpError> {
        panic!("not asked")
    }
}

#[tokio::test]
async fn what_a_client_cannot_do_is_refused() {
    let fake = FakeWorld::new();
    let plain = fake.world().with_http(Arc::new(Plain));
    let error = plain.send_stream(request()).await.unwrap_err();
    assert!(error.kind() == HttpErrorKind::Unsupported && error.to_string().contains("h.example"), "{error}");
    let mut needy = request();
    needy.request.client_certificate = Some(ClientCertificate::new(Vec::new(), SecretBytes::new(*b"hunter2")));
    assert!(!format!("{needy:?}").contains("hunter2"));
    let error = world(&fake, 0, Then::Ends).send_stream(needy).await.unwrap_err();
    assert_eq!(error.kind(), HttpErrorKind::Unsupported);
}

#[tokio::test]
async fn the_fake_records_what_was_streamed_and_answers_as_ever() {
    let fake = FakeWorld::new();
    fake.http.answer(200, "answer");
    let answer = fake.world().send_stream(request().body(pieces(3, Then::Ends))).await.unwrap();
    assert_eq!((answer.status, whole(answer.body).await.unwrap()), (200, 6));
    let http: &FakeHttp = &fake.http;
    assert_eq!(http.requests()[0].body.len(), 30);
}
