//! A server in trouble: no call fails, none waits longer than the bound, and it is used again when it is well.

use std::time::{Duration, Instant};

use credential_tests::processes::{Machines, app, got};
use token_client::TokenClient;
use token_client::TokenOrigin::{Authority, Cache, SharedCache};

use crate::server::Server;

/// One command's bound, and what a busy machine adds.
const BOUND: Duration = Duration::from_millis(50 + 25);

/// The longest of so many calls for tokens that nobody has.
async fn longest(client: &TokenClient, what: &str, calls: u32) -> Duration {
    let mut longest = Duration::ZERO;
    for nth in 0..calls {
        let request = app().extra_query(what, nth.to_string());
        let start = Instant::now();
        assert_eq!(got(client, &request).await.1, Authority, "{what} {nth}");
        longest = longest.max(start.elapsed());
    }
    longest
}

/// Calls while the server is in trouble, one after the other and then side by side; all but the first few are as quick
/// as without a store.
async fn bounded(client: &TokenClient, what: &str) {
    let first = longest(client, &format!("{what}-first"), 1).await;
    let rest = longest(client, &format!("{what}-rest"), 200).await;
    let start = Instant::now();
    let tasks: Vec<_> = (0..1000)
        .map(|nth| {
            let (client, request) = (client.clone(), app().extra_query(what, nth.to_string()));
            tokio::spawn(async move { got(&client, &request).await })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    let crowd = start.elapsed();
    println!("{what}: first call {first:?}, longest of 200 more {rest:?}, 1000 at once {crowd:?}");
    assert!(first < BOUND, "{what}: {first:?}");
    assert!(rest < BOUND, "{what}: {rest:?}");
    assert!(crowd < Duration::from_secs(1), "{what}: {crowd:?}");
}

/// Calls until the server is used again: how long that takes.
async fn used_again(machines: &Machines, server: &Server, client: &TokenClient) -> Duration {
    let start = Instant::now();
    for nth in 0.. {
        let request = app().extra_query("again", nth.to_string());
        got(client, &request).await;
        tokio::time::sleep(Duration::from_millis(20)).await;
        let other = machines.process_of("app1", server.patient()).await;
        if got(&other, &request).await.1 == SharedCache {
            break;
        }
        assert!(start.elapsed() < Duration::from_secs(40), "not used again");
    }
    start.elapsed()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs redis-server: .ci/real"]
async fn a_server_that_is_not_there_pauses_stops_or_dies_holds_nobody_up() {
    let (mut server, machines) = (Server::start(&[]), Machines::new());
    let client = machines.process_of("app1", server.cache()).await;
    got(&client, &app()).await;
    server.settled(1).await;

    server.command(&["CLIENT", "PAUSE", "2000", "ALL"]);
    bounded(&client, "paused").await;
    assert_eq!(got(&client, &app()).await.1, Cache);
    tokio::time::sleep(Duration::from_millis(2000)).await;
    println!("paused: used again after {:?}", used_again(&machines, &server, &client).await);

    server.signal("-STOP");
    bounded(&client, "stopped").await;
    assert_eq!(got(&client, &app()).await.1, Cache);
    server.signal("-CONT");
    println!("stopped: used again after {:?}", used_again(&machines, &server, &client).await);

    server.kill();
    bounded(&client, "killed").await;
    let late = machines.process_of("app1", server.cache()).await;
    bounded(&late, "down from the start").await;
    assert_eq!(got(&client, &app()).await.1, Cache);
    server.restart();
    println!("killed: used again after {:?}", used_again(&machines, &server, &client).await);
    println!("down from the start: used after {:?}", used_again(&machines, &server, &late).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs redis-server: .ci/real"]
async fn a_server_that_is_busy_for_two_seconds_holds_nobody_up() {
    let (server, machines) = (Server::start(&[]), Machines::new());
    let client = machines.process_of("app1", server.cache()).await;
    got(&client, &app()).await;
    server.settled(1).await;
    let port = server.port;
    std::thread::spawn(move || {
        use std::io::Write;
        let mut stream = std::net::TcpStream::connect(("127.0.0.1", port)).unwrap();
        stream.write_all(b"DEBUG SLEEP 2\r\n").unwrap();
        std::thread::sleep(Duration::from_secs(3));
    });
    tokio::time::sleep(Duration::from_millis(50)).await;
    bounded(&client, "busy").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs redis-server: .ci/real"]
async fn a_server_that_takes_nothing_is_read_from() {
    for (what, arguments) in [
        ("out of memory", ["--maxmemory", "1mb", "--maxmemory-policy", "noeviction"].as_slice()),
        ("a replica", &["--replicaof", "127.0.0.1", "1"]),
    ] {
        let (server, machines) = (Server::start(arguments), Machines::new());
        let client = machines.process_of("app1", server.cache()).await;
        assert!(longest(&client, &format!("{what}-begin"), 20).await < BOUND, "{what}");
        // A crowd in an unoptimised build may find a read too late; then all of the server is left alone.
        let status = client.status().shared_cache.unwrap();
        let (_, finding) = status.last_finding.clone().unwrap();
        assert!(status.writes_left_alone_until.is_some(), "{what}: {status:?}");
        bounded(&client, what).await;
        println!("{what}: {finding}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs redis-server: .ci/real"]
async fn what_a_server_evicts_is_asked_for_anew() {
    let arguments = ["--maxmemory", "2mb", "--maxmemory-policy", "allkeys-lru"];
    let (server, machines) = (Server::start(&arguments), Machines::new());
    let client = machines.process_of("app1", server.cache()).await;
    for nth in 0..3000 {
        got(&client, &app().extra_query("nth", nth.to_string())).await;
    }
    tokio::time::sleep(Duration::from_millis(200)).await;
    let other = machines.process_of("app1", server.cache()).await;
    let mut from = [0; 2];
    for nth in 0..3000 {
        let (_, origin) = got(&other, &app().extra_query("nth", nth.to_string())).await;
        from[usize::from(origin == SharedCache)] += 1;
    }
    println!("evicted: {} asked for anew, {} found", from[0], from[1]);
    assert!(from[0] > 0 && from[1] > 0, "{from:?}");
    assert!(client.status().shared_cache.unwrap().is_well());
}
