//! Users' tokens are given on this machine, and to nobody beyond it.

use serde_json::{Value, json};
use token_client::emulator::{EmulatedApp, Emulator};

use crate::client::{Answer, get, post, send};

const JSON: (&str, &str) = ("content-type", "application/json");

async fn emulator() -> Emulator {
    let app = EmulatedApp::new("app1").secret("s3cret");
    let builder = Emulator::builder().tenant("contoso.example").tenant("other.example").app(app);
    builder.trust_forwarded_headers().start().await.unwrap()
}

async fn ask(emulator: &Emulator, headers: &[(&str, &str)], question: &Value) -> Answer {
    let url = format!("{}emulator/user-token", emulator.instance());
    send("POST", &url, headers, &question.to_string()).await.unwrap()
}

#[tokio::test]
async fn a_token_is_good_for_on_behalf_of() {
    let emulator = emulator().await;
    let question = json!({"name": "ada@contoso.example"});
    let token = ask(&emulator, &[JSON], &question).await.json()["access_token"].as_str().unwrap().to_owned();
    let form = [
        ("client_id", "app1"),
        ("client_secret", "s3cret"),
        ("scope", "api://demo/access_as_user"),
        ("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"),
        ("requested_token_use", "on_behalf_of"),
        ("assertion", &token),
    ];
    let answer = post(&emulator.token_endpoint(), &form).await.json();
    let bearer = format!("Bearer {}", answer["access_token"].as_str().unwrap());
    let hello = get(&format!("{}/hello", emulator.api_url()), &[("authorization", &bearer)]).await;
    assert_eq!(hello.json(), json!({"hello": "app1", "user": "ada@contoso.example"}));

    let elsewhere = json!({"name": "ada@contoso.example", "tenant": "other.example"});
    let token = ask(&emulator, &[JSON], &elsewhere).await.json()["access_token"].as_str().unwrap().to_owned();
    let form: Vec<_> =
        form.iter().map(|(key, value)| (*key, if *key == "assertion" { &*token } else { *value })).collect();
    assert_eq!(post(&emulator.token_endpoint(), &form).await.code(), 50_013, "the user is of another tenant");
}

#[tokio::test]
async fn nobody_else_is_given_one() {
    let emulator = emulator().await;
    let question = json!({"name": "ada"});
    for (headers, status) in [
        (&[JSON][..], 200),
        (&[JSON, ("x-forwarded-for", "10.0.0.1")], 403),
        (&[JSON, ("x-forwarded-proto", "https")], 403),
        (&[JSON, ("forwarded", "for=10.0.0.1")], 403),
        (&[JSON, ("via", "1.1 proxy")], 403),
        (&[JSON, ("origin", "https://evil.example")], 403),
        (&[("content-type", "text/plain")], 405),
        (&[], 405),
    ] {
        let answer = ask(&emulator, headers, &question).await;
        assert_eq!(answer.status, status, "{headers:?}");
        assert_eq!(answer.text.contains("eyJ"), status == 200, "{headers:?}");
    }
    for (question, status) in [
        (json!({}), 400),
        (json!({"name": "ada", "nonsense": 1}), 400),
        (json!({"name": "ada", "tenant": "fabrikam.example"}), 404),
    ] {
        assert_eq!(ask(&emulator, &[JSON], &question).await.status, status, "{question}");
    }
    assert_eq!(get(&format!("{}emulator/user-token", emulator.instance()), &[]).await.status, 405);
}
