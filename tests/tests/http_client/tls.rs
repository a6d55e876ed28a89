//! Who the caller is and whom it trusts, in the handshake: client certificates, pinned ones, further
//! authorities.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};
use credential_core::credential::SecretBytes;
use credential_core::source::causes;
use credential_core::world::{ClientCertificate, HttpErrorKind, HttpRequest, HttpResponse, ServerTrust, Thumbprint};
use credential_tests::socket::{Reply, Socket};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use reqwest::{Client, Proxy};
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use token_client::ReqwestHttp;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use crate::send;

/// An authority and what it issues.
struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new() -> Self {
        let mut parameters = CertificateParams::new(Vec::new()).unwrap();
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(parameters, KeyPair::generate().unwrap()).unwrap())
    }

    fn issue(&self, name: &str) -> (Vec<u8>, Vec<u8>) {
        let key = KeyPair::generate().unwrap();
        let parameters = CertificateParams::new(vec![name.to_owned()]).unwrap();
        (parameters.signed_by(&key, &self.0).unwrap().der().to_vec(), key.serialize_der())
    }

    fn client(&self) -> (ClientCertificate, Vec<u8>) {
        let (certificate, key) = self.issue("app.example");
        let chain = vec![certificate.clone(), self.0.der().to_vec()];
        (ClientCertificate::new(chain, SecretBytes::new(key)), certificate)
    }

    fn roots(&self) -> RootCertStore {
        let mut roots = RootCertStore::empty();
        roots.add(self.0.der().clone()).unwrap();
        roots
    }
}

/// A TLS server that says where else to go, and remembers who has asked.
struct Server {
    address: SocketAddr,
    certificate: Vec<u8>,
    asked: Arc<Mutex<Vec<Option<Vec<u8>>>>>,
}

impl Server {
    /// With a certificate of the authority; asks the client for one of theirs, when given.
    async fn start(authority: &Authority, clients: Option<&Authority>) -> Self {
        let (certificate, key) = authority.issue("127.0.0.1");
        let config = ServerConfig::builder();
        let config = match clients {
            Some(clients) => config.with_client_cert_verifier(
                WebPkiClientVerifier::builder(Arc::new(clients.roots())).allow_unauthenticated().build().unwrap(),
            ),
            None => config.with_no_client_auth(),
        };
        let chain = vec![CertificateDer::from(certificate.clone())];
        let config = config.with_single_cert(chain, PrivatePkcs8KeyDer::from(key).into()).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, asked) = (listener.local_addr().unwrap(), Arc::<Mutex<Vec<_>>>::default());
        let (acceptor, seen) = (TlsAcceptor::from(Arc::new(config)), Arc::clone(&asked));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (acceptor, seen) = (acceptor.clone(), Arc::clone(&seen));
                tokio::spawn(async move {
                    let Ok(mut stream) = acceptor.accept(stream).await else { return };
                    let mut request = [0; 4096];
                    while stream.read(&mut request).await.is_ok_and(|length| length > 0) {
                        let peer = stream.get_ref().1.peer_certificates();
                        seen.lock().unwrap().push(peer.and_then(|chain| chain.first()).map(|der| der.to_vec()));
                        let answer = "HTTP/1.1 307 Elsewhere\r\nlocation: /elsewhere\r\ncontent-length: 2\r\n\r\nok";
                        let _ = stream.write_all(answer.as_bytes()).await;
                    }
                });
            }
        });
        Self { address, certificate, asked }
    }

    fn request(&self) -> HttpRequest {
        HttpRequest::post(format!("https://{}/token", self.address)).body("client_secret=x")
    }

    fn asked(&self) -> Vec<Option<Vec<u8>>> {
        self.asked.lock().unwrap().clone()
    }

    fn pinned(&self) -> [Thumbprint; 2] {
        let sha1 = digest(&SHA1_FOR_LEGACY_USE_ONLY, &self.certificate).as_ref().try_into().unwrap();
        [Thumbprint::Sha1(sha1), Thumbprint::Sha256(digest(&SHA256, &self.certificate).as_ref().try_into().unwrap())]
    }
}

fn unredirected(answer: &HttpResponse) {
    assert_eq!((answer.status, answer.body.expose()), (307, &b"ok"[..]));
}

#[tokio::test]
async fn the_server_sees_the_certificate_of_the_client_that_a_request_is_made_with() {
    let (servers, clients) = (Authority::new(), Authority::new());
    let server = Server::start(&servers, Some(&clients)).await;
    let http = ReqwestHttp::new().unwrap();
    let ((one, one_der), (other, other_der)) = (clients.client(), clients.client());
    let pinned = ServerTrust::Pinned(server.pinned()[1]);
    for trust in [ServerTrust::authorities(servers.0.pem()), pinned] {
        server.asked.lock().unwrap().clear();
        let request = server.request().trust(trust);
        for certificate in [Some(&one), Some(&other), None, Some(&one)] {
            let mut request = request.clone();
            request.client_certificate = certificate.cloned();
            unredirected(&send(&http, request).await.unwrap());
        }
        assert_eq!(server.asked(), [Some(one_der.clone()), Some(other_der.clone()), None, Some(one_der.clone())]);
    }
}

#[tokio::test]
async fn a_client_certificate_that_is_none_is_an_error_that_shows_no_key() {
    let authority = Authority::new();
    let server = Server::start(&authority, Some(&authority)).await;
    let (certificate, _) = authority.issue("app.example");
    let http = ReqwestHttp::new().unwrap();
    for chain in [vec![certificate], vec![b"no certificate".to_vec()], Vec::new()] {
        for trust in [ServerTrust::authorities(authority.0.pem()), ServerTrust::Pinned(server.pinned()[0])] {
            let client = ClientCertificate::new(chain.clone(), SecretBytes::new(*b"hunter2"));
            let error = send(&http, server.request().trust(trust).client_certificate(client)).await.unwrap_err();
            assert_eq!(error.kind(), HttpErrorKind::Request, "{error:?}");
            let shown = format!("{error} {error:?} {}", causes(&error).join(" "));
            assert!(!shown.contains("hunter2") && !shown.contains("aHVudGVyMg"), "{shown}");
        }
    }
    assert_eq!(server.asked(), []);
}

#[tokio::test]
async fn a_pinned_certificate_is_trusted_whoever_issued_it_and_no_other_is() {
    let authority = Authority::new();
    let (server, another) = (Server::start(&authority, None).await, Server::start(&authority, None).await);
    let http = ReqwestHttp::new().unwrap();
    for pinned in server.pinned() {
        unredirected(&send(&http, server.request().trust(ServerTrust::Pinned(pinned))).await.unwrap());
        let error = send(&http, another.request().trust(ServerTrust::Pinned(pinned))).await.unwrap_err();
        assert_eq!(error.kind(), HttpErrorKind::Tls, "{error:?}");
        assert!(error.to_string().contains(&format!("not the pinned one, {pinned}")), "{error:?}");
        // What is pinned for one request is nothing to the next.
        assert_eq!(send(&http, server.request()).await.unwrap_err().kind(), HttpErrorKind::Tls);
    }
    assert_eq!((server.asked().len(), another.asked()), (2, vec![]));
}

#[tokio::test]
async fn a_port_that_ends_the_handshake_is_told_from_one_where_nobody_is() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let port = tokio::spawn(async move {
        // One who reads first, and one who does not, which resets the connection.
        for reads in [true, false] {
            let (mut socket, _) = listener.accept().await.unwrap();
            if reads {
                let _ = socket.read(&mut [0; 4096]).await.unwrap();
            }
        }
    });
    let http = ReqwestHttp::new().unwrap();
    for _ in 0..2 {
        let error = send(&http, HttpRequest::get(format!("https://{address}/"))).await.unwrap_err();
        assert_eq!(error.to_string(), format!("no connection to {address}: it ended the TLS handshake"), "{error:?}");
    }
    port.await.unwrap();
    let error = send(&http, HttpRequest::get(format!("https://{address}/"))).await.unwrap_err();
    assert_eq!(error.to_string(), format!("no connection to {address}"));
}

#[tokio::test]
async fn a_server_without_the_key_of_the_pinned_certificate_is_refused() {
    let authority = Authority::new();
    let server = Server::start(&authority, None).await;
    // The pinned certificate, and a key that is not its own: rustls refuses to serve that, so the key is swapped
    // behind its back.
    #[derive(Debug)]
    struct Stolen(Arc<rustls::sign::CertifiedKey>);
    impl rustls::server::ResolvesServerCert for Stolen {
        fn resolve(&self, _hello: rustls::server::ClientHello<'_>) -> Option<Arc<rustls::sign::CertifiedKey>> {
            Some(Arc::clone(&self.0))
        }
    }
    let key = PrivatePkcs8KeyDer::from(KeyPair::generate().unwrap().serialize_der()).into();
    let key = rustls::crypto::aws_lc_rs::sign::any_supported_type(&key).unwrap();
    let chain = vec![CertificateDer::from(server.certificate.clone())];
    let stolen = Stolen(Arc::new(rustls::sign::CertifiedKey::new(chain, key)));
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        let config = ServerConfig::builder_with_protocol_versions(&[version]).with_no_client_auth();
        let config = config.with_cert_resolver(Arc::new(Stolen(Arc::clone(&stolen.0))));
        let (acceptor, listener) = (TlsAcceptor::from(Arc::new(config)), TcpListener::bind("127.0.0.1:0").await);
        let listener = listener.unwrap();
        let address = listener.local_addr().unwrap();
        let serving = tokio::spawn(async move {
            let (stream, _) = listener.accept().await.unwrap();
            acceptor.accept(stream).await.is_ok()
        });
        let request = HttpRequest::get(format!("https://{address}/")).trust(ServerTrust::Pinned(server.pinned()[1]));
        let error = send(&ReqwestHttp::new().unwrap(), request).await.unwrap_err();
        assert_eq!(error.kind(), HttpErrorKind::Tls, "{error:?}");
        assert!(!serving.await.unwrap());
    }
}

#[tokio::test]
async fn a_further_authority_is_trusted_for_the_requests_that_name_it() {
    let (authority, other) = (Authority::new(), Authority::new());
    let server = Server::start(&authority, None).await;
    let http = ReqwestHttp::new().unwrap();
    let bundle = format!("{}{}", other.0.pem(), authority.0.pem());
    for certificates in [bundle.into_bytes(), authority.0.der().to_vec()] {
        unredirected(&send(&http, server.request().trust(ServerTrust::authorities(certificates))).await.unwrap());
        for trust in [ServerTrust::Platform, ServerTrust::authorities(other.0.pem())] {
            assert_eq!(send(&http, server.request().trust(trust)).await.unwrap_err().kind(), HttpErrorKind::Tls);
        }
    }
    for bad in [&b""[..], b"no certificate", b"0\x03abc"] {
        let error = send(&http, server.request().trust(ServerTrust::authorities(bad))).await.unwrap_err();
        assert_eq!(error.kind(), HttpErrorKind::Request, "{error:?}");
    }
    // The name still counts.
    let elsewhere = Server::start(&authority, None).await;
    let by_name = HttpRequest::get(format!("https://localhost:{}/", elsewhere.address.port()));
    let refused = send(&http, by_name.trust(ServerTrust::authorities(authority.0.pem()))).await.unwrap_err();
    assert_eq!(refused.kind(), HttpErrorKind::Tls);
    assert_eq!(server.asked().len(), 2);
}

#[tokio::test]
async fn none_of_these_go_by_a_proxy_on_this_machine() {
    let authority = Authority::new();
    let server = Server::start(&authority, None).await;
    let proxy = Socket::listen("127.0.0.1:0", |_| Reply::Close);
    let url = proxy.url();
    let http = ReqwestHttp::from_builder(move || Client::builder().proxy(Proxy::all(&url).unwrap())).unwrap();
    let (client, _) = authority.client();
    let trusted = server.request().trust(ServerTrust::authorities(authority.0.pem()));
    for request in [
        server.request().trust(ServerTrust::Pinned(server.pinned()[0])),
        trusted.clone(),
        trusted.client_certificate(client),
    ] {
        unredirected(&send(&http, request).await.unwrap());
    }
    assert_eq!((server.asked().len(), proxy.connections()), (3, 0));
    // Elsewhere they do.
    let far = HttpRequest::get("https://host.example/").trust(ServerTrust::Pinned(server.pinned()[0]));
    assert!(send(&http, far).await.is_err());
    assert_eq!(proxy.connections(), 1);
}
