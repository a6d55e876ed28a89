//! The emulator, and clients of it.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use token_client::emulator::{EmulatedApp, Emulator, EmulatorBuilder, RecordedRequest};
use token_client::{TokenClient, TokenClientBuilder, TokenRequest};

pub(crate) const DEMO: &str = "api://demo/.default";

pub(crate) async fn emulator() -> Emulator {
    builder().tenant("contoso.example").start().await.unwrap()
}

pub(crate) fn builder() -> EmulatorBuilder {
    let app = EmulatedApp::new("app1").secret("s3cret").federated(
        "https://oidc.example",
        "azure",
        "api://AzureADTokenExchange",
    );
    Emulator::builder().app(app)
}

pub(crate) async fn client(emulator: &Emulator) -> TokenClient {
    unbuilt(emulator).build().await.unwrap()
}

pub(crate) fn unbuilt(emulator: &Emulator) -> TokenClientBuilder {
    let builder = TokenClient::builder().instance(emulator.instance()).tenant("contoso.example").client_id("app1");
    builder.client_secret("s3cret")
}

pub(crate) fn app() -> TokenRequest {
    TokenRequest::app(DEMO)
}

pub(crate) fn demand_claims(emulator: &Emulator) {
    emulator.demand_claims(json!({"access_token": {"acrs": {"essential": true, "value": "c1"}}}));
}

/// The requests to the API.
pub(crate) fn calls(emulator: &Emulator) -> Vec<RecordedRequest> {
    let mut calls = emulator.requests();
    calls.retain(|request| request.path.starts_with("/orders"));
    calls
}

/// The claims of the token that a request came with.
pub(crate) fn token_of(request: &RecordedRequest) -> Value {
    claims(request.header("authorization").unwrap().strip_prefix("Bearer ").unwrap())
}

pub(crate) fn claims(token: &str) -> Value {
    let part = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}
