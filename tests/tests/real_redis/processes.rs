//! Processes of the operating system that share a server: one exchange for all.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use credential_tests::processes::{SCOPE, keys};
use token_client::emulator::{EmulatedApp, EmulatedResource, Emulator, Fault};
use token_client::store::{RedisStore, SharedCache};
use token_client::{TokenClient, TokenRequest};

use crate::server::{IN_ADDRESS, Server, has_tls};

const PROCESSES: usize = 4;

/// One of the processes: it asks for a token at the moment that it is told.
#[tokio::test]
#[ignore = "started by the test below"]
async fn child() {
    let variable = |name: &str| std::env::var(name).unwrap_or_default();
    let store = RedisStore::at(variable("CHILD_STORE"));
    let store = if has_tls() { store.root_certificates(variable("CHILD_ROOTS")) } else { store };
    let cache = SharedCache::new(store.build().unwrap(), keys(&["a"])).timeout(Duration::from_millis(500));
    let client = TokenClient::builder()
        .instance(variable("CHILD_INSTANCE"))
        .tenant("contoso.example")
        .client_id("app1")
        .client_secret("s3cret")
        .shared_cache(cache)
        .build()
        .await
        .unwrap();
    let acquired = client.acquire(&TokenRequest::app(SCOPE)).await.unwrap();
    // Until what is written behind the caller's back is there.
    tokio::time::sleep(Duration::from_millis(200)).await;
    println!("child: {:?} {}", acquired.origin, acquired.token.value().expose());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs redis-server: .ci/real"]
async fn four_processes_at_once_make_one_exchange() {
    let server = Server::start(&[]);
    let app = EmulatedApp::new("app1").secret("s3cret");
    let api = EmulatedResource::new("api://inventory");
    let emulator = Emulator::builder().tenant("contoso.example").app(app).resource(api).start().await.unwrap();
    emulator.fail(Fault::delay(Duration::from_millis(700)).on("/oauth2/v2.0/token"));
    let start = Instant::now();
    let children: Vec<_> = (0..PROCESSES)
        .map(|_| {
            Command::new(std::env::current_exe().unwrap())
                .args(["--exact", "processes::child", "--ignored", "--nocapture"])
                .env("CHILD_STORE", server.address("tokens", IN_ADDRESS))
                .env("CHILD_ROOTS", std::fs::read_to_string(server.ca()).unwrap())
                .env("CHILD_INSTANCE", emulator.instance())
                .stdout(Stdio::piped())
                .spawn()
                .unwrap()
        })
        .collect();
    let said = tokio::task::spawn_blocking(move || {
        let outputs = children.into_iter().map(|child| child.wait_with_output().unwrap());
        outputs.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).collect::<Vec<_>>()
    });
    let said = said.await.unwrap();
    let mut lines: Vec<String> = said
        .iter()
        .map(|said| said.lines().find_map(|line| line.split_once("child: ")).unwrap().1.to_owned())
        .collect();
    lines.sort_unstable();
    println!("{PROCESSES} processes: {:?}, requests {}", start.elapsed(), emulator.token_requests().len());
    assert_eq!(emulator.token_requests().len(), 1, "{lines:?}");
    let token = lines[0].strip_prefix("Authority ").unwrap();
    assert!(lines[1..].iter().all(|line| line.strip_prefix("SharedCache ") == Some(token)), "{lines:?}");
}
