//! What a client cannot do is refused before anything is sent.

use std::sync::Arc;

use async_trait::async_trait;
use credential_core::World;
use credential_core::credential::SecretBytes;
use credential_core::world::{
    ClientCertificate, HttpClient, HttpError, HttpErrorKind, HttpNeed, HttpRequest, HttpResponse, ServerTrust,
    Thumbprint,
};
use credential_tests::socket::{Reply, Socket};
use token_client::ReqwestHttp;

/// A client of a program's own, from before there were needs.
#[derive(Debug)]
struct Own(ReqwestHttp);

#[async_trait]
impl HttpClient for Own {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let plain = HttpRequest::new(request.method, request.url).body(request.body.expose().to_vec());
        self.0.send(plain).await
    }
}

fn asking(url: &str) -> [(HttpRequest, &'static str); 4] {
    let request = || HttpRequest::post(url).body("client_secret=x");
    let certificate = ClientCertificate::new(vec![b"a".to_vec()], SecretBytes::new(*b"k"));
    [
        (request().client_certificate(certificate), "present a client certificate"),
        (request().trust(ServerTrust::Pinned(Thumbprint::Sha1([1; 20]))), "pin the server's certificate"),
        (request().trust(ServerTrust::authorities("PEM")), "trust further certificate authorities"),
        (request().unix_socket("/run/agent.sock"), "connect to a Unix socket"),
    ]
}

#[tokio::test]
async fn what_a_client_cannot_do_is_refused_and_nothing_is_sent() {
    let server = Socket::listen("127.0.0.1:0", |_| Reply::Body("ok"));
    let own = World::new(Arc::new(Own(ReqwestHttp::new().unwrap())));
    let given = World::new(Arc::new(ReqwestHttp::from_client(reqwest::Client::new())));
    for world in [&own, &given] {
        for (request, need) in asking(&server.url()) {
            let error = world.send(request).await.unwrap_err();
            assert_eq!(error.kind(), HttpErrorKind::Unsupported);
            assert!(error.to_string().contains(need) && error.to_string().contains("127.0.0.1"), "{error}");
        }
        assert_eq!(server.connections(), 0);
    }
    // Without the world's look it is refused all the same.
    for (request, _) in asking(&server.url()) {
        let error = ReqwestHttp::from_client(reqwest::Client::new()).send(request).await.unwrap_err();
        assert_eq!(error.kind(), HttpErrorKind::Unsupported);
    }
    assert_eq!(server.connections(), 0);
    assert_eq!(own.send(HttpRequest::get(server.url())).await.unwrap().body.expose(), b"ok");
}

#[tokio::test]
async fn what_is_about_tls_goes_to_no_address_without() {
    let server = Socket::listen("127.0.0.1:0", |_| Reply::Body("ok"));
    let world = World::new(Arc::new(ReqwestHttp::new().unwrap()));
    for (request, need) in asking(&server.url()).into_iter().take(3) {
        let error = world.send(request).await.unwrap_err();
        assert_eq!(error.kind(), HttpErrorKind::Request);
        assert!(error.to_string().contains("must use https") && error.to_string().contains(need), "{error}");
    }
    assert_eq!(server.connections(), 0);
    let http = ReqwestHttp::new().unwrap();
    let all = [HttpNeed::ClientCertificate, HttpNeed::PinnedCertificate, HttpNeed::Authorities, HttpNeed::UnixSocket];
    for need in all {
        assert_eq!(http.can(need), cfg!(unix) || need != HttpNeed::UnixSocket, "{need}");
    }
}
