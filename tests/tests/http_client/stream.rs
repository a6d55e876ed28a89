//! Bodies that are never whole in memory.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use credential_core::World;
use credential_core::world::{
    BodyStream, HttpError, HttpErrorKind, HttpRequest, HttpStreamRequest, HttpStreamResponse,
};
use credential_tests::socket::{Reply, Socket};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use token_client::ReqwestHttp;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::runtime::Builder;

use crate::SOON;

const PIECE: usize = 64 * 1024;
const LARGE: usize = 200 * 1024 * 1024;

/// So many bytes, in pieces, and how many are still to come.
struct Bytes(Arc<AtomicUsize>);

impl Bytes {
    fn of(length: usize) -> (Self, Arc<AtomicUsize>) {
        let left = Arc::new(AtomicUsize::new(length));
        (Self(Arc::clone(&left)), left)
    }
}

#[async_trait]
impl BodyStream for Bytes {
    async fn next(&mut self) -> Option<Result<Vec<u8>, HttpError>> {
        let left = self.0.load(Ordering::SeqCst);
        let length = left.min(PIECE);
        self.0.store(left - length, Ordering::SeqCst);
        (length > 0).then(|| Ok(vec![b'x'; length]))
    }
}

fn world() -> World {
    World::new(Arc::new(ReqwestHttp::new().unwrap()))
}

fn post(address: SocketAddr) -> HttpStreamRequest {
    HttpStreamRequest::new(HttpRequest::post(format!("http://{address}/")).timeout(Duration::from_secs(120)))
}

async fn length_of(mut answer: HttpStreamResponse) -> Result<usize, HttpError> {
    let mut length = 0;
    while let Some(piece) = answer.body.next().await {
        length += piece?.len();
    }
    Ok(length)
}

/// Sends back what it is sent, as it comes.
async fn echo() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let answer = |request: Request<Incoming>| async {
                let length = request.headers().get("content-length").cloned();
                let mut response = Response::new(request.into_body());
                if let Some(length) = length {
                    response.headers_mut().insert("x-length", length);
                }
                Ok::<_, Infallible>(response)
            };
            let serving = hyper::server::conn::http1::Builder::new();
            tokio::spawn(serving.serve_connection(TokioIo::new(stream), service_fn(answer)));
        }
    });
    address
}

#[test]
fn large_bodies_go_through_little_memory() {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let (world, (body, left)) = (world(), Bytes::of(LARGE));
    let mut received = 0;
    // Client and server are on this one thread, and so is all that they allocate.
    let memory = allocation_counter::measure(|| {
        received = runtime.block_on(async {
            let request = post(echo().await).body(body).unbounded();
            length_of(world.send_stream(request).await.unwrap()).await.unwrap()
        });
    });
    assert_eq!((received, left.load(Ordering::SeqCst)), (LARGE, 0));
    assert!(memory.bytes_max < 16 * 1024 * 1024, "{memory:?}");
}

#[tokio::test]
async fn a_length_is_sent_where_it_is_known_and_the_bound_counts_unless_it_is_lifted() {
    let (world, address) = (world(), echo().await);
    let mut request = post(address).body(Bytes::of(3 * PIECE).0);
    request.request = request.request.header("content-length", (3 * PIECE).to_string());
    let answer = world.send_stream(request).await.unwrap();
    assert_eq!(answer.header("X-Length"), Some((3 * PIECE).to_string().as_str()));
    assert_eq!(length_of(answer).await.unwrap(), 3 * PIECE);
    let answer = world.send_stream(post(address).body(Bytes::of(2 * 1024 * 1024).0)).await.unwrap();
    assert_eq!(length_of(answer).await.unwrap_err().kind(), HttpErrorKind::TooLarge);
    // A body in memory goes the same way.
    let mut request = post(address);
    request.request = request.request.body("abc");
    assert_eq!(length_of(world.send_stream(request).await.unwrap()).await.unwrap(), 3);
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let server = Socket::listen("127.0.0.1:0", |_| {
        Reply::Head("HTTP/1.1 307 Elsewhere\r\nlocation: /elsewhere\r\ncontent-length: 0\r\n\r\n")
    });
    let answer = world().send_stream(post(server.address)).await.unwrap();
    assert_eq!((answer.status, server.requests().len()), (307, 1));
}

/// Answers each connection with that text once a request's head is there, and then does as it is told; says when
/// the client is gone.
async fn server(answer: &'static str, closes: bool) -> (SocketAddr, tokio::sync::mpsc::Receiver<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (left, gone) = tokio::sync::mpsc::channel(8);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = [0; 4096];
            let _ = stream.read(&mut request).await;
            let _ = stream.write_all(answer.as_bytes()).await;
            if !closes {
                while stream.read(&mut request).await.is_ok_and(|length| length > 0) {}
            }
            let _ = left.send(()).await;
        }
    });
    (address, gone)
}

#[tokio::test]
async fn a_peer_that_breaks_off_is_an_error_and_no_end() {
    for head in ["content-length: 10", "transfer-encoding: chunked"] {
        let body = if head.starts_with('c') { "abc" } else { "3\r\nabc\r\n" };
        let answer = format!("HTTP/1.1 200 OK\r\n{head}\r\n\r\n{body}").leak();
        let (address, _gone) = server(answer, true).await;
        let answer = world().send_stream(post(address)).await.unwrap();
        assert_eq!(length_of(answer).await.unwrap_err().kind(), HttpErrorKind::Broken, "{head}");
    }
    // And in the middle of the request's own body.
    let (address, _gone) = server("", true).await;
    let error = world().send_stream(post(address).body(Bytes::of(LARGE).0)).await.unwrap_err();
    assert_eq!(error.kind(), HttpErrorKind::Broken);
}

#[tokio::test]
async fn a_peer_that_falls_silent_is_given_up_and_told_so() {
    for (answer, body) in [("", false), ("", true), ("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc", false)] {
        let (address, mut gone) = server(answer, false).await;
        let mut request = post(address).idle_timeout(Duration::from_millis(100));
        if body {
            request = request.body(Bytes::of(PIECE).0);
        }
        let done = async { length_of(world().send_stream(request).await?).await };
        let error = tokio::time::timeout(SOON, done).await.unwrap().unwrap_err();
        assert_eq!(error.kind(), HttpErrorKind::Timeout, "{error:?}");
        tokio::time::timeout(SOON, gone.recv()).await.unwrap().unwrap();
    }
}

/// A source that breaks down.
struct Breaks;

#[async_trait]
impl BodyStream for Breaks {
    async fn next(&mut self) -> Option<Result<Vec<u8>, HttpError>> {
        Some(Err(HttpError::new(HttpErrorKind::TooLarge, "the source broke down")))
    }
}

#[tokio::test]
async fn the_request_s_own_body_says_why_it_broke_off() {
    let error = world().send_stream(post(echo().await).body(Breaks)).await.unwrap_err();
    assert_eq!(error.kind(), HttpErrorKind::TooLarge);
    assert!(error.to_string().contains("the source broke down"), "{error}");
}

#[tokio::test]
async fn whoever_leaves_ends_the_exchange() {
    // Before the head, and with the answer in hand.
    for answer in ["", "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc"] {
        let (address, mut gone) = server(answer, false).await;
        let world = world();
        let waits = tokio::time::timeout(Duration::from_millis(200), world.send_stream(post(address))).await;
        assert_eq!(waits.is_ok(), !answer.is_empty());
        drop(waits);
        tokio::time::timeout(SOON, gone.recv()).await.unwrap().unwrap();
    }
    // In the middle of its own body, which nobody asks for more then.
    let (address, _gone) = server("", false).await;
    let (body, left) = Bytes::of(usize::MAX / 2);
    let world = world();
    let sends = world.send_stream(post(address).body(body));
    assert!(tokio::time::timeout(Duration::from_millis(200), sends).await.is_err());
    tokio::time::sleep(Duration::from_millis(100)).await;
    let then = left.load(Ordering::SeqCst);
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(then < usize::MAX / 2 && then == left.load(Ordering::SeqCst));
}
