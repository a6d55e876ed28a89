//! Behind a proxy: whose headers are believed, and what follows from them.

use jsonwebtoken::Algorithm;
use serde_json::json;
use token_client::emulator::{EmulatedApp, Emulator};

use crate::client::{GRAPH, JWT_BEARER, REGISTERED, assertion, get, send};

const OUTSIDE: &str = "https://login.test/contoso.example/oauth2/v2.0/token";

async fn emulator(trusts: bool) -> Emulator {
    let app = EmulatedApp::new("app1").certificate(REGISTERED.der.clone());
    let builder = Emulator::builder().tenant("contoso.example").app(app);
    let builder = if trusts { builder.trust_forwarded_headers() } else { builder };
    builder.start().await.unwrap()
}

#[tokio::test]
async fn addresses_and_assertion_audiences_follow_a_trusted_proxy_and_no_other() {
    for trusts in [false, true] {
        let emulator = emulator(trusts).await;
        for headers in [
            &[("x-forwarded-proto", "https"), ("x-forwarded-host", "login.test")][..],
            &[("forwarded", "for=10.1.1.1;proto=https;host=login.test")],
        ] {
            let url = format!("{}/v2.0/.well-known/openid-configuration", emulator.authority());
            let endpoint = get(&url, headers).await.json()["token_endpoint"].as_str().unwrap().to_owned();
            assert_eq!(endpoint.starts_with("https://login.test/"), trusts, "{endpoint}");

            let signed =
                assertion(&emulator, &REGISTERED, Algorithm::PS256, |claims, _| claims["aud"] = json!(OUTSIDE));
            let mut form = url::form_urlencoded::Serializer::new(String::new());
            form.extend_pairs([
                ("client_id", "app1"),
                ("client_assertion_type", JWT_BEARER),
                ("client_assertion", &signed),
                ("scope", GRAPH),
                ("grant_type", "client_credentials"),
            ]);
            let typed = [&[("content-type", "application/x-www-form-urlencoded")], headers].concat();
            let answer = send("POST", &emulator.token_endpoint(), &typed, &form.finish()).await.unwrap();
            assert_eq!(answer.code(), if trusts { 0 } else { 700_023 }, "{answer:?}");
            let refused = send("POST", &emulator.token_endpoint(), &typed, "").await.unwrap().json();
            assert_eq!(refused["error_uri"].as_str().unwrap().starts_with("https://login.test/"), trusts, "{refused}");
        }
    }
}

#[tokio::test]
async fn instance_discovery_knows_the_name_outside() {
    let emulator = emulator(true).await;
    let headers = [("x-forwarded-proto", "https"), ("x-forwarded-host", "login.test")];
    let asked = format!(
        "{}common/discovery/instance?authorization_endpoint=https://login.test/contoso.example/oauth2/v2.0/authorize",
        emulator.instance()
    );
    assert_eq!(get(&asked, &headers).await.json()["metadata"][0]["preferred_network"], "login.test");
    assert_eq!(get(&asked, &[]).await.code(), 50_049);
}
