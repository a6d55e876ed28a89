//! `Debug` of every public type that holds what somebody else has written shows nothing secret.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::Arc;

use credential_core::testing::FakeWorld;
use credential_core::world::{HttpError, HttpErrorKind, HttpResponse};
use token_client::settings::{Configuration, Location};
use token_client::{Caller, DownstreamCall, ReqwestHttp, TokenClient, TokenRequest};

/// Stands in everything that may be secret.
const CANARY: &str = "hunter2";

/// A user's token, which is one too: `{}`, the canary, the canary.
const USER: &str = "e30.aHVudGVyMg.aHVudGVyMg";

fn shows_nothing(value: &dyn Debug) {
    for text in [format!("{value:?}"), format!("{value:#?}")] {
        assert!(!text.contains(CANARY) && !text.contains("aHVudGVyMg"), "{text}");
        // Bytes are shown as numbers.
        assert!(!text.replace([' ', '\n'], "").contains("104,117,110,116"), "{text}");
    }
}

const SETTINGS: &str = r#"{
    "AzureAd": {
        "Instance": "https://login.microsoftonline.com/", "TenantId": "contoso.com", "ClientId": "app1",
        "ExtraQueryParameters": {"p": "hunter2"}, "Unknown": "hunter2",
        "ClientCredentials": [{"SourceType": "ClientSecret", "ClientSecret": "hunter2"}]
    },
    "Api": {
        "BaseUrl": "https://api.contoso.com/?code=hunter2", "RelativePath": "a?sig=hunter2",
        "Scopes": ["api://x/.default"],
        "ExtraHeaderParameters": {"X-Key": "hunter2"}, "ExtraQueryParameters": {"sig": "hunter2"},
        "AcquireTokenOptions": {"ExtraQueryParameters": {"dc": "hunter2"},
                                "ExtraHeadersParameters": {"x": "hunter2"}}
    },
    "Refused": {"BaseUrl": "https://hunter2:hunter2@b/", "Scopes": ["x"], "ProtocolScheme": "Pop",
                "AcquireTokenOptions": {"LongRunningWebApiSessionKey": "hunter2", "ExtraParameters": {"a": "hunter2"}}}
}"#;

fn call() -> DownstreamCall {
    let call = DownstreamCall::new().method("POST").path("a?code=hunter2").segment(CANARY);
    call.query("q", CANARY).header("X-Key", CANARY).on_behalf_of(USER).as_app().bytes(CANARY, None)
}

fn request() -> TokenRequest {
    let mut request = TokenRequest::on_behalf_of(USER, ["api://x/.default"]).claims("{\"a\":\"hunter2\"}");
    request.extra_query = vec![("q".to_owned(), CANARY.to_owned())];
    request.extra_headers = vec![("x".to_owned(), CANARY.to_owned())];
    request
}

#[tokio::test]
async fn what_a_program_gives() {
    let location = Location::new().set("AzureAd:ClientSecret", CANARY);
    let proxy = reqwest::Proxy::all("http://user:hunter2@127.0.0.1:9/").unwrap();
    let http = ReqwestHttp::from_client(reqwest::Client::builder().proxy(proxy).build().unwrap());
    let world = FakeWorld::new();
    world.environment.set("A", CANARY);
    let builder = TokenClient::builder()
        .location(location.clone())
        .set("AzureAd:ClientCredentials:0:ClientSecret", CANARY)
        .http(Arc::new(http.clone()))
        .world(world.world());
    let caller = Caller::User(USER.into());
    let values: [&dyn Debug; 6] = [&location, &http, &builder, &call(), &request(), &caller];
    values.into_iter().for_each(shows_nothing);
}

#[test]
fn what_the_settings_say() {
    let variables = BTreeMap::from([("AzureAd__Other".to_owned(), CANARY.to_owned())]);
    let configuration = Configuration::from_json(SETTINGS, &Location::new(), &variables);
    assert!(!configuration.ok());
    let sources = token_client::sources::registry();
    let shown: Vec<_> = configuration.downstream.iter().map(|api| api.shown()).collect();
    let values: [&dyn Debug; 8] = [
        &configuration,
        &configuration.tree,
        &configuration.tree.leaves("Api"),
        &configuration.application,
        &configuration.downstream,
        &configuration.findings,
        &configuration.application.shown(&sources),
        &shown,
    ];
    values.into_iter().for_each(shows_nothing);
    shows_nothing(&TokenClient::builder().configuration(configuration));
}

#[tokio::test]
async fn what_comes_of_them() {
    let world = FakeWorld::new();
    let mut settings: serde_json::Value = serde_json::from_str(SETTINGS).unwrap();
    settings.as_object_mut().unwrap().remove("Refused");
    let configuration = Configuration::from_json(&settings.to_string(), &Location::new(), &BTreeMap::new());
    let client = TokenClient::builder().configuration(configuration).world(world.world()).build().await.unwrap();
    let token = r#"{"access_token":"hunter2","token_type":"Bearer","expires_in":3599}"#;
    world.http.answer(200, token);
    let acquired = client.acquire(&TokenRequest::app("api://x/.default")).await.unwrap();
    world.http.answer(400, r#"{"error":"invalid_grant","error_description":"no"}"#);
    let refused = client.acquire(&request()).await.unwrap_err();
    world.http.reply(Err(HttpError::new(HttpErrorKind::Timeout, "timed out")));
    let unreachable = client.acquire(&request().force_refresh()).await.unwrap_err();
    let api = client.downstream("Api").unwrap();
    world.http.answer(200, token);
    let headers = vec![("set-cookie".to_owned(), CANARY.to_owned())];
    world.http.reply(Ok(HttpResponse::new(404, headers, CANARY)));
    let answer = api.call(DownstreamCall::new().as_app()).await.unwrap();
    let status = answer.clone().error_for_status();
    let conflict = api.call(call()).await;
    // An error is for whoever reads it: it shows what it says, the API's words among it, and no token.
    let status = status.unwrap_err();
    assert_eq!(format!("{status:?}"), status.to_string());
    assert!(!status.to_string().contains("set-cookie"), "{status}");
    let values: [&dyn Debug; 10] = [
        &client,
        &acquired,
        &acquired.token,
        &refused,
        &unreachable,
        &api,
        &answer,
        &conflict,
        &client.authority(),
        &client.credentials(),
    ];
    values.into_iter().for_each(shows_nothing);
}

#[cfg(feature = "testing")]
#[tokio::test]
async fn what_the_emulator_knows() {
    use token_client::emulator::{EmulatedApp, Emulator, Fault};
    let app = EmulatedApp::new("app1").secret(CANARY).expired_secret(CANARY).certificate(CANARY.as_bytes());
    let fault = Fault::status(200).body(CANARY).header("x", CANARY);
    let builder = Emulator::builder().app(EmulatedApp::new("app1").secret(CANARY));
    let shown = [format!("{builder:?}"), format!("{builder:#?}")];
    let emulator = builder.start().await.unwrap();
    emulator.fail(fault.clone());
    let values: [&dyn Debug; 3] = [&app, &fault, &emulator];
    values.into_iter().for_each(shows_nothing);
    assert!(shown.iter().all(|text| !text.contains(CANARY)));
}
