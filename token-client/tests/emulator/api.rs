//! The protected API.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use token_client::emulator::Emulator;

use crate::client::{ask, ask_by_secret, emulator, get, now, send};

const DEMO: &str = "api://demo/.default";

async fn token(emulator: &Emulator) -> String {
    let answer = ask_by_secret(emulator, "s3cret", DEMO).await.json();
    format!("Bearer {}", answer["access_token"].as_str().unwrap())
}

#[tokio::test]
async fn its_own_tokens_are_greeted_and_echoed() {
    let emulator = emulator().await;
    let bearer = token(&emulator).await;
    let hello = get(&format!("{}/hello", emulator.api_url()), &[("authorization", &bearer)]).await;
    assert_eq!((hello.status, hello.json()), (200, json!({"hello": "app1"})));
    let url = format!("{}/orders/7?a=1&a=2&b=%C3%A4", emulator.api_url());
    let headers = [("Authorization", bearer.as_str()), ("X-Trace", "t1")];
    let echo = send("PUT", &url, &headers, r#"{"n":1}"#).await.unwrap().json();
    assert_eq!((&echo["method"], &echo["path"]), (&json!("PUT"), &json!("/orders/7")));
    assert_eq!((&echo["query"], &echo["body"]), (&json!({"a": ["1", "2"], "b": "ä"}), &json!({"n": 1})));
    assert_eq!((&echo["headers"]["x-trace"], echo["headers"].get("authorization")), (&json!("t1"), None));
    let verdicts: Vec<String> = emulator.requests().into_iter().map(|request| request.verdict).collect();
    assert_eq!(verdicts, ["secret", "token accepted", "token accepted"]);
}

#[tokio::test]
async fn every_other_token_is_refused_with_the_reason() {
    let emulator = emulator().await;
    let url = format!("{}/hello", emulator.api_url());
    let bearer = |change: serde_json::Value| {
        let mut claims = json!({"aud": "api://demo", "exp": now() + 60, "appid": "x"});
        claims.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        format!("Bearer {}", emulator.mint(&claims).unwrap())
    };
    let good = bearer(json!({}));
    assert_eq!(get(&url, &[("authorization", &good)]).await.status, 200);
    for (header, why) in [
        (format!("{good}x"), "the token is no JWT"),
        (format!("{}AAAA", good.get(..good.len() - 4).unwrap()), "the signature is invalid"),
        (bearer(json!({"aud": "https://graph.microsoft.com"})), "the audience is invalid"),
        (bearer(json!({"exp": now() - 1})), "the token has expired"),
        (bearer(json!({"exp": null})), "the token has expired"),
        (good.replace("Bearer", "Basic"), "the scheme is not Bearer"),
        ("Bearer".to_owned(), "the scheme is not Bearer"),
    ] {
        let answer = get(&url, &[("authorization", &header)]).await;
        let challenge = answer.header("www-authenticate").unwrap();
        assert_eq!(answer.status, 401);
        assert!(challenge.contains("error=\"invalid_token\"") && challenge.contains(why), "{why}: {challenge}");
    }
    let none = get(&url, &[]).await;
    let authorize = format!("{}/oauth2/v2.0/authorize", emulator.authority());
    assert_eq!(none.header("www-authenticate"), Some(&*format!("Bearer authorization_uri=\"{authorize}\"")));
}

#[tokio::test]
async fn demanded_claims_are_asked_for_and_then_there() {
    let emulator = emulator().await;
    let url = format!("{}/hello", emulator.api_url());
    let demanded = json!({"access_token": {"acrs": {"essential": true, "value": "c1"}}});
    emulator.demand_claims(demanded.clone());
    let bearer = token(&emulator).await;
    let answer = get(&url, &[("authorization", &bearer)]).await;
    let challenge = answer.header("www-authenticate").unwrap();
    assert!(challenge.contains("error=\"insufficient_claims\""), "{challenge}");
    let encoded = challenge.split("claims=\"").nth(1).unwrap().trim_end_matches('"');
    let claims = String::from_utf8(STANDARD.decode(encoded).unwrap()).unwrap();
    assert_eq!(serde_json::from_str::<serde_json::Value>(&claims).unwrap(), demanded);
    let form = [
        ("client_id", "app1"),
        ("client_secret", "s3cret"),
        ("scope", DEMO),
        ("claims", claims.as_str()),
        ("grant_type", "client_credentials"),
    ];
    let token_with = ask(&emulator, &form).await.json();
    let bearer_with = format!("Bearer {}", token_with["access_token"].as_str().unwrap());
    assert_eq!(get(&url, &[("authorization", &bearer_with)]).await.status, 200);
    emulator.demand_claims(json!(null));
    assert_eq!(get(&url, &[("authorization", &bearer)]).await.status, 200);
}
