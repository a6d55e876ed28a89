//! Requests over a Unix socket.
#![cfg(unix)]

use std::io::{Read, Write};
use std::os::unix::net::UnixListener;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use credential_core::world::{HttpErrorKind, HttpRequest};
use credential_tests::socket::{Reply, Socket};
use reqwest::{Client, Proxy};
use token_client::ReqwestHttp;

use crate::send;

/// A folder that goes with the test.
struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn folder(name: &str) -> Folder {
    let folder = std::env::temp_dir().join(format!("credential-{name}-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    Folder(folder)
}

#[tokio::test]
async fn a_request_goes_to_the_socket_and_to_no_host_and_no_proxy() {
    let folder = folder("unix-socket");
    let path = folder.0.join("agent.sock");
    let (listener, heads) = (UnixListener::bind(&path).unwrap(), Arc::<Mutex<Vec<String>>>::default());
    let seen = Arc::clone(&heads);
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let mut request = [0; 4096];
            while let Ok(length @ 1..) = stream.read(&mut request) {
                seen.lock().unwrap().push(String::from_utf8_lossy(&request[..length]).into_owned());
                let answer = "HTTP/1.1 302 Found\r\nlocation: http://elsewhere.example/\r\ncontent-length: 2\r\n\r\nok";
                let _ = stream.write_all(answer.as_bytes());
            }
        }
    });
    let proxy = Socket::listen("127.0.0.1:0", |_| Reply::Body("the proxy"));
    let url = proxy.url();
    let http = ReqwestHttp::from_builder(move || Client::builder().proxy(Proxy::all(&url).unwrap())).unwrap();
    for _ in 0..2 {
        let request = HttpRequest::get("http://agent.invalid/metadata?a=1").unix_socket(&path);
        let answer = send(&http, request).await.unwrap();
        assert_eq!((answer.status, answer.body.expose()), (302, &b"ok"[..]));
    }
    let heads = heads.lock().unwrap();
    assert_eq!((heads.len(), proxy.connections()), (2, 0));
    assert!(heads[0].starts_with("GET /metadata?a=1 ") && heads[0].contains("host: agent.invalid\r\n"), "{heads:?}");
}

#[tokio::test]
async fn a_socket_that_is_not_there_is_no_connection() {
    let folder = folder("no-socket");
    let request = HttpRequest::get("http://localhost/").unix_socket(folder.0.join("none"));
    let error = send(&ReqwestHttp::new().unwrap(), request).await.unwrap_err();
    assert_eq!(error.kind(), HttpErrorKind::Connect, "{error:?}");
}
