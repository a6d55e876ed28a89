//! Tokens: what they are asked with, what they say, and what is refused.

use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde_json::{Value, json};
use std::time::Duration;
use token_client::emulator::{EmulatedApp, EmulatedResource, Emulator};

use crate::client::{GRAPH, ask, ask_by_secret, emulator, get, now, post, send};

const OBO: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/// The claims of a token, verified by another library with the published keys.
async fn verified(emulator: &Emulator, token: &str, audience: &str) -> Value {
    let configuration =
        get(&format!("{}/v2.0/.well-known/openid-configuration", emulator.authority()), &[]).await.json();
    let keys = get(configuration["jwks_uri"].as_str().unwrap(), &[]).await;
    let keys: JwkSet = serde_json::from_str(&keys.text).unwrap();
    let header = jsonwebtoken::decode_header(token).unwrap();
    let key = DecodingKey::from_jwk(keys.find(header.kid.as_deref().unwrap()).unwrap()).unwrap();
    let mut validation = Validation::new(Algorithm::RS256);
    validation.set_audience(&[audience]);
    validation.set_issuer(&[configuration["issuer"].as_str().unwrap()]);
    jsonwebtoken::decode::<Value>(token, &key, &validation).unwrap().claims
}

#[tokio::test]
async fn an_app_token_says_whose_it_is_and_verifies_with_the_published_keys() {
    let emulator = emulator().await;
    let answer = ask_by_secret(&emulator, "s3cret", GRAPH).await;
    let body = answer.json();
    assert_eq!((answer.status, &body["token_type"], &body["expires_in"]), (200, &json!("Bearer"), &json!(3599)));
    assert_eq!(body["ext_expires_in"], 3599);
    assert!(body.get("refresh_in").is_none() && body.get("refresh_token").is_none());
    let token = verified(&emulator, body["access_token"].as_str().unwrap(), "https://graph.microsoft.com").await;
    assert_eq!(
        (&token["azp"], &token["tid"]),
        (&json!("app1"), &json!(emulator.tenant_id("contoso.example").unwrap()))
    );
    assert_eq!((&token["roles"], &token["idtyp"]), (&json!(["User.Read.All"]), &json!("app")));
    assert!((token["exp"].as_i64().unwrap() - now() - 3599).abs() <= 2);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let [request] = emulator.token_requests().try_into().unwrap();
    assert_eq!((request.status, request.verdict.as_str()), (Some(200), "secret"));
    assert_eq!(request.form("client_secret"), Some("s3cret"));
    assert_eq!(request.form_names(), ["client_id", "client_secret", "scope", "grant_type"]);
    assert!(!format!("{request:?}").contains("s3cret"));
}

#[tokio::test]
async fn a_refusal_has_the_form_of_entras() {
    let emulator = emulator().await;
    let id = "0f8fad5b-d9cb-469f-a165-70867728950e";
    let headers = [
        ("content-type", "application/x-www-form-urlencoded"),
        ("client-request-id", id),
        ("return-client-request-id", "true"),
    ];
    let form = "client_id=app1&client_secret=wrong&grant_type=client_credentials";
    let answer = send("POST", &emulator.token_endpoint(), &headers, form).await.unwrap();
    let body = answer.json();
    assert_eq!((answer.status, answer.header("client-request-id")), (401, Some(id)));
    assert_eq!((&body["error"], &body["error_codes"]), (&json!("invalid_client"), &json!([7_000_215])));
    assert_eq!(body["correlation_id"], id);
    let description = body["error_description"].as_str().unwrap();
    let lines: Vec<&str> = description.split("\r\n").collect();
    let [first, trace, correlation, time] = lines.as_slice() else { panic!("{description:?}") };
    assert!(first.starts_with("AADSTS7000215: Invalid client secret provided."), "{first}");
    assert_eq!(*trace, format!("Trace ID: {}", body["trace_id"].as_str().unwrap()));
    assert_eq!(*correlation, format!("Correlation ID: {id}"));
    assert_eq!(*time, format!("Timestamp: {}", body["timestamp"].as_str().unwrap()));
    assert!(body["error_uri"].as_str().unwrap().ends_with("/error?code=7000215"));
    assert_eq!(answer.header("x-ms-request-id"), body["trace_id"].as_str());
}

#[tokio::test]
async fn what_is_wrong_with_a_request_has_its_code() {
    let emulator = emulator().await;
    let base =
        [("client_id", "app1"), ("client_secret", "s3cret"), ("scope", GRAPH), ("grant_type", "client_credentials")];
    let with = |name: &'static str, value: &'static str| -> Vec<(&str, &str)> {
        base.iter().map(|(key, old)| (*key, if *key == name { value } else { *old })).collect()
    };
    let twice: Vec<_> = base.iter().copied().chain([("scope", GRAPH)]).collect();
    let both: Vec<_> = base.iter().copied().chain([("client_assertion", "a.b.c")]).collect();
    for (form, status, code) in [
        (with("", ""), 200, 0),
        (with("client_id", "app2"), 400, 700_016),
        (with("client_id", ""), 400, 900_144),
        (with("grant_type", ""), 400, 900_144),
        (with("grant_type", "password"), 400, 70_003),
        (with("scope", ""), 400, 900_144),
        (with("scope", "https://graph.microsoft.com/User.Read"), 400, 70_011),
        (with("scope", "https://graph.microsoft.com/.default offline_access"), 400, 70_011),
        (with("scope", "api://nobody/.default"), 400, 500_011),
        (with("scope", "https://graph.microsoft.com/.default api://demo/.default"), 400, 28_000),
        (twice, 400, 9_002_313),
        (both, 400, 9_002_313),
    ] {
        let answer = ask(&emulator, &form).await;
        assert_eq!((answer.status, answer.code()), (status, code), "{form:?}");
    }
    let at = |tenant: &str| format!("{}{tenant}/oauth2/v2.0/token", emulator.instance());
    assert_eq!(post(&at("fabrikam.example"), &base).await.code(), 90_002);
    assert_eq!(post(&at("common"), &base).await.code(), 50_059);
    assert_eq!(post(&at("CONTOSO.example"), &base).await.code(), 0);
    assert_eq!(get(&emulator.token_endpoint(), &[]).await.code(), 900_561);
    let text = send("POST", &emulator.token_endpoint(), &[], "grant_type=client_credentials").await.unwrap();
    assert_eq!(text.code(), 900_144, "no form without the content type of one");
}

#[tokio::test]
async fn on_behalf_of_hands_the_user_on() {
    let emulator = emulator().await;
    let incoming = emulator.mint_user_token("ada@contoso.example", "api://app1", "access_as_user").unwrap();
    let form = |assertion: &str, scope: &str| -> Vec<(&'static str, String)> {
        vec![
            ("client_id", "app1".into()),
            ("client_secret", "s3cret".into()),
            ("scope", scope.into()),
            ("client_info", "1".into()),
            ("grant_type", OBO.into()),
            ("assertion", assertion.into()),
            ("requested_token_use", "on_behalf_of".into()),
        ]
    };
    let call = async |form: Vec<(&'static str, String)>| {
        let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
        ask(&emulator, &form).await
    };
    let answer = call(form(&incoming, "user.read offline_access openid profile")).await.json();
    let token = verified(&emulator, answer["access_token"].as_str().unwrap(), "https://graph.microsoft.com").await;
    assert_eq!((&token["scp"], &token["preferred_username"]), (&json!("User.Read"), &json!("ada@contoso.example")));
    assert_eq!((&token["azp"], token.get("roles")), (&json!("app1"), None));
    assert_eq!(answer["scope"], "https://graph.microsoft.com/User.Read");
    assert!(answer["refresh_token"].is_string() && answer["client_info"].is_string());
    verified(&emulator, answer["id_token"].as_str().unwrap(), "app1").await;

    let default = call(form(&incoming, GRAPH)).await.json();
    assert_eq!(default["scope"], "https://graph.microsoft.com/User.Read", "what is consented");
    assert!(default.get("refresh_token").is_none() && default.get("id_token").is_none());

    let mint = |change: Value| {
        let mut claims = json!({"aud": "app1", "tid": "contoso.example", "exp": now() + 60, "scp": "x", "oid": "o"});
        claims.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        emulator.mint(&claims).unwrap()
    };
    for (assertion, scope, code) in [
        (mint(json!({})), "user.read", 0),
        (mint(json!({"aud": "api://other"})), "user.read", 500_131),
        (mint(json!({"exp": now() - 1})), "user.read", 500_133),
        (mint(json!({"nbf": now() + 600})), "user.read", 500_133),
        (mint(json!({"tid": "fabrikam.example"})), "user.read", 50_013),
        (mint(json!({"scp": null})), "user.read", 7_000_114),
        ("hello".to_owned(), "user.read", 50_013),
        (format!("{incoming}x"), "user.read", 50_013),
        (incoming.clone(), "mail.read", 65_001),
        (incoming.clone(), "api://demo/nothing", 70_011),
        (String::new(), "user.read", 900_144),
    ] {
        let answer = call(form(&assertion, scope)).await;
        assert_eq!(answer.code(), code, "{scope} {answer:?}");
    }
    let mut other_use = form(&incoming, "user.read");
    other_use.pop();
    assert_eq!(call(other_use).await.code(), 900_144);
}

#[tokio::test]
async fn lifetimes_and_resources_are_what_they_were_set_to() {
    let emulator = Emulator::builder()
        .app(EmulatedApp::new("app1").secret("s3cret"))
        .resource(EmulatedResource::new("api://orders/").role("Orders.Read"))
        .expires_in(Duration::from_secs(120))
        .refresh_in(Duration::from_secs(60))
        .start()
        .await
        .unwrap();
    let body = ask_by_secret(&emulator, "s3cret", "api://orders/.default").await.json();
    assert_eq!((&body["expires_in"], &body["refresh_in"]), (&json!(120), &json!(60)));
    let token = verified(&emulator, body["access_token"].as_str().unwrap(), "api://orders/").await;
    assert_eq!(token["roles"], json!(["Orders.Read"]));
}

#[tokio::test]
async fn discovery_tells_the_way() {
    let emulator = emulator().await;
    let host = emulator.instance();
    let instance =
        |endpoint: &str| format!("{host}common/discovery/instance?api-version=1.1&authorization_endpoint={endpoint}");
    let own = get(&instance(&format!("{host}contoso.example/oauth2/v2.0/authorize")), &[]).await.json();
    assert_eq!(own["metadata"][0]["preferred_network"], format!("127.0.0.1:{}", emulator.port()));
    let other = get(&instance("https://login.example/x"), &[]).await;
    assert_eq!((other.code(), &other.json()["error"]), (50_049, &json!("invalid_instance")));
    let generic = get(&format!("{}/.well-known/openid-configuration", emulator.authority()), &[]).await.json();
    let endpoint = generic["token_endpoint"].as_str().unwrap();
    assert_eq!(
        (&generic["issuer"], endpoint),
        (&json!(emulator.authority()), &*format!("{}/connect/token", emulator.authority()))
    );
    let form =
        [("client_id", "app1"), ("client_secret", "s3cret"), ("scope", GRAPH), ("grant_type", "client_credentials")];
    assert_eq!(post(endpoint, &form).await.status, 200);
    assert_eq!(post(&format!("{}/oauth2/token", emulator.authority()), &form).await.status, 200);
    assert!(!format!("{emulator:?}").contains("s3cret"));
    let unknown = format!("{host}fabrikam.example/v2.0/.well-known/openid-configuration");
    assert_eq!(get(&unknown, &[]).await.code(), 90_002);
    assert_eq!(get(&format!("{host}favicon.ico"), &[]).await.status, 404);
}
