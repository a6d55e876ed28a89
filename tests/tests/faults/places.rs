//! What an authority refuses leads to the settings behind it, each with its value and place.

use std::sync::Arc;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use credential_core::testing::FakeWorld;
use token_client::{DownstreamCall, DownstreamError, TokenClient, TokenError, TokenRequest};

use crate::authority::{Authority, SCOPE};

const SETTINGS: &str = r#"{
  "AzureAd": {
    "Instance": "https://login.microsoftonline.com/",
    "TenantId": "contoso.example",
    "ClientId": "8c2b7a54-53c6-4d0e-8f0e-1c7a9b3d5e6f",
    "AzureRegion": "westeurope",
    "ClientCredentials": [
      { "SourceType": "ClientSecret", "Skip": false,
        "ClientSecret": "first-s3cret" }
    ]
  },
  "DownstreamApis": {
    "Stock": {
      "BaseUrl": "https://stock.contoso.com/",
      "Scopes": ["api://stock/.default"],
      "AcquireTokenOptions": { "Tenant": "fabrikam.example" },
      "RequestAppToken": true
    }
  }
}"#;

/// A client whose authority refuses everything so, with a file for the environment and a variable over the first.
async fn client(error: &str, codes: &[u64]) -> TokenClient {
    let body = serde_json::json!({"error": error, "error_codes": codes}).to_string();
    let authority = Arc::new(Authority::new(move |_| (400, body.clone())));
    let world = FakeWorld::new();
    world.files.write("appsettings.json", SETTINGS);
    world.files.write("appsettings.Staging.json", "{\"AzureAd\": {\n\"TenantId\": \"staging.example\"}}");
    world.environment.set("AzureAd__ClientId", "1d6e9b1c-8f0a-4c57-a7f5-6f1f0b8d2c3a");
    let world = world.world().with_http(authority);
    TokenClient::builder().file("appsettings.json").environment("Staging").world(world).build().await.unwrap()
}

fn holds(error: &TokenError, path: &str, parts: &[&str]) {
    let finding = &error.findings()[0];
    assert_eq!(finding.path.as_deref().unwrap_or_default(), path, "{error}");
    assert_eq!(finding.origin.is_some(), !path.is_empty(), "{error}");
    let said = error.to_string();
    for part in parts {
        assert!(said.contains(part), "{part} is missing in {said}");
    }
    assert!(!said.contains("s3cret") && finding.remedy.is_some(), "{said}");
}

const CLIENT_ID: &str = "ClientId is \"1d6e9b1c-8f0a-4c57-a7f5-6f1f0b8d2c3a\" (environment variable AzureAd__ClientId, over appsettings.json:5:17)";
const TENANT_ID: &str = "TenantId is \"staging.example\" (appsettings.Staging.json:2:13, over appsettings.json:4:17)";
const INSTANCE: &str = "Instance is \"https://login.microsoftonline.com/\" (appsettings.json:3:17)";

#[tokio::test]
async fn a_number_and_a_name_lead_to_the_settings_that_they_are_about() {
    let (secret, asks) = ("AzureAd:ClientCredentials:0:ClientSecret", "the call asks for [\"api://demo/.default\"]");
    for (error, codes, path, parts) in [
        ("unauthorized_client", &[700_016][..], "AzureAd:ClientId", &[CLIENT_ID, TENANT_ID][..]),
        ("invalid_request", &[90_002], "AzureAd:TenantId", &[TENANT_ID, INSTANCE]),
        ("invalid_request", &[900_023], "AzureAd:TenantId", &[TENANT_ID]),
        ("invalid_request", &[100_007], "AzureAd:AzureRegion", &["\"westeurope\" (appsettings.json:6:20)"]),
        ("invalid_scope", &[70_011], "", &[asks]),
        ("invalid_resource", &[500_011], "", &[asks, TENANT_ID]),
        ("invalid_grant", &[65_001], "", &[asks, CLIENT_ID]),
        ("invalid_client", &[7_000_215], secret, &["appsettings.json:9:25", CLIENT_ID]),
        ("invalid_client", &[7_000_222], secret, &["appsettings.json:9:25"]),
        // Without a number: by the name.
        ("invalid_scope", &[], "", &[asks]),
        ("unauthorized_client", &[], "AzureAd:ClientId", &[CLIENT_ID]),
        ("invalid_client", &[], secret, &[CLIENT_ID]),
        ("unsupported_grant_type", &[], "AzureAd:Instance", &[INSTANCE]),
        // Neither an authority's name nor a reason: it may be none.
        ("token refused", &[], "AzureAd:Instance", &["token refused: the authority gives no reason", INSTANCE]),
        // A number that is in no table: the name says what it is about, and the page of all numbers the rest.
        ("invalid_client", &[7_999_999], secret, &["https://login.microsoftonline.com/error?code=7999999"]),
    ] {
        let client = client(error, codes).await;
        let said = client.token(&TokenRequest::app(SCOPE)).await.unwrap_err();
        holds(&said, path, parts);
    }
}

#[tokio::test]
async fn what_an_apis_section_asks_for_leads_to_the_section() {
    for (codes, path, parts) in [
        (70_011, "DownstreamApis:Stock:Scopes", &["[\"api://stock/.default\"] (appsettings.json:15:18)"][..]),
        (500_011, "DownstreamApis:Stock:Scopes", &["Tenant is \"fabrikam.example\" (appsettings.json:16:42)"]),
        (90_002, "DownstreamApis:Stock:AcquireTokenOptions:Tenant", &["Tenant is \"fabrikam.example\"", INSTANCE]),
    ] {
        let client = client("invalid_request", &[codes]).await;
        let called = client.downstream("Stock").unwrap().call(DownstreamCall::new()).await;
        let DownstreamError::Token(said) = called.unwrap_err() else { panic!("{codes}") };
        holds(&said, path, parts);
    }
}

#[tokio::test]
async fn a_users_token_and_a_tenant_of_the_call_are_named_as_such() {
    let claims = BASE64_URL_SAFE_NO_PAD.encode(r#"{"aud":"api://another"}"#);
    let user = || TokenRequest::on_behalf_of(format!("e30.{claims}.dGhlLXVzZXI"), ["api://demo/read"]);
    let came = "the user's token came in with the call for the audience api://another";
    for (codes, parts) in [(50_013, &[came, CLIENT_ID][..]), (50_034, &[came, TENANT_ID]), (500_133, &[came])] {
        let said = client("invalid_grant", &[codes]).await.token(&user()).await.unwrap_err();
        holds(&said, "", parts);
    }
    let elsewhere = TokenRequest::app(SCOPE).tenant("other.example");
    let said = client("invalid_request", &[90_002]).await.token(&elsewhere).await.unwrap_err();
    holds(&said, "", &["the call names the tenant \"other.example\"", INSTANCE]);
}

#[tokio::test]
async fn a_tenant_that_no_app_token_comes_from_is_named_with_its_place() {
    let common = SETTINGS.replace("fabrikam.example", "common");
    let world = FakeWorld::new();
    world.files.write("appsettings.json", common);
    let client = TokenClient::builder().file("appsettings.json").world(world.world()).build().await.unwrap();
    let called = client.downstream("Stock").unwrap().call(DownstreamCall::new()).await;
    let DownstreamError::Token(said) = called.unwrap_err() else { panic!() };
    holds(&said, "DownstreamApis:Stock:AcquireTokenOptions:Tenant", &["Tenant is \"common\" (appsettings.json:16:42)"]);
    let said = client.token(&TokenRequest::app(SCOPE).tenant("organizations")).await.unwrap_err();
    holds(&said, "", &["the call names the tenant \"organizations\""]);
}
