//! Connections belong to the runtime that drives them.

use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use credential_tests::socket::{Reply, Socket};
use token_client::ReqwestHttp;
use tokio::runtime::{Builder, Runtime};

use crate::text;

fn server() -> Socket {
    Socket::listen("127.0.0.1:0", |_| Reply::Body("ok"))
}

fn current_thread() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

fn multi_thread() -> Runtime {
    Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap()
}

#[test]
fn one_runtime_keeps_its_connections() {
    let (server, http) = (server(), ReqwestHttp::new().unwrap());
    for runtime in [current_thread(), multi_thread()] {
        let before = server.connections();
        for _ in 0..3 {
            runtime.block_on(async {
                assert_eq!(text(&http, &server.url()).await, "ok");
                // A connection is free again once its own task has seen the answer's end.
                tokio::time::sleep(Duration::from_millis(50)).await;
            });
        }
        assert_eq!(server.connections(), before + 1);
    }
}

#[test]
fn a_runtime_that_stands_still_holds_up_no_other() {
    let (server, http) = (server(), ReqwestHttp::new().unwrap());
    // Its connection is kept, and nobody drives it from here on.
    let still = current_thread();
    assert_eq!(still.block_on(text(&http, &server.url())), "ok");
    for other in [multi_thread(), current_thread()] {
        assert_eq!(other.block_on(text(&http, &server.url())), "ok");
    }
    assert_eq!(still.block_on(text(&http, &server.url())), "ok");
}

#[test]
fn a_runtime_whose_thread_is_blocked_holds_up_no_other() {
    let (server, http) = (server(), ReqwestHttp::new().unwrap());
    let blocked = multi_thread();
    let (asker, url) = (http.clone(), server.url());
    blocked.block_on(async { tokio::spawn(async move { text(&asker, &url).await }).await.unwrap() });
    let (release, wait) = mpsc::channel::<()>();
    blocked.spawn(async move { wait.recv() });
    thread::sleep(Duration::from_millis(50));
    for other in [multi_thread(), current_thread()] {
        assert_eq!(other.block_on(text(&http, &server.url())), "ok");
    }
    drop(release);
}

#[test]
fn a_runtime_for_each_call_works_and_leaves_nothing_behind() {
    let (server, http) = (server(), ReqwestHttp::new().unwrap());
    for _ in 0..20 {
        assert_eq!(current_thread().block_on(text(&http, &server.url())), "ok");
    }
    assert_eq!(server.connections(), 20);
    assert!(format!("{http:?}").contains("runtimes: 1"), "{http:?}");
}
