//! What strangers do to a call: code that panics, bodies that fail or hang, answers that drip, challenges without end,
//! callers that leave.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Waker};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use credential_core::testing::{FakeHttp, FakeReply};
use credential_core::world::{BodyStream, HttpError, HttpErrorKind, HttpResponse};
use futures_util::future::join_all;
use serde_json::{Value, json};
use token_client::{DownstreamApi, DownstreamCall, DownstreamError, StreamBody};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::streams::split;
use crate::there::{There, client, client_of};

/// `{"access_token":{}}`.
const CHALLENGE: &str = "Bearer error=\"insufficient_claims\", claims=\"eyJhY2Nlc3NfdG9rZW4iOnt9fQ==\"";
const AUTHORITY: &str = "https://login.microsoftonline.com/";
const API: &str = "https://api.contoso.com/";

fn section(base: &str) -> Value {
    json!({"BaseUrl": base, "Scopes": ["api://x/.default"], "RequestAppToken": true})
}

#[tokio::test]
async fn a_closure_that_panics_costs_its_call_alone() {
    let there = Arc::<There>::default();
    let api = client(&there, json!({"Api": section(API)})).await.downstream("Api").unwrap();
    let bug = || -> VecDeque<Vec<u8>> { panic!("s3cret of a closure") };
    for call in [
        DownstreamCall::new().before_token(|_| panic!("s3cret")),
        DownstreamCall::new().after_token(|_| panic!("s3cret")),
        DownstreamCall::new().before_sending(|_| panic!("s3cret")),
        DownstreamCall::new().token_options(|_| panic!("s3cret")),
        DownstreamCall::new().method("PUT").stream(StreamBody::each_time(bug)),
    ] {
        let error = api.call(call).await.unwrap_err();
        assert!(matches!(&error, DownstreamError::Call(finding) if finding.code == "bad-hook"), "{error}");
        assert!(!error.to_string().contains("s3cret") && error.to_string().contains("panicked"), "{error}");
        crate::is_about_the_call(&error);
        assert!(there.asked().iter().all(|request| request.url.starts_with(AUTHORITY)));
    }
    assert!(api.call(DownstreamCall::new()).await.unwrap().is_success());
}

/// A body that begins well.
enum Body {
    Fails,
    Panics,
    Hangs,
}

struct Begun(Body, bool);

#[async_trait]
impl BodyStream for Begun {
    async fn next(&mut self) -> Option<Result<Vec<u8>, HttpError>> {
        if !std::mem::replace(&mut self.1, true) {
            return Some(Ok(b"it begins well".to_vec()));
        }
        match self.0 {
            Body::Fails => Some(Err(HttpError::new(HttpErrorKind::Broken, "the disk is gone"))),
            Body::Panics => panic!("s3cret"),
            Body::Hangs => std::future::pending().await,
        }
    }
}

/// Reads what comes, and sends one byte of the answer after the other, never its end; of an empty one nothing.
async fn dripping(answer: &'static str) -> (SocketAddr, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (address, gone) = (listener.local_addr().unwrap(), Arc::new(AtomicUsize::new(0)));
    let count = Arc::clone(&gone);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let count = Arc::clone(&count);
            tokio::spawn(async move {
                let mut request = [0; 4096];
                for byte in answer.bytes().chain(std::iter::repeat(b'x')) {
                    let read = tokio::time::timeout(Duration::from_millis(20), stream.read(&mut request)).await;
                    let ended = matches!(read, Ok(Ok(0) | Err(_)));
                    if ended || !answer.is_empty() && stream.write_all(&[byte]).await.is_err() {
                        break;
                    }
                }
                count.fetch_add(1, Ordering::SeqCst);
            });
        }
    });
    (address, gone)
}

async fn api_at(address: SocketAddr) -> DownstreamApi {
    let apis = json!({"Api": section(&format!("http://{address}/"))});
    client_of(split(), Value::Null, apis).await.unwrap().downstream("Api").unwrap()
}

#[tokio::test]
async fn a_body_that_fails_panics_or_hangs_is_an_error_and_no_end() {
    for (body, word) in [
        (Body::Fails, "the disk is gone"),
        (Body::Panics, "the request's body panicked"),
        (Body::Hangs, "api-timed-out"),
    ] {
        let (address, gone) = dripping("").await;
        let api = api_at(address).await;
        let call = DownstreamCall::new().method("PUT").stream(StreamBody::new(Begun(body, false)));
        let start = Instant::now();
        let error = api.call(call.timeout(Duration::from_millis(300))).await.unwrap_err();
        assert!(matches!(error, DownstreamError::Http { .. }), "{error}");
        let told = format!("{error} {:?}", error.findings());
        assert!(told.contains(word) && !told.contains("s3cret"), "{word} is not in {told}");
        assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
        until(|| gone.load(Ordering::SeqCst) == 1).await;
    }
}

async fn until(is_so: impl Fn() -> bool) {
    for _ in 0..500 {
        if is_so() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("it never came");
}

#[tokio::test]
async fn an_answer_that_drips_ends_with_the_calls_time_and_its_connection_too() {
    for answer in ["", "HTTP/1.1 200 OK\r\nx-head: ", "HTTP/1.1 200 OK\r\n\r\n"] {
        let (address, gone) = dripping(answer).await;
        let api = api_at(address).await;
        let start = Instant::now();
        let call = || DownstreamCall::new().timeout(Duration::from_millis(1500));
        let error = api.call(call()).await.unwrap_err();
        let DownstreamError::Http { error: http, .. } = &error else { panic!("{error}") };
        assert_eq!(http.kind(), HttpErrorKind::Timeout, "{error}");
        assert!(start.elapsed() < Duration::from_secs(4), "{:?}", start.elapsed());
        until(|| gone.load(Ordering::SeqCst) == 1).await;
    }
    // The pieces of an answer have the call's time, whatever its reader does.
    let (address, gone) = dripping("HTTP/1.1 200 OK\r\n\r\n").await;
    let call = DownstreamCall::new().timeout(Duration::from_millis(1500));
    let mut answer = api_at(address).await.stream(call).await.unwrap();
    let ended = async {
        loop {
            match answer.next().await {
                Some(Ok(_)) => {}
                Some(Err(error)) => break error,
                None => panic!("what broke off is no end"),
            }
        }
    };
    let error = tokio::time::timeout(Duration::from_secs(4), ended).await.unwrap();
    assert!(error.to_string().contains("took too long"), "{error}");
    until(|| gone.load(Ordering::SeqCst) == 1).await;
}

/// A client of an authority and an API in memory that are pending once, as connections are.
async fn pending(http: &Arc<FakeHttp>, api: FakeReply) -> DownstreamApi {
    let token = r#"{"token_type":"Bearer","expires_in":3599,"access_token":"t"}"#;
    http.on("POST", AUTHORITY, FakeReply::Answer(HttpResponse::new(200, Vec::new(), token)));
    http.on("GET", API, api);
    client_of(Arc::clone(http) as _, Value::Null, json!({"Api": section(API)}))
        .await
        .unwrap()
        .downstream("Api")
        .unwrap()
}

fn challenge() -> FakeReply {
    let headers = vec![("www-authenticate".to_owned(), CHALLENGE.to_owned())];
    FakeReply::Answer(HttpResponse::new(401, headers, ""))
}

#[tokio::test]
async fn fifty_tenants_that_are_challenged_without_end_are_asked_twice_a_call() {
    let http = Arc::<FakeHttp>::default();
    let api = pending(&http, challenge()).await;
    let (tenants, rounds) = (50, 5);
    for _ in 0..rounds {
        let calls = (0..tenants).flat_map(|nth| [nth; 4]).map(|nth| {
            let call = DownstreamCall::new().tenant(format!("tenant{nth}.example"));
            async { api.call(call).await.unwrap().status() }
        });
        assert!(join_all(calls).await.into_iter().all(|status| status == 401));
    }
    let (to_authority, to_api): (Vec<_>, Vec<_>) =
        http.requests().into_iter().partition(|request| request.url.starts_with(AUTHORITY));
    assert_eq!(to_api.len(), tenants * 4 * rounds * 2);
    // A token for each tenant, and with the claims about one for each round, not for each of its callers: they share
    // it, but for the few whose refused token was newer.
    let tokens = to_authority.iter().filter(|asked| asked.url.ends_with("/token")).count();
    assert!(tokens <= tenants * (2 + rounds), "{tokens} token requests");
}

#[tokio::test]
async fn a_caller_may_leave_at_any_point_and_nobody_else_feels_it() {
    let mut points = 0;
    for polls in 0.. {
        let http = Arc::<FakeHttp>::default();
        let answered = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&answered);
        // A challenge, a wait, a redirect and an answer, over and over.
        let api = pending(
            &http,
            FakeReply::by(move |_| {
                let header = |name: &str, value: &str| vec![(name.to_owned(), value.to_owned())];
                match count.fetch_add(1, Ordering::SeqCst) % 4 {
                    0 => HttpResponse::new(401, header("www-authenticate", CHALLENGE), ""),
                    1 => HttpResponse::new(503, header("retry-after", "0"), ""),
                    2 => HttpResponse::new(302, header("location", "/moved"), ""),
                    _ => HttpResponse::new(200, Vec::new(), "{}"),
                }
            }),
        )
        .await;
        let call = || DownstreamCall::new().retry(9).follow_redirects(9);
        let beside = api.call(call());
        let left = {
            let mut leaving = pin!(api.call(call()));
            let mut ended = false;
            for _ in 0..polls {
                ended = leaving.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready();
                if ended {
                    break;
                }
                tokio::task::yield_now().await;
            }
            !ended
        };
        let answer = tokio::time::timeout(Duration::from_secs(10), beside).await.unwrap().unwrap();
        assert!(matches!(answer.status(), 200 | 401), "{polls}: {}", answer.status());
        let after = tokio::time::timeout(Duration::from_secs(10), api.call(call())).await.unwrap().unwrap();
        assert!(matches!(after.status(), 200 | 401), "{polls}: {}", after.status());
        if !left {
            break;
        }
        points += 1;
    }
    assert!(points > 4, "{points} points");
}

#[test]
fn a_runtime_that_stands_still_or_ends_in_the_middle_holds_up_no_other() {
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (still, other) = (runtime(), runtime());
    let http = Arc::<FakeHttp>::default();
    let api = still.block_on(pending(&http, FakeReply::Answer(HttpResponse::new(200, Vec::new(), "{}"))));
    for polls in 0..6 {
        let mut begun = Box::pin(api.call(DownstreamCall::new().force_refresh()));
        still.block_on(async {
            for _ in 0..polls {
                if begun.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready() {
                    break;
                }
                tokio::task::yield_now().await;
            }
        });
        let call = api.call(DownstreamCall::new().force_refresh().timeout(Duration::from_secs(10)));
        let answer = other.block_on(call);
        assert!(answer.is_ok_and(|answer| answer.is_success()), "{polls}");
        drop(begun);
    }
    drop(still);
    assert!(other.block_on(api.call(DownstreamCall::new())).unwrap().is_success());
}
