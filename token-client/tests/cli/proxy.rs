//! Proxy variables, as a process has them.

use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use serde_json::json;

use crate::program::{Program, credentials, emulator, settings};

const VARIABLES: [&str; 6] = ["HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "https_proxy", "http_proxy", "all_proxy"];

/// A proxy that nobody should ask: whether anybody did.
struct Proxy(TcpListener);

impl Proxy {
    fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        Self(listener)
    }

    fn url(&self) -> String {
        format!("http://{}", self.0.local_addr().unwrap())
    }

    fn connection(&self) -> Option<TcpStream> {
        self.0.accept().ok().map(|(stream, _)| stream)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_for_this_machine_goes_by_a_proxy() {
    let emulator = emulator(None).await;
    let proxy = Proxy::new();
    // That every host is to go by the proxy changes nothing.
    let program = Program::with("proxy", &settings(&emulator, &credentials())).variable("NO_PROXY", "");
    let program = VARIABLES.iter().fold(program, |program, name| program.variable(name, &proxy.url()));
    for arguments in [&["token", "--scope", "api://demo/.default"][..], &["call", "Hello"], &["doctor"]] {
        let ran = program.run(arguments);
        assert_eq!(ran.status, 0, "{ran:?}");
        assert!(proxy.connection().is_none(), "{arguments:?} went by the proxy");
    }
}

#[test]
fn other_hosts_go_by_the_proxy() {
    let proxy = Proxy::new();
    let settings = json!({"AzureAd": {
        "Instance": "https://login.microsoftonline.com/", "TenantId": "t.example", "ClientId": "app1",
        "ClientCredentials": [{"SourceType": "ClientSecret", "ClientSecret": "s3cret"}],
    }});
    let program = Program::with("proxy-https", &settings.to_string()).variable("HTTPS_PROXY", &proxy.url());
    let mut child = program.command(&["token", "--scope", "api://a/.default"]).spawn().unwrap();
    let asked = (0..200).any(|_| {
        thread::sleep(Duration::from_millis(25));
        proxy.connection().is_some()
    });
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(asked);
}

#[test]
fn a_proxy_that_cannot_be_read_is_an_error_that_names_its_variable() {
    let settings = json!({"AzureAd": {
        "Instance": "https://login.microsoftonline.com/", "TenantId": "t.example", "ClientId": "app1",
        "ClientCredentials": [{"SourceType": "ClientSecret", "ClientSecret": "s3cret"}],
    }});
    for name in VARIABLES {
        let program =
            Program::with(&format!("proxy-{name}"), &settings.to_string()).variable(name, "http://u:hunter2@pro xy");
        for arguments in [
            &["token", "--scope", "api://a/.default"][..],
            &["doctor"],
            &["doctor", "--json"],
            &["doctor", "--offline"],
        ] {
            let ran = program.run(arguments);
            let text = ran.text();
            assert_eq!(ran.status, 1, "{arguments:?}: {ran:?}");
            assert!(text.contains("bad-proxy") || !arguments.contains(&"--json"), "{text}");
            assert!(text.contains(name) && text.contains("HOST:PORT") && !text.contains("hunter2"), "{text}");
        }
    }
}
