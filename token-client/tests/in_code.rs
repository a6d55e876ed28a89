//! Settings in code: beside files and variables, checked as they are.
#![cfg(all(feature = "secret", feature = "cert-store"))]

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use credential_core::credential::{CertificateFacts, Signer, SigningAlgorithm, SigningRequest};
use credential_core::source::Origin;
use credential_core::testing::FakeWorld;
use credential_core::{Credential, CredentialDescription, Finding, SourceError, SourceType};
use token_client::settings::{Configuration, DownstreamOptions, Location};
use token_client::{TokenClient, TokenClientBuilder, TokenRequest};

/// A client id that the code sets.
const OF_CODE: &str = "8c2b7a54-53c6-4d0e-8f0e-1c7a9b3d5e6f";
const SCOPE: &str = "api://x/.default";
const TOKEN: &str = r#"{"access_token": "issued", "token_type": "Bearer", "expires_in": 3600}"#;
const FILE: &str = r#"{"AzureAd": {
    "Instance": "https://login.microsoftonline.com/", "TenantId": "of-the-file.example", "ClientId": "of-the-file",
    "ClientCredentials": [{"SourceType": "ClientSecret", "ClientSecret": "of-the-file"}]},
  "DownstreamApis": {"Stock": {"BaseUrl": "https://stock.example/", "Scopes": ["api://a/one", "api://a/two"]}}}"#;

fn application() -> TokenClientBuilder {
    TokenClient::builder()
        .instance("https://login.microsoftonline.com/")
        .tenant("t.example")
        .client_id("8c2b7a54-53c6-4d0e-8f0e-1c7a9b3d5e6f")
}

/// The client secrets that were presented.
fn presented(world: &FakeWorld) -> Vec<String> {
    let bodies = world.http.requests().into_iter().map(|request| {
        let form = url::form_urlencoded::parse(request.body.expose()).into_owned();
        form.filter(|(name, _)| name == "client_secret").map(|(_, value)| value).collect::<String>()
    });
    bodies.collect()
}

fn errors(findings: &[Finding]) -> Vec<(&str, &str)> {
    let errors = findings.iter().filter(|one| one.severity == credential_core::Severity::Error);
    errors.map(|one| (one.code, one.path.as_deref().unwrap_or_default())).collect()
}

#[tokio::test]
async fn code_alone_is_enough() {
    let world = FakeWorld::new();
    let api = DownstreamOptions::builder().base_url("https://api.example/v1/").scopes([SCOPE]).app_token();
    let api = api.relative_path("items").header("x-a", "b").query("q", "1").tenant("other.example");
    let builder = application().client_secret("s3cret value").downstream("Stock", api).world(world.world());
    assert!(!format!("{builder:?}").contains("s3cret"), "{builder:?}");
    let client = builder.build().await.unwrap();
    let configuration = client.configuration();
    assert!(configuration.findings.is_empty(), "{:?}", configuration.findings);
    let leaf = configuration.tree.leaves("AzureAd:ClientId").remove(0);
    assert_eq!(leaf.origin, Origin::Code);
    world.http.answer(200, TOKEN);
    world.http.answer(200, r#"{"well": true}"#);
    let api = client.downstream("stock").unwrap();
    assert_eq!(api.options().base_url.as_ref().unwrap().origin, Origin::Code);
    let _: serde_json::Value = api.get("items").await.unwrap();
    assert_eq!(presented(&world)[0], "s3cret value");
    let asked = world.http.requests();
    assert!(asked[0].url.contains("/other.example/"), "{}", asked[0].url);
    assert_eq!(asked[1].url, "https://api.example/v1/items?q=1");
    assert!(asked[1].headers.iter().any(|(name, value)| name == "x-a" && value.expose() == "b"));
}

#[tokio::test]
async fn what_is_wrong_is_said_as_of_a_file() {
    let world = FakeWorld::new();
    let wrong = CredentialDescription::new("ClientSekret").with("ClientSecret", "x");
    let misspelt = CredentialDescription::new(SourceType::CLIENT_SECRET).with("ClientSecretEnvironmentVariabel", "X");
    let api = DownstreamOptions::builder().base_url("nowhere").set("RequestAppTokn", "true");
    let builder = application().credential(wrong).credential(misspelt).downstream("Stock", api);
    let error = builder.world(world.world()).build().await.unwrap_err();
    let found = errors(error.findings());
    for path in [
        "AzureAd:ClientCredentials:0:SourceType",
        "AzureAd:ClientCredentials:1:ClientSecretEnvironmentVariabel",
        "DownstreamApis:Stock:BaseUrl",
        "DownstreamApis:Stock:RequestAppTokn",
    ] {
        assert!(found.iter().any(|(_, at)| *at == path), "{path} is not among {found:?}");
    }
    assert!(error.to_string().contains("set in code: "), "{error}");
    assert!(!error.to_string().contains("settings file"), "{error}");
}

#[tokio::test]
async fn code_goes_over_files_and_variables_and_under_arguments() {
    let world = FakeWorld::new();
    world.files.write("appsettings.json", FILE);
    world.environment.set("AzureAd__TenantId", "of-a-variable.example");
    world.environment.set("AzureAd__ClientCredentials__0__ClientSecret", "of-a-variable");
    let api = DownstreamOptions::builder().scopes([SCOPE]).app_token();
    let builder = TokenClient::builder().client_id(OF_CODE).client_secret("of-the-code").downstream("Stock", api);
    let client = builder.set("AzureAd:TenantId", "argument.example").world(world.world()).build().await.unwrap();
    let configuration = client.configuration();
    assert!(configuration.findings.is_empty(), "{:?}", configuration.findings);
    let options = &configuration.application;
    assert_eq!(options.client_id_text(), OF_CODE);
    assert_eq!(options.tenant_id.as_ref().unwrap().value, "argument.example");
    let stock = configuration.downstream("Stock").unwrap();
    assert_eq!((stock.scope_list(), stock.base_url.is_some()), (&[SCOPE.to_owned()][..], true));
    // The entry follows the file's: places and variables mean what they meant.
    world.http.answer(401, r#"{"error": "invalid_client", "error_codes": [7000215]}"#);
    world.http.answer(200, TOKEN);
    let token = client.token(&TokenRequest::app(SCOPE)).await.unwrap();
    assert_eq!(presented(&world), ["of-a-variable", "of-the-code"]);
    assert_eq!(token.attempts().last().unwrap().index, 1);
}

#[tokio::test]
async fn an_api_at_the_top_of_a_file_stays_one_api() {
    let world = FakeWorld::new();
    world.files.write("appsettings.json", FILE.replace("DownstreamApis\": {\"Stock", "Stock").replace("}}}", "}}"));
    let client = TokenClient::builder().downstream("stock", DownstreamOptions::builder().scopes([SCOPE]));
    let configuration = client.world(world.world()).build().await.unwrap().configuration();
    assert_eq!(configuration.downstream.len(), 1);
    assert_eq!(configuration.downstream("Stock").unwrap().scope_list(), [SCOPE]);
}

#[tokio::test]
async fn only_a_file_that_nobody_named_may_be_missing() {
    let missing = |error: &token_client::ConfigurationError| {
        error.findings().iter().any(|finding| finding.code == "settings-file-missing")
    };
    let world = FakeWorld::new();
    let named = TokenClient::builder().client_secret("s").file("appsettings.json").world(world.world());
    assert!(missing(&named.build().await.unwrap_err()));
    let nothing = TokenClient::builder().world(world.world());
    assert!(missing(&nothing.build().await.unwrap_err()));
    let incomplete = TokenClient::builder().client_secret("s").world(world.world()).build().await.unwrap_err();
    assert!(!missing(&incomplete) && incomplete.to_string().contains("ClientId is missing"), "{incomplete}");
}

#[tokio::test]
async fn a_configuration_of_ones_own_gets_them_once() {
    let world = FakeWorld::new();
    let given = Configuration::from_json(FILE, &Location::default(), &Default::default());
    let builder = TokenClient::builder().configuration(given).client_secret("of-the-code");
    let client = builder.world(world.world()).build().await.unwrap();
    assert_eq!(client.credentials().entries().count(), 2);
    client.reload_with((*client.configuration()).clone()).unwrap();
    assert_eq!(client.credentials().entries().count(), 2);
}

#[derive(Debug)]
struct Key;

#[async_trait]
impl Signer for Key {
    fn algorithms(&self) -> &[SigningAlgorithm] {
        &[SigningAlgorithm::Rs256]
    }

    async fn sign(&self, _: SigningRequest<'_>) -> Result<Vec<u8>, SourceError> {
        Ok(vec![0; 256])
    }
}

fn certificate(world: &FakeWorld, der: &[u8]) -> Credential {
    let now = credential_core::world::Clock::now(&*world.clock);
    let (before, after) = (now - Duration::from_secs(86_400), now + Duration::from_secs(86_400 * 300));
    Credential::certificate("of-the-code", vec![der.to_vec()], facts(before, after), Arc::new(Key))
}

fn facts(before: SystemTime, after: SystemTime) -> CertificateFacts {
    CertificateFacts::new([1; 20], [2; 32], before, after)
}

#[tokio::test]
async fn what_is_given_in_code_stays_when_the_file_is_read_again() {
    let world = FakeWorld::new();
    world.files.write("appsettings.json", FILE);
    let builder = TokenClient::builder().client_id(OF_CODE).certificate(certificate(&world, b"der"));
    let client = builder.world(world.world()).build().await.unwrap();
    let changed = FILE.replace("of-the-file.example", "changed.example");
    world.files.write("appsettings.json", changed);
    client.reload().await.unwrap();
    let configuration = client.configuration();
    assert_eq!(configuration.application.client_id_text(), OF_CODE);
    assert_eq!(configuration.application.tenant_id.as_ref().unwrap().value, "changed.example");
    let types: Vec<String> = client.credentials().entries().map(|(_, entry)| entry.source_type().to_string()).collect();
    assert_eq!(types, ["ClientSecret", "Certificate"]);
}

#[tokio::test]
async fn what_is_handed_over_as_a_certificate_is_one() {
    let world = FakeWorld::new();
    let builder = application().certificate(Credential::secret("id", "s3cret"));
    let error = builder.world(world.world()).build().await.unwrap_err();
    assert_eq!(errors(error.findings()), [("no-certificate-given", "AzureAd:ClientCredentials:0")]);
}
