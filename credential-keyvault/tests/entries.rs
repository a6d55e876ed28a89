//! Entries of the vault sources: who reads the vault for them, and what each remembers.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests fail by panicking")]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use credential_core::registry::{AbsentSource, Binding};
use credential_core::source::{Entry, Origin};
use credential_core::testing::{FakeWorld, application};
use credential_core::tokens::{ProvidedToken, TokenFor, TokenProvider, TokenProviders};
use credential_core::world::HttpResponse;
use credential_core::{
    CredentialChain, CredentialDescription, SourceError, SourceErrorKind, SourceRegistry, SourceType,
};
use credential_keyvault::sources;

const CHALLENGE: &str =
    r#"Bearer authorization="https://login.microsoftonline.com/kvtenant", resource="https://vault.azure.net""#;

fn registry() -> SourceRegistry {
    let mut registry = SourceRegistry::new();
    sources().into_iter().chain(credential_secret::sources()).for_each(|source| registry.register(source));
    registry
}

/// An entry whose vault another entry reads.
fn entry(place: usize) -> CredentialDescription {
    let inner = vec![
        Entry::text("SourceType", "ClientSecret", Origin::Code),
        Entry::text("ClientSecret", "hunter2", Origin::Code),
    ];
    CredentialDescription::new("KeyVault")
        .at(format!("AzureAd:ClientCredentials:{place}"), Origin::file("a.json", 4, 5))
        .with("KeyVaultUrl", "https://v.vault.azure.net/certificates/web")
        .with_entry(Entry::map("Credential", inner, Origin::file("a.json", 7, 20)))
}

/// Gives tokens, and notes what for.
#[derive(Clone, Debug, Default)]
struct Engine(Arc<Mutex<Vec<String>>>);

impl TokenProviders for Engine {
    fn provider(&self, _chain: CredentialChain) -> Arc<dyn TokenProvider> {
        Arc::new(self.clone())
    }
}

#[async_trait]
impl TokenProvider for Engine {
    async fn token(&self, request: &TokenFor<'_>) -> Result<ProvidedToken, SourceError> {
        let [authority, tenant, client_id] = [request.authority, request.tenant, request.client_id].map(Option::unwrap);
        let asked = format!("{authority} {tenant} {} {client_id}", request.scope);
        let mut list = self.0.lock().unwrap();
        list.push(asked);
        Ok(ProvidedToken::new(format!("token-{}", list.len()), request.world.clock.now() + Duration::from_secs(3600)))
    }
}

fn challenged(world: &FakeWorld) {
    let headers = vec![("WWW-Authenticate".to_owned(), CHALLENGE.to_owned())];
    world.http.reply(Ok(HttpResponse::new(401, headers, "")));
}

fn refused(world: &FakeWorld) {
    world.http.answer(403, r#"{"error":{"code":"Forbidden","message":"no","innererror":{"code":"ForbiddenByRbac"}}}"#);
}

/// The tokens that requests carried since the last look; empty for a request without one.
fn sent(world: &FakeWorld, before: &mut usize) -> Vec<String> {
    let requests = world.http.requests();
    let new = requests[*before..].iter().map(|request| {
        let header = request.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("authorization"));
        header.map(|(_, value)| value.expose().trim_start_matches("Bearer ").to_owned()).unwrap_or_default()
    });
    let new = new.collect();
    *before = requests.len();
    new
}

async fn load(chain: &CredentialChain, index: usize) -> SourceError {
    let deadline = chain.world().clock.moment().after(Duration::from_secs(10));
    chain.load(index, deadline).await.unwrap_err()
}

/// The challenge and the token of an entry are its own, and are kept from one load to the next.
#[tokio::test]
async fn each_entry_has_what_it_remembers_to_itself() {
    let (world, engine) = (FakeWorld::new(), Engine::default());
    let binding = Binding::new(world.world()).application(application()).tokens(&engine);
    let chain = registry().bind(vec![entry(0), entry(1)], binding).unwrap();
    let mut seen = 0;
    for (index, token) in [(0, "token-1"), (1, "token-2")] {
        challenged(&world);
        refused(&world);
        let error = load(&chain, index).await;
        assert_eq!((error.kind(), error.code()), (SourceErrorKind::Denied, "vault-forbidden-by-role"), "{error}");
        let path = format!("AzureAd:ClientCredentials:{index}:KeyVaultUrl");
        assert_eq!(error.path(), Some(path.as_str()));
        assert_eq!(sent(&world, &mut seen), ["", token]);
    }
    for (index, token) in [(0, "token-1"), (1, "token-2")] {
        refused(&world);
        let error = load(&chain, index).await;
        assert!(error.to_string().contains("application app1 with ClientSecret in tenant kvtenant"), "{error}");
        assert_eq!(sent(&world, &mut seen), [token]);
    }
    let asked = "https://login.microsoftonline.com/kvtenant kvtenant https://vault.azure.net/.default app1";
    assert_eq!(*engine.0.lock().unwrap(), [asked, asked]);
}

/// It may have been revoked, or the vault belongs to another tenant by now.
#[tokio::test]
async fn a_kept_token_that_the_vault_refuses_is_replaced_by_another_one() {
    let (world, engine) = (FakeWorld::new(), Engine::default());
    let binding = Binding::new(world.world()).application(application()).tokens(&engine);
    let chain = registry().bind(vec![entry(0)], binding).unwrap();
    let mut seen = 0;
    challenged(&world);
    refused(&world);
    load(&chain, 0).await;
    assert_eq!(sent(&world, &mut seen), ["", "token-1"]);
    world.http.answer(401, "");
    challenged(&world);
    refused(&world);
    load(&chain, 0).await;
    assert_eq!(sent(&world, &mut seen), ["token-1", "", "token-2"]);
}

#[tokio::test]
async fn another_client_than_the_application_can_read_the_vault() {
    let (world, engine) = (FakeWorld::new(), Engine::default());
    let binding = Binding::new(world.world()).application(application()).tokens(&engine);
    let chain = registry().bind(vec![entry(0).with("CredentialClientId", "reader")], binding).unwrap();
    challenged(&world);
    refused(&world);
    load(&chain, 0).await;
    assert!(engine.0.lock().unwrap()[0].ends_with(" reader"));
}

#[tokio::test]
async fn without_anybody_who_exchanges_it_binds_and_loading_says_why_there_is_no_token() {
    let world = FakeWorld::new();
    let chain = registry().bind(vec![entry(0)], world.world()).unwrap();
    challenged(&world);
    let error = load(&chain, 0).await;
    assert_eq!((error.kind(), error.code()), (SourceErrorKind::NotApplicable, "no-token-engine"), "{error}");
    assert_eq!(error.path(), Some("AzureAd:ClientCredentials:0:Credential"));
    assert_eq!(error.origin(), Some(&Origin::file("a.json", 7, 20)));
}

#[test]
fn what_is_wrong_with_the_nested_entry_is_said_with_its_place() {
    let inner = vec![Entry::text("SourceType", "ClientSecret", Origin::Code)];
    let bad = entry(0).with_entry(Entry::map("Credential", inner, Origin::file("a.json", 7, 20)));
    let error = registry().bind(vec![bad], FakeWorld::new().world()).unwrap_err();
    assert!(error.to_string().contains("AzureAd:ClientCredentials:0:Credential"), "{error}");
    assert!(error.to_string().contains("a.json:7:20"), "{error}");
}

/// An entry that leaves to the environment who reads its vault.
fn open_entry() -> CredentialDescription {
    CredentialDescription::new("KeyVault")
        .at("AzureAd:ClientCredentials:0", Origin::file("a.json", 4, 5))
        .with("KeyVaultUrl", "https://v.vault.azure.net/certificates/web")
}

/// A world with a service principal in its environment.
fn with_secret() -> FakeWorld {
    let world = FakeWorld::new();
    for (name, value) in
        [("AZURE_CLIENT_ID", "kvapp"), ("AZURE_TENANT_ID", "kvtenant"), ("AZURE_CLIENT_SECRET", "hunter2")]
    {
        world.environment.set(name, value);
    }
    world
}

#[tokio::test]
async fn the_environments_application_is_exchanged_by_whoever_exchanges_written_entries() {
    let (world, engine) = (with_secret(), Engine::default());
    let binding = Binding::new(world.world()).application(application()).tokens(&engine);
    let chain = registry().bind(vec![open_entry()], binding).unwrap();
    let mut seen = 0;
    challenged(&world);
    refused(&world);
    let error = load(&chain, 0).await;
    assert!(error.to_string().contains("application kvapp with its secret in tenant kvtenant"), "{error}");
    assert_eq!(sent(&world, &mut seen), ["", "token-1"]);
    let asked = "https://login.microsoftonline.com/kvtenant kvtenant https://vault.azure.net/.default kvapp";
    assert_eq!(*engine.0.lock().unwrap(), [asked]);
}

#[tokio::test]
async fn what_the_environment_needs_and_this_build_lacks_is_no_finding_and_is_named_when_it_is_looked_for() {
    let (world, engine) = (with_secret(), Engine::default());
    let mut registry = SourceRegistry::new();
    sources().into_iter().for_each(|source| registry.register(source));
    registry.note_absent(AbsentSource {
        source_type: SourceType::CLIENT_SECRET,
        crate_name: "credential-secret",
        feature: Some("secret"),
        remedy: None,
    });
    let binding = Binding::new(world.world()).application(application()).tokens(&engine);
    let chain = registry.bind(vec![open_entry().with("Credential", "Environment")], binding).unwrap();
    assert!(chain.findings().is_empty(), "{:?}", chain.findings());
    challenged(&world);
    let error = load(&chain, 0).await;
    assert_eq!((error.kind(), error.code()), (SourceErrorKind::NotApplicable, "environment-source-absent"), "{error}");
    for part in ["AZURE_CLIENT_SECRET", "ClientSecret", "feature \"secret\""] {
        assert!(error.to_string().contains(part), "{error}");
    }
    assert_eq!(error.origin(), Some(&Origin::environment("AZURE_CLIENT_SECRET")));
}
