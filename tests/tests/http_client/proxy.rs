//! What goes by a proxy, and what never does.

use credential_core::world::HttpRequest;
use credential_tests::socket::{Reply, Socket};
use reqwest::{Client, Proxy};
use token_client::ReqwestHttp;

use crate::{send, text};

fn by(proxy: &Socket) -> ReqwestHttp {
    let url = proxy.url();
    ReqwestHttp::from_builder(move || Client::builder().proxy(Proxy::all(&url).unwrap())).unwrap()
}

#[tokio::test]
async fn a_request_to_this_machine_goes_by_no_proxy() {
    let proxy = Socket::listen("127.0.0.1:0", |_| Reply::Body("the proxy"));
    let server = Socket::listen("127.0.0.1:0", |_| Reply::Body("the server"));
    let http = by(&proxy);
    for host in ["127.0.0.1", "localhost", "127.1.2.3"] {
        // All of 127.0.0.0/8 is this machine, and not every system answers on all of it.
        let url = format!("http://{host}:{}/", server.address.port());
        let request = HttpRequest::post(url).header("authorization", "Bearer ey").body("client_secret=x");
        let _ = send(&http, request).await;
    }
    assert_eq!(proxy.connections(), 0);
    assert!(server.requests().len() >= 2);
    // And the proxy is one: other hosts are asked by it.
    assert_eq!(text(&http, "http://host.example/").await, "the proxy");
    assert!(proxy.requests()[0].starts_with("GET http://host.example/ "));
}

#[tokio::test]
async fn a_direct_request_goes_by_no_proxy_of_ones_own_client_either() {
    let proxy = Socket::listen("127.0.0.1:0", |_| Reply::Body("the proxy"));
    let server = Socket::listen("0.0.0.0:0", |_| Reply::Body("the server"));
    // An address that is no loopback one, and leads here.
    let url = format!("http://0.0.0.0:{}/", server.address.port());
    let client = Client::builder().proxy(Proxy::all(proxy.url()).unwrap()).build().unwrap();
    for (asked, http) in [(1, by(&proxy)), (2, ReqwestHttp::from_client(client))] {
        assert_eq!(text(&http, &url).await, "the proxy");
        for request in [HttpRequest::get(&url).direct(), HttpRequest::get(server.url().replace("0.0.0.0", "127.0.0.1"))]
        {
            assert_eq!(send(&http, request).await.unwrap().body.expose(), b"the server");
        }
        assert_eq!(proxy.connections(), asked);
    }
}

#[tokio::test]
async fn redirects_are_not_followed_whatever_the_builder_says() {
    let server = Socket::listen("127.0.0.1:0", |_| {
        Reply::Head("HTTP/1.1 302 Found\r\nlocation: /elsewhere\r\ncontent-length: 0\r\n\r\n")
    });
    let http = ReqwestHttp::from_builder(Client::builder).unwrap();
    assert_eq!(send(&http, HttpRequest::get(server.url())).await.unwrap().status, 302);
    assert_eq!(server.requests().len(), 1);
}
