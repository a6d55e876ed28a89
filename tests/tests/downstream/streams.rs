//! Bodies that are never whole in memory, in both directions.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use credential_core::world::{
    BodyStream, HttpClient, HttpError, HttpRequest, HttpResponse, HttpStreamRequest, HttpStreamResponse,
};
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::json;
use token_client::{DownstreamApi, DownstreamCall, DownstreamError, ReqwestHttp, StreamBody};
use tokio::net::TcpListener;

use crate::there::{There, client_of};

const PIECE: usize = 64 * 1024;
const LARGE: usize = 1024 * 1024 * 1024;

/// So many bytes, in pieces.
struct Zeros(usize);

#[async_trait]
impl BodyStream for Zeros {
    async fn next(&mut self) -> Option<Result<Vec<u8>, HttpError>> {
        let length = self.0.min(PIECE);
        self.0 -= length;
        (length > 0).then(|| Ok(vec![0; length]))
    }
}

/// Tokens from memory, the API over sockets.
#[derive(Debug)]
struct Split(There, ReqwestHttp);

#[async_trait]
impl HttpClient for Split {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        if request.url.contains("/oauth2/") { self.0.send(request).await } else { self.1.send(request).await }
    }

    async fn send_stream(&self, request: HttpStreamRequest) -> Result<HttpStreamResponse, HttpError> {
        self.1.send_stream(request).await
    }
}

type Answer = http_body_util::Either<Incoming, Full<Bytes>>;

/// Refuses the first `refused` requests with that status and header, and sends back what the others send.
async fn server(refused: usize, status: u16, header: (&'static str, &'static str)) -> (SocketAddr, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (address, asked) = (listener.local_addr().unwrap(), Arc::new(AtomicUsize::new(0)));
    let count = Arc::clone(&asked);
    let answer = move |request: Request<Incoming>| {
        let number = count.fetch_add(1, Ordering::SeqCst);
        async move {
            if number >= refused {
                return Ok::<_, Infallible>(Response::new(Answer::Left(request.into_body())));
            }
            let _ = request.into_body().collect().await;
            let answer = Response::builder().status(status).header(header.0, header.1);
            Ok(answer.body(Answer::Right(Full::from("refused"))).unwrap())
        }
    };
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let serving = hyper::server::conn::http1::Builder::new();
            tokio::spawn(serving.serve_connection(TokioIo::new(stream), service_fn(answer.clone())));
        }
    });
    (address, asked)
}

pub(crate) fn split() -> Arc<dyn HttpClient> {
    Arc::new(Split(There::default(), ReqwestHttp::new().unwrap()))
}

async fn api(address: SocketAddr) -> DownstreamApi {
    let section = json!({"BaseUrl": format!("http://{address}/"), "Scopes": ["api://x/.default"],
                         "RequestAppToken": true, "HttpMethod": "PUT"});
    client_of(split(), serde_json::Value::Null, json!({"Api": section})).await.unwrap().downstream("Api").unwrap()
}

#[test]
fn large_bodies_go_through_little_memory() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut received = 0;
    // Client and server are on this one thread, and so is all that they allocate.
    let memory = allocation_counter::measure(|| {
        received = runtime.block_on(async {
            let api = api(server(0, 0, ("", "")).await.0).await;
            let body = StreamBody::new(Zeros(LARGE)).length(LARGE as u64);
            let mut answer = api.stream(DownstreamCall::new().stream(body)).await.unwrap();
            let mut received = 0;
            while let Some(piece) = answer.next().await {
                received += piece.unwrap().len();
            }
            received
        });
    });
    assert_eq!(received, LARGE);
    assert!(memory.bytes_max < 16 * 1024 * 1024, "{memory:?}");
}

/// `{"access_token":{}}`.
const CHALLENGE: (&str, &str) =
    ("www-authenticate", "Bearer error=\"insufficient_claims\", claims=\"eyJhY2Nlc3NfdG9rZW4iOnt9fQ==\"");

fn pieces() -> VecDeque<Vec<u8>> {
    VecDeque::from([b"one ".to_vec(), b"two".to_vec()])
}

#[tokio::test]
async fn a_stream_is_sent_again_where_it_can_be_made_anew() {
    for (status, header) in [(401, CHALLENGE), (503, ("retry-after", "0")), (307, ("location", "/again"))] {
        let (address, asked) = server(1, status, header).await;
        let call = || DownstreamCall::new().retry(1).follow_redirects(1).stream(StreamBody::each_time(pieces));
        let answer = api(address).await.call(call()).await.unwrap();
        assert_eq!((answer.status(), answer.text().as_str()), (200, "one two"), "{status}");
        assert_eq!(asked.load(Ordering::SeqCst), 2);
        let answer = api(address).await.stream(call()).await.unwrap();
        assert_eq!(answer.status(), 200);
    }
}

#[tokio::test]
async fn a_stream_that_is_gone_is_sent_once_and_the_answer_says_so() {
    for (status, header) in [(401, CHALLENGE), (503, ("retry-after", "0")), (307, ("location", "/again"))] {
        let (address, asked) = server(1, status, header).await;
        let api = api(address).await;
        let call = DownstreamCall::new().retry(1).follow_redirects(1).stream(StreamBody::new(pieces()));
        let answer = api.call(call.clone()).await.unwrap();
        assert_eq!((answer.status(), asked.load(Ordering::SeqCst)), (status, 1));
        let error = answer.error_for_status().unwrap_err();
        assert_eq!(error.to_string().contains("cannot be sent again"), status == 401, "{error}");
        // The call shares the one reading with its clone.
        let error = api.call(call).await.unwrap_err();
        assert!(matches!(&error, DownstreamError::Call(finding) if finding.code == "body-sent-already"), "{error}");
        crate::is_about_the_call(&error);
        assert_eq!(asked.load(Ordering::SeqCst), 1);
    }
}

#[tokio::test]
async fn an_error_has_the_first_of_its_body() {
    let (address, _) = server(1, 409, ("x-a", "b")).await;
    let answer = api(address).await.stream(DownstreamCall::new()).await.unwrap();
    assert_eq!((answer.status(), answer.header("X-A"), answer.with_token()), (409, Some("b"), true));
    assert!(!format!("{answer:?}").contains("issued-token"));
    let error = answer.error_for_status().await.unwrap_err();
    assert_eq!((error.status(), error.answer().unwrap().text().as_str()), (Some(409), "refused"));
}

#[tokio::test]
async fn a_body_in_memory_streams_back_too() {
    let (address, _) = server(0, 0, ("", "")).await;
    let mut answer = api(address).await.stream(DownstreamCall::new().text("ü")).await.unwrap();
    assert_eq!(answer.next().await.unwrap().unwrap(), "ü".as_bytes());
    assert!(answer.next().await.is_none());
}
