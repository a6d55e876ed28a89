//! HTTP by hand, and an app with a certificate.

use std::sync::LazyLock;
use std::time::{SystemTime, UNIX_EPOCH};

use jsonwebtoken::{Algorithm, EncodingKey, Header};
use rcgen::{CertificateParams, KeyPair, PKCS_RSA_SHA256, RsaKeySize};
use serde_json::{Value, json};
use token_client::emulator::{EmulatedApp, Emulator};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

pub(crate) const ISSUER: &str = "https://oidc.example/";
pub(crate) const AUDIENCE: &str = "api://AzureADTokenExchange";
pub(crate) const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
pub(crate) const GRAPH: &str = "https://graph.microsoft.com/.default";

/// A certificate with its key; made once, since RSA keys take their time.
pub(crate) struct Identity {
    pub(crate) der: Vec<u8>,
    pub(crate) key: EncodingKey,
    pub(crate) sha1: String,
    pub(crate) sha256: String,
}

fn identity(name: &str, change: impl Fn(&mut CertificateParams)) -> Identity {
    use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};
    let key = KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048).unwrap();
    let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    change(&mut params);
    let der = params.self_signed(&key).unwrap().der().to_vec();
    Identity {
        key: EncodingKey::from_rsa_pem(key.serialize_pem().as_bytes()).unwrap(),
        sha1: base64url(digest(&SHA1_FOR_LEGACY_USE_ONLY, &der).as_ref()),
        sha256: base64url(digest(&SHA256, &der).as_ref()),
        der,
    }
}

pub(crate) static REGISTERED: LazyLock<Identity> = LazyLock::new(|| identity("app1", |_| {}));
pub(crate) static EXPIRED: LazyLock<Identity> =
    LazyLock::new(|| identity("app1", |params| params.not_after = rcgen::date_time_ymd(2021, 1, 1)));
pub(crate) static STRANGER: LazyLock<Identity> = LazyLock::new(|| identity("app1", |_| {}));

pub(crate) fn base64url(bytes: &[u8]) -> String {
    use base64::Engine;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes)
}

pub(crate) fn now() -> i64 {
    #[expect(clippy::disallowed_methods, reason = "the emulator under test runs on the real clock")]
    let now = SystemTime::now();
    i64::try_from(now.duration_since(UNIX_EPOCH).unwrap().as_secs()).unwrap()
}

/// The app of these tests, in a tenant of its own.
pub(crate) async fn emulator() -> Emulator {
    let app = EmulatedApp::new("app1")
        .secret("s3cret")
        .expired_secret("old-s3cret")
        .certificate(REGISTERED.der.clone())
        .certificate(EXPIRED.der.clone())
        .federated(ISSUER, "pod", AUDIENCE)
        .without_consent("Mail.Read");
    Emulator::builder().tenant("contoso.example").app(app).app(EmulatedApp::new("bare")).start().await.unwrap()
}

/// A client assertion as it should be; the test changes header and claims.
pub(crate) fn assertion(
    emulator: &Emulator,
    signer: &Identity,
    algorithm: Algorithm,
    change: impl Fn(&mut Value, &mut Header),
) -> String {
    let mut header = Header::new(algorithm);
    header.x5t_s256 = Some(signer.sha256.clone());
    let mut claims = json!({
        "aud": emulator.token_endpoint(), "iss": "app1", "sub": "app1",
        "nbf": now(), "exp": now() + 600, "jti": unique(),
    });
    change(&mut claims, &mut header);
    jsonwebtoken::encode(&header, &claims, &signer.key).unwrap()
}

fn unique() -> String {
    use std::sync::atomic::{AtomicU64, Ordering};
    static NEXT: AtomicU64 = AtomicU64::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed).to_string()
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_default()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// The code of a refusal; 0 for none.
    pub(crate) fn code(&self) -> u64 {
        self.json()["error_codes"][0].as_u64().unwrap_or_default()
    }
}

/// One request on a connection of its own; `None` when it is closed without an answer.
pub(crate) async fn send(method: &str, url: &str, headers: &[(&str, &str)], body: &str) -> Option<Answer> {
    let (host, path) = url.strip_prefix("http://").unwrap().split_once('/').unwrap();
    let mut stream = TcpStream::connect(host).await.unwrap();
    let mut head = format!("{method} /{path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n");
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str(&format!("content-length: {}\r\n\r\n{body}", body.len()));
    stream.write_all(head.as_bytes()).await.ok()?;
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let (head, text) = answer.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    Some(Answer { status, head: head.to_owned(), text: text.to_owned() })
}

pub(crate) async fn get(url: &str, headers: &[(&str, &str)]) -> Answer {
    send("GET", url, headers, "").await.unwrap()
}

/// Posts a form to the token endpoint.
pub(crate) async fn ask(emulator: &Emulator, form: &[(&str, &str)]) -> Answer {
    post(&emulator.token_endpoint(), form).await
}

pub(crate) async fn post(url: &str, form: &[(&str, &str)]) -> Answer {
    let mut text = url::form_urlencoded::Serializer::new(String::new());
    text.extend_pairs(form);
    let headers = [("content-type", "application/x-www-form-urlencoded")];
    send("POST", url, &headers, &text.finish()).await.unwrap()
}

/// A form for an app token by assertion.
pub(crate) async fn ask_with(emulator: &Emulator, assertion: &str) -> Answer {
    let form = [
        ("client_id", "app1"),
        ("client_assertion_type", JWT_BEARER),
        ("client_assertion", assertion),
        ("scope", GRAPH),
        ("grant_type", "client_credentials"),
    ];
    ask(emulator, &form).await
}

/// A form for an app token by secret.
pub(crate) async fn ask_by_secret(emulator: &Emulator, secret: &str, scope: &str) -> Answer {
    let form =
        [("client_id", "app1"), ("client_secret", secret), ("scope", scope), ("grant_type", "client_credentials")];
    ask(emulator, &form).await
}
