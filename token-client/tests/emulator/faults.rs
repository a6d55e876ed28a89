//! Failures on demand, and the emulator's own bounds.

use std::sync::Arc;
use std::time::Duration;

use credential_core::testing::FakeClock;
use token_client::emulator::{EmulatedApp, Emulator, Fault};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::client::{GRAPH, ask_by_secret, emulator, get, send};

#[tokio::test]
async fn the_requests_named_fail_and_the_others_do_not() {
    let emulator = emulator().await;
    emulator.fail(Fault::status(503).body("busy").retry_after(2).on("/oauth2/v2.0/token").skip(1).times(2));
    emulator.fail(
        Fault::refusal(50_079, "Enroll for multi-factor authentication.").claims("{}").on("/token").skip(3).times(1),
    );
    let mut codes = Vec::new();
    for _ in 0..5 {
        let answer = ask_by_secret(&emulator, "s3cret", GRAPH).await;
        codes.push((answer.status, answer.code()));
        if answer.status == 503 {
            assert_eq!((answer.header("retry-after"), answer.text.as_str()), (Some("2"), "busy"));
        }
        if answer.code() == 50_079 {
            assert_eq!(
                (&answer.json()["error"], &answer.json()["claims"]),
                (&"interaction_required".into(), &"{}".into())
            );
        }
    }
    // The second fault does not count the requests that the first one had.
    assert_eq!(codes, [(200, 0), (503, 0), (503, 0), (200, 0), (200, 0)]);
    assert_eq!(ask_by_secret(&emulator, "s3cret", GRAPH).await.code(), 50_079);
    assert_eq!(emulator.requests()[1].verdict, "fault");
    emulator.fail(Fault::status(500));
    emulator.clear_faults();
    assert_eq!(ask_by_secret(&emulator, "s3cret", GRAPH).await.status, 200);
    emulator.clear_requests();
    assert!(emulator.requests().is_empty());
}

#[tokio::test]
async fn connections_end_and_answers_break_when_told_to() {
    let emulator = emulator().await;
    let url = format!("{}/v2.0/.well-known/openid-configuration", emulator.authority());
    emulator.fail(Fault::close().times(1));
    assert!(send("GET", &url, &[], "").await.is_none());
    assert_eq!(emulator.requests()[0].status, None);
    emulator.fail(Fault::broken().times(1));
    let broken = get(&url, &[]).await;
    let announced: usize = broken.header("content-length").unwrap().parse().unwrap();
    assert!(broken.text.len() < announced, "{broken:?}");
    emulator.fail(Fault::garbage().times(1));
    let garbage = get(&url, &[]).await;
    assert!(garbage.status == 200 && garbage.json().is_null());
    assert!(get(&url, &[]).await.json().is_object());
}

#[tokio::test]
async fn a_delay_is_on_the_emulators_clock() {
    let clock = Arc::new(FakeClock::default());
    let app = EmulatedApp::new("app1").secret("s3cret");
    let emulator = Emulator::builder().app(app).clock(clock.clone()).start().await.unwrap();
    emulator.fail(Fault::delay(Duration::from_secs(3600)).times(1));
    let answer = async { ask_by_secret(&emulator, "s3cret", GRAPH).await };
    let later = async {
        while emulator.requests().is_empty() {
            tokio::task::yield_now().await;
        }
        assert_eq!(emulator.requests()[0].status, None, "not answered yet");
        // It may not sleep yet; each step wakes it if it does.
        while emulator.requests()[0].status.is_none() {
            clock.advance(Duration::from_secs(600));
            tokio::task::yield_now().await;
        }
    };
    assert_eq!(tokio::join!(answer, later).0.status, 200);
}

#[tokio::test]
async fn what_is_too_much_or_not_from_here_is_refused() {
    let emulator = emulator().await;
    let large = "a".repeat(1024 * 1024 + 1);
    let answer = send("POST", &emulator.token_endpoint(), &[], &large).await;
    assert!(answer.is_none_or(|answer| answer.status == 413));
    let mut stream = TcpStream::connect(("127.0.0.1", emulator.port())).await.unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nhost: evil.example\r\nconnection: close\r\n\r\n").await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 421"), "{answer}");
}

#[tokio::test]
async fn it_ends_when_it_is_dropped() {
    let emulator = emulator().await;
    let address = ("127.0.0.1", emulator.port());
    let mut open = TcpStream::connect(address).await.unwrap();
    drop(emulator);
    let mut rest = Vec::new();
    assert!(matches!(open.read_to_end(&mut rest).await, Ok(0) | Err(_)));
    for _ in 0..100 {
        if TcpStream::connect(address).await.is_err() {
            return;
        }
        tokio::task::yield_now().await;
    }
    panic!("the port is still open");
}
