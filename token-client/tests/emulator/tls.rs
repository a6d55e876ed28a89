//! https with a certificate of its own, or of the user's, beside plain http.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};

use rcgen::{CertificateParams, KeyPair};
use serde_json::Value;
use token_client::emulator::{EmulatedApp, EmulatedTls, Emulator, EmulatorBuilder, EmulatorEvent};

use crate::client::{GRAPH, get};

fn builder() -> EmulatorBuilder {
    Emulator::builder().tenant("contoso.example").app(EmulatedApp::new("app1").secret("s3cret"))
}

/// A client that trusts these certificates and no others.
fn client(pem: &str) -> reqwest::Client {
    let trusted = reqwest::Certificate::from_pem(pem.as_bytes()).unwrap();
    reqwest::Client::builder().no_proxy().tls_certs_only([trusted]).build().unwrap()
}

async fn json(client: &reqwest::Client, url: &str) -> Value {
    let text = client.get(url).send().await.unwrap().text().await.unwrap();
    serde_json::from_str(&text).unwrap()
}

#[tokio::test]
async fn whoever_trusts_its_ca_is_served_by_each_name_and_plain_http_stays() {
    let emulator = builder().tls(EmulatedTls::generated()).start().await.unwrap();
    assert_eq!(emulator.instance(), format!("https://localhost:{}/", emulator.port()));
    assert_eq!(emulator.api_url(), format!("https://localhost:{}", emulator.api_port()));
    let client = client(emulator.ca_certificate().unwrap());
    let mut origins = vec![format!("https://localhost:{}", emulator.port())];
    origins.push(format!("https://127.0.0.1:{}", emulator.port()));
    if std::net::TcpListener::bind("[::1]:0").is_ok() {
        origins.push(format!("https://[::1]:{}", emulator.port()));
    }
    for origin in origins {
        let metadata = json(&client, &format!("{origin}/contoso.example/v2.0/.well-known/openid-configuration")).await;
        assert!(metadata["issuer"].as_str().unwrap().starts_with(&origin), "{metadata}");
        let endpoint = metadata["token_endpoint"].as_str().unwrap();
        assert!(endpoint.starts_with(&origin), "{metadata}");
        let form = format!("client_id=app1&client_secret=s3cret&scope={GRAPH}&grant_type=client_credentials");
        let request = client.post(endpoint).header("content-type", "application/x-www-form-urlencoded").body(form);
        assert_eq!(request.send().await.unwrap().status(), 200);
    }
    assert_eq!(client.get(format!("{}/hello", emulator.api_url())).send().await.unwrap().status(), 401);
    let plain = format!("http://127.0.0.1:{}", emulator.port());
    let metadata = get(&format!("{plain}/contoso.example/v2.0/.well-known/openid-configuration"), &[]).await.json();
    assert!(metadata["token_endpoint"].as_str().unwrap().starts_with(&plain), "{metadata}");
}

#[tokio::test]
async fn its_certificate_is_for_this_machine_and_of_this_run() {
    let [one, other] = [builder(), builder()].map(|builder| builder.tls(EmulatedTls::generated()).start());
    let (one, other) = (one.await.unwrap(), other.await.unwrap());
    let stranger = client(other.ca_certificate().unwrap());
    assert!(stranger.get(one.instance()).send().await.is_err(), "each run has an authority of its own");
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, one.port()));
    let trusted = reqwest::Certificate::from_pem(one.ca_certificate().unwrap().as_bytes()).unwrap();
    let named = reqwest::Client::builder().no_proxy().tls_certs_only([trusted]).resolve("login.test", address);
    let error = named.build().unwrap().get(format!("https://login.test:{}/", one.port())).send().await;
    assert!(error.is_err(), "it has no other name");
    let ca = x509_parser::pem::parse_x509_pem(one.ca_certificate().unwrap().as_bytes()).unwrap().1;
    let ca = ca.parse_x509().unwrap();
    assert!(ca.is_ca() && ca.validity().is_valid());
}

#[tokio::test]
async fn a_client_that_does_not_trust_it_is_told_of() {
    let told = Arc::new(Mutex::new(Vec::new()));
    let list = Arc::clone(&told);
    let observe = move |event: EmulatorEvent<'_>| {
        if let EmulatorEvent::HandshakeFailed(why) = event {
            list.lock().unwrap().push(why.to_owned());
        }
    };
    let emulator = builder().tls(EmulatedTls::generated()).observe(observe).start().await.unwrap();
    let other = Emulator::builder().tls(EmulatedTls::generated()).start().await.unwrap();
    assert!(client(other.ca_certificate().unwrap()).get(emulator.instance()).send().await.is_err());
    while told.lock().unwrap().is_empty() {
        tokio::task::yield_now().await;
    }
    assert!(emulator.requests().is_empty());
}

#[tokio::test]
async fn a_certificate_of_ones_own_is_used_and_one_that_cannot_be_is_refused() {
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(vec!["localhost".to_owned()]).unwrap().self_signed(&key).unwrap();
    let (pem, key_pem) = (certificate.pem(), key.serialize_pem());
    let emulator = builder().tls(EmulatedTls::given(pem.clone(), key_pem.clone())).start().await.unwrap();
    assert_eq!(emulator.ca_certificate(), None);
    assert_eq!(client(&pem).get(emulator.instance()).send().await.unwrap().status(), 404);

    let other = KeyPair::generate().unwrap().serialize_pem();
    for (certificate, key, what) in [
        ("hello", key_pem.as_str(), "CERTIFICATE"),
        (&pem, "hello", "PRIVATE KEY"),
        (&pem, &other, "this certificate and key"),
    ] {
        let error = builder().tls(EmulatedTls::given(certificate, key)).start().await.unwrap_err();
        assert!(error.to_string().contains(what), "{error}");
    }
    let shown = format!("{:?}", builder().tls(EmulatedTls::given(pem, key_pem.clone())));
    let line = key_pem.lines().nth(1).unwrap();
    assert!(!shown.contains(line), "{shown}");
}
