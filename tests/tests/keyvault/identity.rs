//! Who reads the vault.
#![expect(clippy::disallowed_methods, reason = "real time, tasks and files of the test itself")]

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use async_trait::async_trait;
use credential_core::registry::Binding;
use credential_core::source::{Entry, Origin};
use credential_core::testing::{FakeFiles, application};
use credential_core::tokens::{ProvidedToken, TokenFor, TokenProvider, TokenProviders};
use credential_core::{CredentialChain, CredentialDescription, CredentialSource, SourceError, SourceType, World};
use credential_keyvault::KeyVaultSources;
use credential_tests::vault::{Action, Cloud, Fault, Key, Made, bind, entry, load, projected_token, registry};

fn source() -> Arc<dyn CredentialSource> {
    credential_keyvault::sources().swap_remove(0)
}

async fn cloud() -> Cloud {
    let cloud = Cloud::start().await;
    cloud.put("web", "v1", Made::new("web", Key::P256));
    cloud
}

fn key_vault() -> CredentialDescription {
    entry(SourceType::KEY_VAULT)
}

#[tokio::test]
async fn the_managed_identity_of_app_service_is_asked_for_the_vaults_resource() {
    let cloud = cloud().await;
    cloud.edit(|state| state.identities = vec![String::new(), "mi-user-id".to_owned()]);
    let endpoint = format!("{}/msi/token", cloud.platform());
    let world = cloud.world(&[("IDENTITY_ENDPOINT", &endpoint), ("IDENTITY_HEADER", "hdr")]);
    let entry = bind(&source(), key_vault().with("ManagedIdentityClientId", "mi-user-id"));
    load(&entry, &world, None).await.unwrap();
    let asked = cloud.edit(|state| state.requests.iter().find(|one| one.path == "/msi/token").cloned()).unwrap();
    assert_eq!(asked.text, "api-version=2019-08-01&resource=https%3A%2F%2Fvault.azure.net&client_id=mi-user-id");
    let error =
        load(&bind(&source(), key_vault().with("ManagedIdentityClientId", "other")), &world, None).await.unwrap_err();
    assert_eq!(error.code(), "managed-identity-not-assigned");
}

#[tokio::test]
async fn the_metadata_service_is_probed_once() {
    let cloud = cloud().await;
    cloud.edit(|state| (state.identities, state.token_life) = (vec![String::new()], 1));
    let (world, source) = (cloud.world(&[]), source());
    load(&bind(&source, key_vault()), &world, None).await.unwrap();
    let place = "/metadata/identity/oauth2/token";
    let asked = cloud.asked();
    assert_eq!(asked[1..3], [format!("GET {place} 400"), format!("GET {place} 200")], "{asked:?}");
}

#[tokio::test]
async fn an_absent_managed_identity_costs_two_seconds_once() {
    let cloud = cloud().await;
    let slow = Fault::new("/metadata/identity", Action::Slow(Duration::from_secs(600)));
    cloud.edit(|state| state.faults.push(slow));
    let (world, entry) = (cloud.world(&[]), bind(&source(), key_vault()));
    let start = Instant::now();
    let error = load(&entry, &world, None).await.unwrap_err();
    assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
    assert_eq!(error.code(), "vault-no-identity");
    for part in
        ["Environment: AZURE_CLIENT_ID and AZURE_TENANT_ID not set", "WorkloadIdentity", "ManagedIdentity", "AzureCli"]
    {
        assert!(error.to_string().contains(part), "{error}");
    }
    let start = Instant::now();
    load(&entry, &world, None).await.unwrap_err();
    assert!(start.elapsed() < Duration::from_millis(500), "remembered: {:?}", start.elapsed());
}

#[tokio::test]
async fn a_projected_token_is_presented_as_it_is() {
    let cloud = cloud().await;
    cloud.edit(|state| state.applications = vec![("kvapp".to_owned(), String::new())]);
    let files = FakeFiles::default();
    let token = projected_token();
    files.write("/run/token", format!("{token}\n"));
    let variables =
        [("AZURE_FEDERATED_TOKEN_FILE", "/run/token"), ("AZURE_CLIENT_ID", "kvapp"), ("AZURE_TENANT_ID", "kvtenant")];
    let world = cloud.world(&variables).with_files(Arc::new(files));
    load(&bind(&source(), key_vault()), &world, None).await.unwrap();
    let body = cloud.edit(|state| state.requests.iter().find(|one| one.method == "POST").cloned()).unwrap().text;
    assert!(body.contains(&format!("client_assertion={token}")), "{body}");
}

#[tokio::test]
async fn a_certificate_from_the_environment_signs_an_assertion_for_the_vaults_tenant() {
    let cloud = cloud().await;
    let world = with_certificate(&cloud, Key::Rsa, &[]);
    load(&bind(&source(), key_vault()), &world, None).await.unwrap();
    let [header, claims] = presented(&cloud);
    assert_eq!(header["alg"], "PS256");
    assert_eq!(claims["aud"], "https://login.microsoftonline.com/kvtenant/oauth2/v2.0/token");
    assert!(header["x5c"].is_null(), "{header}");
}

/// Header and claims of the assertion that the authority was sent.
fn presented(cloud: &Cloud) -> [serde_json::Value; 2] {
    use base64::Engine;
    let body = cloud.edit(|state| state.requests.iter().find(|one| one.method == "POST").cloned()).unwrap().text;
    let assertion = body.split('&').find_map(|pair| pair.strip_prefix("client_assertion=")).unwrap().to_owned();
    [0, 1].map(|nth| {
        let part = assertion.split('.').nth(nth).unwrap();
        let json = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(part).unwrap();
        serde_json::from_slice(&json).unwrap()
    })
}

/// A world whose environment names the certificate `/run/app.pem`.
fn with_certificate(cloud: &Cloud, key: Key, more: &[(&str, &str)]) -> World {
    cloud.edit(|state| state.applications = vec![("kvapp".to_owned(), String::new())]);
    let files = FakeFiles::default();
    files.write("/run/app.pem", Made::new("reader", key).pem());
    let named = [
        ("AZURE_CLIENT_CERTIFICATE_PATH", "/run/app.pem"),
        ("AZURE_CLIENT_ID", "kvapp"),
        ("AZURE_TENANT_ID", "kvtenant"),
    ];
    cloud.world(&[&named, more].concat()).with_files(Arc::new(files))
}

#[tokio::test]
async fn a_certificate_from_the_environment_is_sent_with_its_chain_where_that_is_asked_for() {
    let cloud = cloud().await;
    let world = with_certificate(&cloud, Key::Rsa, &[("AZURE_CLIENT_SEND_CERTIFICATE_CHAIN", "true")]);
    load(&bind(&source(), key_vault()), &world, None).await.unwrap();
    let [header, _] = presented(&cloud);
    assert_eq!(header["x5c"].as_array().map(Vec::len), Some(1), "{header}");
}

#[tokio::test]
async fn a_key_that_the_authority_takes_from_nobody_is_told_here_and_sent_nowhere() {
    let cloud = cloud().await;
    let world = with_certificate(&cloud, Key::P256, &[]);
    let error = load(&bind(&source(), key_vault()), &world, None).await.unwrap_err();
    assert_eq!(error.code(), "key-type-not-accepted", "{error}");
    assert_eq!(error.origin(), Some(&Origin::environment("AZURE_CLIENT_CERTIFICATE_PATH")));
    assert_eq!(cloud.asked(), ["GET /certificates/web 401"]);
}

#[tokio::test]
async fn loads_at_the_same_time_share_one_exchange() {
    let cloud = cloud().await;
    let (world, entry) = (cloud.world(&Cloud::reader()), bind(&source(), key_vault()));
    let (one, other) = tokio::join!(load(&entry, &world, None), load(&entry, &world, None));
    assert!(one.is_ok() && other.is_ok(), "{one:?} {other:?}");
    let asked = cloud.asked();
    assert_eq!(asked.iter().filter(|line| line.starts_with("POST")).count(), 1, "{asked:?}");
}

#[tokio::test]
async fn a_secret_that_the_authority_refused_for_good_is_not_sent_again_and_again() {
    let cloud = cloud().await;
    let variables =
        [("AZURE_TENANT_ID", "kvtenant"), ("AZURE_CLIENT_ID", "kvapp"), ("AZURE_CLIENT_SECRET", "wrong-s3cret")];
    let (world, entry) = (cloud.world(&variables), bind(&source(), key_vault()));
    for sent in [1, 0, 0] {
        let error = load(&entry, &world, None).await.unwrap_err();
        assert_eq!(error.code(), "vault-identity-refused", "{error}");
        let asked = cloud.asked();
        assert_eq!(asked.iter().filter(|line| line.starts_with("POST")).count(), sent, "{asked:?}");
    }
}

#[tokio::test]
async fn a_refused_reader_is_named_with_both_tenants() {
    let cloud = cloud().await;
    cloud.edit(|state| state.tenant = "othertenant".to_owned());
    let world = cloud.world(&[
        ("AZURE_TENANT_ID", "kvtenant"),
        ("AZURE_CLIENT_ID", "kvapp"),
        ("AZURE_CLIENT_SECRET", "wrong-s3cret"),
    ]);
    let error = load(&bind(&source(), key_vault()), &world, None).await.unwrap_err();
    assert_eq!(error.code(), "vault-identity-refused");
    let all = format!("{error} {:?}", error.finding());
    for part in ["AADSTS7000215", "kvapp", "othertenant", "AZURE_TENANT_ID is kvtenant"] {
        assert!(all.contains(part), "{all}");
    }
    assert!(!all.contains("wrong-s3cret") && !format!("{error:?}").contains("wrong-s3cret"));
}

#[tokio::test]
async fn what_an_authority_repeats_of_a_readers_secret_is_not_shown() {
    let cloud = cloud().await;
    let body = r#"{"error": "invalid_client", "error_description": "AADSTS7000215: wrong-s3cret is no secret"}"#;
    let repeats = Fault::new("POST login", Action::Status(401, body.to_owned(), Vec::new()));
    cloud.edit(|state| state.faults.push(repeats));
    let world = cloud.world(&[
        ("AZURE_TENANT_ID", "kvtenant"),
        ("AZURE_CLIENT_ID", "kvapp"),
        ("AZURE_CLIENT_SECRET", "wrong-s3cret"),
    ]);
    let error = load(&bind(&source(), key_vault()), &world, None).await.unwrap_err();
    assert!(error.to_string().contains("*** is no secret"), "{error}");
    assert!(!format!("{error} {error:?} {:?}", error.finding()).contains("wrong-s3cret"), "{error:?}");
}

/// Exchanges an entry for a token that the vault knows.
#[derive(Debug)]
struct Exchange;

impl TokenProviders for Exchange {
    fn provider(&self, _chain: CredentialChain) -> Arc<dyn TokenProvider> {
        Arc::new(Self)
    }
}

#[async_trait]
impl TokenProvider for Exchange {
    async fn token(&self, request: &TokenFor<'_>) -> Result<ProvidedToken, SourceError> {
        assert_eq!(request.authority, Some("https://login.microsoftonline.com/kvtenant"));
        assert_eq!((request.tenant, request.scope), (Some("kvtenant"), "https://vault.azure.net/.default"));
        let token = format!("token-of-{}", request.client_id.unwrap());
        Ok(ProvidedToken::new(token, SystemTime::now() + Duration::from_secs(3600)))
    }
}

#[tokio::test]
async fn another_entry_of_a_list_reads_the_vault() {
    let cloud = cloud().await;
    cloud.edit(|state| state.tokens = vec!["token-of-app1".to_owned(), "token-of-reader".to_owned()]);
    let inner = |secret: Option<&str>| {
        let mut entries = vec![Entry::text("SourceType", "ClientSecret", Origin::Code)];
        entries.extend(secret.map(|secret| Entry::text("ClientSecret", secret, Origin::Code)));
        key_vault().with_entry(Entry::map("Credential", entries, Origin::Code))
    };
    let registry = registry(&source());
    let world = cloud.world(&[]);
    let binding = || Binding::new(world.clone()).application(application()).tokens(&Exchange);
    let deadline = world.clock.moment().after(Duration::from_secs(30));
    for entry in [inner(Some("s")), inner(Some("s")).with("CredentialClientId", "reader")] {
        registry.bind(vec![entry], binding()).unwrap().load(0, deadline).await.unwrap();
    }
    assert!(registry.bind(vec![inner(None)], binding()).is_err());
    let without = registry.bind(vec![inner(Some("s"))], world.clone()).unwrap();
    assert_eq!(without.load(0, deadline).await.unwrap_err().code(), "no-token-engine");
}

/// A credential that the program made itself.
#[derive(Debug)]
struct Given;

#[async_trait]
impl azure_core::credentials::TokenCredential for Given {
    async fn get_token(
        &self,
        _scopes: &[&str],
        _options: Option<azure_core::credentials::TokenRequestOptions<'_>>,
    ) -> azure_core::Result<azure_core::credentials::AccessToken> {
        let end = azure_core::time::OffsetDateTime::from_unix_timestamp(4_000_000_000).unwrap();
        Ok(azure_core::credentials::AccessToken::new("token-of-program", end))
    }
}

#[tokio::test]
async fn the_programs_own_credential_goes_before_the_environment() {
    let cloud = cloud().await;
    cloud.edit(|state| state.tokens.push("token-of-program".to_owned()));
    let source: Arc<dyn CredentialSource> = KeyVaultSources::new().credential(Arc::new(Given)).build().swap_remove(0);
    load(&bind(&source, key_vault()), &cloud.world(&Cloud::reader()), None).await.unwrap();
    assert!(cloud.asked().iter().all(|line| !line.contains("/oauth2/")));
}
