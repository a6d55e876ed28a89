//! A cluster, sentinels, a certificate of the client, a Unix socket.

use std::fs;
use std::time::{Duration, Instant};

use credential_tests::processes::{Machines, app, got, keys};
use token_client::TokenOrigin::{Authority, SharedCache};
use token_client::store::{self, RedisStore, RedisStoreBuilder};

use crate::server::{Other, Server, folder, free_port};

/// Two processes share by that store.
async fn shares(store: impl Fn() -> RedisStoreBuilder, what: &str) {
    let machines = Machines::new();
    let cache = || store::SharedCache::new(store().build().unwrap(), keys(&["a"])).timeout(Duration::from_millis(500));
    let one = machines.process_of("app1", cache()).await;
    assert_eq!(got(&one, &app()).await.1, Authority, "{what}");
    let start = Instant::now();
    let found = got(&machines.process_of("app1", cache()).await, &app()).await;
    let status = one.status().shared_cache.unwrap();
    assert_eq!(found, ("token-1".to_owned(), SharedCache), "{what}: {status:?}");
    println!("{what}: found after {:?}", start.elapsed());
    assert!(status.is_well(), "{what}: {status:?}");
}

#[tokio::test]
#[ignore = "needs redis-server: .ci/real"]
async fn a_cluster_is_a_store() {
    let server = Server::start(&["--cluster-enabled", "yes", "--cluster-config-file", "nodes.conf"]);
    server.command(&["CLUSTER", "ADDSLOTSRANGE", "0", "16383"]);
    while !server.command(&["CLUSTER", "INFO"]).contains("cluster_state:ok") {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let address = format!("redis://127.0.0.1:{}", server.port);
    shares(|| RedisStore::at(address.clone()).cluster(), "cluster").await;
}

#[tokio::test]
#[ignore = "needs redis-server: .ci/real"]
async fn sentinels_say_where_the_store_is() {
    let (server, folder, port) = (Server::start(&[]), folder(), free_port());
    let settings = format!("port {port}\nbind 127.0.0.1\nsentinel monitor tokens 127.0.0.1 {} 1\n", server.port);
    fs::write(folder.join("sentinel.conf"), settings).unwrap();
    let _sentinel = Other::start(&folder, &["sentinel.conf".to_owned(), "--sentinel".to_owned()]);
    while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    tokio::time::sleep(Duration::from_millis(200)).await;
    let address = format!("redis://127.0.0.1:{port}");
    shares(|| RedisStore::at(address.clone()).sentinels("tokens"), "sentinel").await;
}

#[tokio::test]
#[ignore = "needs redis-server: .ci/real"]
async fn a_server_may_want_a_certificate_of_the_client() {
    let server = Server::start(&["--tls-auth-clients", "yes"]);
    let folder = server.ca().parent().unwrap().to_path_buf();
    let (chain, key) =
        (fs::read(folder.join("server.pem")).unwrap(), fs::read_to_string(folder.join("server.key")).unwrap());
    shares(|| server.store().client_certificate(chain.clone(), key.clone()), "client certificate").await;
}

#[tokio::test]
#[ignore = "needs redis-server: .ci/real"]
async fn a_unix_socket_is_a_way_to_a_store() {
    let socket = std::env::temp_dir().join(format!("token-client-{}.sock", std::process::id()));
    let _server = Server::start(&["--unixsocket", socket.to_str().unwrap()]);
    let address = format!("unix://{}", socket.display());
    shares(|| RedisStore::at(address.clone()), "Unix socket").await;
    let _ = fs::remove_file(socket);
}
