//! The client secret in the form, or by HTTP Basic (RFC 6749 §2.3.1).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use token_client::emulator::{EmulatedApp, Emulator};

use crate::client::{Answer, GRAPH, get, send};

const SECRET: &str = "s3 cr+t:é%";
const ENCODED: &str = "s3+cr%2Bt%3A%C3%A9%25";

async fn emulator() -> Emulator {
    Emulator::builder().app(EmulatedApp::new("app:1").secret(SECRET)).start().await.unwrap()
}

async fn ask(emulator: &Emulator, authorization: &str, more: &[(&str, &str)]) -> Answer {
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    form.extend_pairs([("scope", GRAPH), ("grant_type", "client_credentials")]).extend_pairs(more);
    let headers = [("content-type", "application/x-www-form-urlencoded"), ("authorization", authorization)];
    send("POST", &emulator.token_endpoint(), &headers, &form.finish()).await.unwrap()
}

#[tokio::test]
async fn a_form_encoded_secret_is_taken_by_basic_and_a_raw_one_is_not() {
    let emulator = emulator().await;
    for (pair, more, status, code) in [
        (format!("app%3A1:{ENCODED}"), &[][..], 200, 0),
        (format!("app%3A1:{ENCODED}"), &[("client_id", "app:1")], 200, 0),
        (format!("app%3A1:{SECRET}"), &[], 400, 9_002_313),
        ("app%3A1:s3+cr".to_owned(), &[], 401, 7_000_215),
        ("app%3A1:".to_owned(), &[], 401, 7_000_215),
        (format!("nobody:{ENCODED}"), &[], 400, 700_016),
        (format!("app%3A1:{ENCODED}"), &[("client_id", "other")], 400, 9_002_313),
        (format!("app%3A1:{ENCODED}"), &[("client_secret", SECRET)], 400, 9_002_313),
        (format!("app%3A1:{ENCODED}"), &[("client_assertion", "a.b.c")], 400, 9_002_313),
    ] {
        let answer = ask(&emulator, &format!("Basic {}", STANDARD.encode(&pair)), more).await;
        assert_eq!((answer.status, answer.code()), (status, code), "{pair} {more:?} {answer:?}");
        // RFC 6749 §5.2.
        let challenge = answer.header("www-authenticate").unwrap_or_default();
        assert_eq!(challenge.starts_with("Basic "), status == 401, "{answer:?}");
    }
    assert_eq!(emulator.token_requests()[0].verdict, "secret by Basic");
    assert_eq!(ask(&emulator, "Bearer ey", &[]).await.code(), 9_002_313);
}

#[tokio::test]
async fn it_is_advertised() {
    let emulator = emulator().await;
    let configuration = get(&format!("{}/v2.0/.well-known/openid-configuration", emulator.authority()), &[]).await;
    let methods = configuration.json()["token_endpoint_auth_methods_supported"].clone();
    assert_eq!(methods, serde_json::json!(["client_secret_post", "private_key_jwt", "client_secret_basic"]));
}
