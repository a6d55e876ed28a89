//! Whole stacks against the emulator: hyper's client and reqwest below the layer.

use std::collections::BTreeSet;

use http_body_util::BodyExt;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use serde_json::json;
use token_client::TokenRequest;
use token_client::integrations::tower::{Cloned, TokenLayer};
use token_client::integrations::{ApiToken, CallToken};
use tower::{Layer, ServiceBuilder, ServiceExt};

use crate::emulated::{DEMO, app, builder, calls, client, demand_claims, emulator, token_of};
use crate::fakes::{Body, request};

#[tokio::test]
async fn hypers_client_answers_a_claims_challenge_with_the_body_again() {
    let emulator = emulator().await;
    let client = client(&emulator).await;
    let orders = format!("{}/orders", emulator.api_url());
    let token = ApiToken::new(client.token_source(app()), [emulator.api_url()]).unwrap();
    let hyper = Client::builder(TokioExecutor::new()).build_http::<Body>();
    let service = ServiceBuilder::new().layer(TokenLayer::new(token).resend(Cloned)).service(hyper);
    let say = async |status: u16| {
        let answer = service.clone().oneshot(request(&orders)).await.unwrap();
        assert_eq!(answer.status(), status);
        let body = answer.into_body().collect().await.unwrap().to_bytes();
        serde_json::from_slice::<serde_json::Value>(&body).unwrap()
    };
    assert_eq!(say(200).await["body"], "the body");
    demand_claims(&emulator);
    assert_eq!(say(200).await["body"], "the body");
    // The token with the claims stays.
    assert_eq!(say(200).await["body"], "the body");
    let verdicts: Vec<String> = calls(&emulator).into_iter().map(|call| call.verdict).collect();
    assert_eq!(verdicts, ["token accepted", "claims demanded", "token accepted", "token accepted"]);
    assert_eq!(emulator.token_requests().len(), 2);

    // Claims that no token ever has: the API's answer, after one more try.
    emulator.demand_claims(json!({"access_token": {"azp": {"value": "nobody"}}}));
    assert_eq!(say(401).await["error"], "claims demanded");
    assert_eq!(calls(&emulator).len(), 6);
}

#[tokio::test]
async fn reqwest_as_a_service() {
    let emulator = emulator().await;
    let client = client(&emulator).await;
    demand_claims(&emulator);
    let token = ApiToken::new(client.token_source(app()), [emulator.api_url()]).unwrap();
    let service = TokenLayer::new(token).layer(reqwest::Client::new());
    let url = format!("{}/orders", emulator.api_url());
    let request = reqwest::Client::new().post(&url).body("the body").build().unwrap();
    let answer = service.clone().oneshot(request).await.unwrap();
    let echo: serde_json::Value = serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap();
    assert_eq!((&echo["body"], calls(&emulator).len()), (&json!("the body"), 2));

    let away = reqwest::Request::new(reqwest::Method::GET, "http://elsewhere.example/".parse().unwrap());
    assert_eq!(service.oneshot(away).await.unwrap_err().findings()[0].code, "address-not-covered");
}

#[tokio::test]
async fn fifty_tenants_and_their_users_keep_to_themselves() {
    let tenants: Vec<String> = (0..50).map(|nth| format!("tenant{nth}.example")).collect();
    let builder = tenants.iter().fold(builder().tenant("contoso.example"), |all, one| all.tenant(one.as_str()));
    let emulator = builder.start().await.unwrap();
    let client = client(&emulator).await;
    let token = ApiToken::of_each_call([emulator.api_url()]).unwrap();
    let hyper = Client::builder(TokioExecutor::new()).build_http::<Body>();
    let service = TokenLayer::new(token).resend(Cloned).layer(hyper);
    let call = |path: String, source: CallToken| {
        let service = service.clone();
        let mut request = request(&format!("{}/orders/{path}", emulator.api_url()));
        request.extensions_mut().insert(source);
        async move { assert_eq!(service.oneshot(request).await.unwrap().status(), 200) }
    };
    demand_claims(&emulator);
    let of_tenant = |tenant: &str| CallToken::of(client.token_source(TokenRequest::app(DEMO).tenant(tenant)));
    let users: Vec<String> = (0..10).map(|nth| format!("user{nth}@contoso.example")).collect();
    let of_user = |user: &str| {
        let incoming = emulator.mint_user_token(user, "app1", "access_as_user").unwrap();
        CallToken::of(client.token_source(TokenRequest::on_behalf_of(incoming, ["api://demo/access_as_user"])))
    };
    let apps = tenants.iter().map(|tenant| call(tenant.clone(), of_tenant(tenant)));
    let people = users.iter().map(|user| call(user.clone(), of_user(user)));
    tokio::join!(futures_util::future::join_all(apps), futures_util::future::join_all(people));

    let calls = calls(&emulator);
    assert_eq!(calls.len(), 2 * 60);
    let mut ids = BTreeSet::new();
    for call in &calls {
        let (whose, claims) = (call.path.rsplit('/').next().unwrap(), token_of(call));
        match whose.contains('@') {
            true => assert_eq!(claims["preferred_username"], whose),
            false => {
                assert_eq!(claims["tid"], emulator.tenant_id(whose).unwrap(), "{whose}");
                assert!(claims.get("preferred_username").is_none(), "{whose}");
                ids.insert(claims["tid"].to_string());
            }
        }
    }
    assert_eq!(ids.len(), 50);
}
