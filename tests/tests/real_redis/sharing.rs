//! What is shared, over TLS and as a user with a short access list.

use std::sync::atomic::Ordering;
use std::time::Duration;

use credential_tests::processes::{Machines, SCOPE, app, got, keys, user};
use token_client::TokenOrigin::{Authority, Cache, SharedCache};
use token_client::store;

use crate::server::{IN_ADDRESS, Server, has_tls};

#[tokio::test]
#[ignore = "needs redis-server: .ci/real"]
async fn a_second_process_finds_what_the_first_one_got() {
    let (server, machines) = (Server::start(&[]), Machines::new());
    let process = || machines.process_of("app1", server.patient());
    let (one, other) = (process().await, process().await);
    for (nth, request) in [app(), user("ada")].iter().enumerate() {
        let token = format!("token-{}", nth + 1);
        assert_eq!(got(&one, request).await, (token.clone(), Authority));
        server.settled(nth + 1).await;
        assert_eq!(got(&other, request).await, (token.clone(), SharedCache));
        assert_eq!(got(&other, request).await, (token, Cache));
    }
    for name in server.names() {
        let name = name.trim();
        let value = server.command(&["GET", name]);
        for text in ["token-1", "token-2", "app1", SCOPE, "contoso"] {
            let own = name.strip_prefix("token-client:").unwrap();
            assert!(!value.contains(text) && !own.contains(text), "{name}");
        }
        let life = server.command(&["PTTL", name]);
        let life: u64 = life.trim_start_matches(':').trim().parse().unwrap();
        assert!((3_400_000..=3_599_000).contains(&life), "{life}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs redis-server: .ci/real"]
async fn ten_processes_with_five_callers_each_make_one_exchange() {
    let (server, machines) = (Server::start(&[]), Machines::new());
    machines.authority.takes.store(200, Ordering::SeqCst);
    let mut callers = Vec::new();
    for _ in 0..10 {
        let client = machines.process_of("app1", server.patient()).await;
        for _ in 0..5 {
            let client = client.clone();
            callers.push(tokio::spawn(async move { got(&client, &app()).await.0 }));
        }
    }
    for caller in callers {
        assert_eq!(caller.await.unwrap(), "token-1");
    }
    assert_eq!(machines.authority.requests(), 1);
}

#[tokio::test]
#[ignore = "needs redis-server: .ci/real"]
async fn whoever_may_not_or_is_not_let_in_asks_the_authority() {
    let (server, machines) = (Server::start(&[]), Machines::new());
    let port = server.tls_port;
    let with_tls = [
        ("no trust", store::RedisStore::at(format!("rediss://localhost:{port}")), "shared-cache-unreachable"),
        ("no TLS", store::RedisStore::at(format!("redis://localhost:{port}")), "shared-cache-unreachable"),
    ];
    let strangers = [
        ("other names", server.store_as("nobody", IN_ADDRESS), "shared-cache-refused"),
        ("wrong password", server.store_as("tokens", "wrong"), "shared-cache-unreachable"),
    ];
    for (what, store, code) in strangers.into_iter().chain(with_tls.into_iter().filter(|_| has_tls())) {
        let cache = store::SharedCache::new(store.build().unwrap(), keys(&["a"])).timeout(Duration::from_secs(1));
        let client = machines.process_of("app1", cache).await;
        assert_eq!(got(&client, &app()).await.1, Authority, "{what}");
        let (_, finding) = client.status().shared_cache.unwrap().last_finding.unwrap();
        assert_eq!(finding.code, code, "{what}: {finding}");
        assert!(!finding.to_string().contains("wrong@"), "{what}: {finding}");
        println!("{what}: {finding}");
    }
}

#[tokio::test]
#[ignore = "needs redis-server: .ci/real"]
async fn what_stands_under_a_name_and_is_no_value_is_replaced() {
    let (server, machines) = (Server::start(&[]), Machines::new());
    got(&machines.process_of("app1", server.patient()).await, &app()).await;
    server.settled(1).await;
    let name = server.names().remove(0);
    server.command(&["DEL", &name]);
    server.command(&["HSET", &name, "data", "{}"]);
    let client = machines.process_of("app1", server.patient()).await;
    assert_eq!(got(&client, &app()).await, ("token-2".to_owned(), Authority));
    let (_, finding) = client.status().shared_cache.unwrap().last_finding.unwrap();
    assert_eq!(finding.code, "shared-token-unreadable", "{finding}");
    while !server.command(&["TYPE", &name]).contains("string") {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(got(&machines.process_of("app1", server.patient()).await, &app()).await.0, "token-2");
}
