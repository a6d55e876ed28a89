//! What a client says of itself, and the health check that is made of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use credential_core::testing::{FakeReply, FakeWorld, FixedSource};
use credential_core::world::{Clock, HttpErrorKind, HttpRequest, HttpResponse};
use credential_core::{Credential, CredentialLoader, LoadRequest, SourceError, async_trait};
use token_client::store::{FakeStore, SealingKeys, SharedCache, StoreFault};
use token_client::{Health, TokenClient, TokenClientBuilder, TokenRequest};

const AUTHORITY: &str = "https://login.microsoftonline.com/";
const SETTINGS: &str = r#"{"AzureAd": {
    "Instance": "https://login.microsoftonline.com/", "TenantId": "contoso.example", "ClientId": "app1",
    "ClientCredentials": [
        {"SourceType": "ClientSecret", "ClientSecretDiskPath": "secret.txt"},
        {"SourceType": "ClientSecret", "ClientSecret": "s3cret-behind-it"}]},
  "Other": {
    "Instance": "https://login.microsoftonline.com/", "TenantId": "contoso.example", "ClientId": "app2",
    "ClientCredentials": [{"SourceType": "ClientSecret", "ClientSecret": "s3cret-of-the-other"}]}}"#;

fn builder(world: &FakeWorld) -> TokenClientBuilder {
    world.files.write("appsettings.json", SETTINGS);
    TokenClient::builder().world(world.world())
}

fn answer(world: &FakeWorld, status: u16, body: &'static str) {
    world.http.on("POST", AUTHORITY, FakeReply::Answer(HttpResponse::new(status, Vec::new(), body)));
}

const TOKEN: &str = r#"{"token_type":"Bearer","access_token":"t0ken","expires_in":3600}"#;
const WRONG_SECRET: &str =
    r#"{"error":"invalid_client","error_description":"AADSTS7000215: Invalid client secret.","error_codes":[7000215]}"#;

fn request() -> TokenRequest {
    TokenRequest::app("api://a/.default").force_refresh()
}

/// What becomes of a request while time goes on.
async fn ask(client: &TokenClient, world: &FakeWorld) -> Result<(), token_client::TokenError> {
    let request = request();
    let mut asking = std::pin::pin!(client.token(&request));
    loop {
        tokio::select! {
            biased;
            ended = &mut asking => return ended.map(drop),
            () = tokio::task::yield_now() => world.clock.advance(Duration::from_millis(10)),
        }
    }
}

#[tokio::test]
async fn health_follows_what_happens() {
    let world = FakeWorld::new();
    world.files.write("secret.txt", "s3cret-in-front");
    answer(&world, 200, TOKEN);
    let client = builder(&world).build().await.unwrap();
    assert_eq!(client.status().health(), Health::Unknown);

    client.token(&request()).await.unwrap();
    let status = client.status();
    assert_eq!(status.health(), Health::Well);
    let in_use = status.in_use.as_ref().unwrap();
    assert_eq!((in_use.index, in_use.since), (0, world.clock.now()));
    assert_eq!((status.section.as_str(), status.client_id.as_str()), ("AzureAd", "app1"));

    world.http.on("POST", AUTHORITY, FakeReply::Fail(HttpErrorKind::Connect));
    world.clock.advance(Duration::from_secs(60));
    let began = world.clock.now();
    ask(&client, &world).await.unwrap_err();
    assert_eq!(client.status().health(), Health::Degraded, "the authority is out of reach");
    let since = client.status().failing.unwrap().since;
    assert!(since >= began);

    answer(&world, 401, WRONG_SECRET);
    world.clock.advance(Duration::from_secs(60));
    ask(&client, &world).await.unwrap_err();
    let status = client.status();
    assert_eq!(status.health(), Health::Failing);
    assert_eq!(status.failing.as_ref().unwrap().since, since);
    assert!(status.entries.iter().all(|entry| entry.refusal.is_some() && entry.left_alone_until.is_some()));
    let shown = format!("{status:?}");
    assert!(!shown.contains("s3cret") && !shown.contains("t0ken"), "{shown}");

    answer(&world, 200, TOKEN);
    world.clock.advance(Duration::from_secs(3600));
    ask(&client, &world).await.unwrap();
    let status = client.status();
    assert_ne!(status.health(), Health::Failing, "{status:?}");
    assert!(status.failing.is_none());
}

#[tokio::test]
async fn a_credential_in_front_that_fails_is_worth_a_look() {
    let world = FakeWorld::new();
    answer(&world, 200, TOKEN);
    let client = builder(&world).build().await.unwrap();
    client.token(&request()).await.unwrap();
    let status = client.status();
    assert_eq!(status.health(), Health::Degraded);
    assert_eq!(status.in_use.as_ref().unwrap().index, 1);
    assert!(status.entries[0].failure.is_some());
}

#[tokio::test]
async fn a_callers_own_mistake_says_nothing_of_the_client() {
    let world = FakeWorld::new();
    world.files.write("secret.txt", "s3cret-in-front");
    answer(&world, 200, TOKEN);
    let client = builder(&world).build().await.unwrap();
    client.token(&request()).await.unwrap();
    client.token(&TokenRequest::app("no resource")).await.unwrap_err();
    assert_eq!(client.status().health(), Health::Well);
}

#[tokio::test]
async fn a_shared_cache_in_trouble_is_worth_a_look() {
    let (world, store) = (FakeWorld::new(), FakeStore::new());
    world.files.write("secret.txt", "s3cret-in-front");
    answer(&world, 200, TOKEN);
    store.fault(StoreFault::Down);
    let keys = SealingKeys::new("k", "A".repeat(43)).unwrap();
    let client = builder(&world).shared_cache(SharedCache::new(store, keys)).build().await.unwrap();
    client.token(&TokenRequest::app("api://a/.default")).await.unwrap();
    let status = client.status();
    assert_eq!(status.health(), Health::Degraded);
    let shared = status.shared_cache.unwrap();
    assert!(shared.left_alone_until.is_some_and(|until| until > world.clock.now()));
    assert_eq!(shared.last_finding.unwrap().1.code, "shared-cache-unreachable");
}

#[tokio::test]
async fn clients_of_a_configuration_are_told_apart() {
    let world = FakeWorld::new();
    answer(&world, 200, TOKEN);
    let clients = builder(&world).build_clients().await.unwrap();
    assert!(clients.status().is_empty());
    clients.client("Other").unwrap().token(&request()).await.unwrap();
    clients.client("AzureAd").unwrap();
    let told: Vec<_> = clients.status().iter().map(|status| (status.section.clone(), status.health())).collect();
    assert_eq!(told, [("AzureAd".to_owned(), Health::Unknown), ("Other".to_owned(), Health::Well)]);
}

/// A client of one entry of its own source, with a credential that ends then.
fn given(world: &FakeWorld, ends_in: Option<Duration>) -> TokenClientBuilder {
    let settings = SETTINGS.replace(r#""ClientSecret", "ClientSecretDiskPath": "secret.txt"}"#, r#""Given"}"#);
    world.files.write("appsettings.json", settings);
    let credential = Credential::secret("given", "s3cret-given");
    let credential = match ends_in {
        Some(wait) => credential.with_expiry(world.clock.now() + wait),
        None => credential,
    };
    let builder = TokenClient::builder().world(world.world());
    builder.source(FixedSource::new("Given", Ok(credential)))
}

#[tokio::test]
async fn a_credential_in_use_that_ends_within_a_week_is_worth_a_look() {
    const DAY: Duration = Duration::from_secs(86_400);
    for (ends_in, health) in [(None, Health::Well), (Some(8 * DAY), Health::Well), (Some(6 * DAY), Health::Degraded)] {
        let world = FakeWorld::new();
        answer(&world, 200, TOKEN);
        let client = given(&world, ends_in).build().await.unwrap();
        client.token(&request()).await.unwrap();
        let status = client.status();
        assert_eq!(status.health(), health, "{ends_in:?}");
        assert_eq!(status.expires_on(), ends_in.map(|wait| world.clock.now() + wait));
    }
}

#[tokio::test]
async fn what_stands_in_front_counts_and_what_stands_behind_does_not() {
    let world = FakeWorld::new();
    let by_secret = |refused: &'static str| {
        let reply = FakeReply::by(move |request: &HttpRequest| {
            let carries = String::from_utf8_lossy(request.body.expose()).contains(refused);
            HttpResponse::new(if carries { 401 } else { 200 }, Vec::new(), if carries { WRONG_SECRET } else { TOKEN })
        });
        world.http.on("POST", AUTHORITY, reply);
    };
    let client = builder(&world).build().await.unwrap();
    world.files.write("secret.txt", "s3cret-in-front");
    by_secret("s3cret-in-front");
    ask(&client, &world).await.unwrap();
    let status = client.status();
    assert_eq!((status.health(), status.in_use.as_ref().unwrap().index), (Health::Degraded, 1));
    assert!(status.entries[0].refusal.is_some() && status.failing.is_none());

    by_secret("s3cret");
    world.clock.advance(Duration::from_secs(3600));
    ask(&client, &world).await.unwrap_err();
    by_secret("s3cret-behind-it");
    world.clock.advance(Duration::from_secs(3600));
    ask(&client, &world).await.unwrap();
    let status = client.status();
    assert!(status.entries[1].refusal.is_some(), "{status:?}");
    assert_eq!((status.health(), status.in_use.as_ref().unwrap().index), (Health::Well, 0));
}

/// A refusal that counts where it was said alone.
#[tokio::test]
async fn a_client_whose_every_entry_is_refused_fails_wherever_that_was() {
    let world = FakeWorld::new();
    world.files.write("secret.txt", "s3cret-in-front");
    answer(&world, 401, r#"{"error":"invalid_client","error_codes":[7000274]}"#);
    let client = builder(&world).build().await.unwrap();
    ask(&client, &world).await.unwrap_err();
    let status = client.status();
    assert!(status.entries.iter().all(|entry| entry.refusal.is_some() && !entry.refused_everywhere), "{status:?}");
    assert_eq!(status.health(), Health::Failing);
}

/// Gives its credential until it is away.
#[derive(Debug)]
struct Away(Credential, AtomicBool);

#[async_trait]
impl CredentialLoader for Away {
    async fn load(&self, _: &LoadRequest<'_>) -> Result<Credential, SourceError> {
        match self.1.load(Ordering::SeqCst) {
            true => Err(SourceError::transient("away", "it is away")),
            false => Ok(self.0.clone()),
        }
    }
}

#[tokio::test]
async fn a_credential_whose_source_is_away_stands_until_its_end() {
    const DAY: Duration = Duration::from_secs(86_400);
    let world = FakeWorld::new();
    answer(&world, 200, TOKEN);
    world.files.write(
        "appsettings.json",
        SETTINGS.replace(r#""ClientSecret", "ClientSecret": "s3cret-of-the-other""#, r#""Given""#),
    );
    let loader = Arc::new(Away(
        Credential::secret("given", "s3cret-given").with_expiry(world.clock.now() + 30 * DAY),
        AtomicBool::new(false),
    ));
    let source = FixedSource::loaded_by("Given", Arc::clone(&loader) as _);
    let builder = TokenClient::builder().world(world.world()).section("Other").source(source);
    let client = builder.build().await.unwrap();
    client.token(&request()).await.unwrap();
    assert_eq!(client.status().health(), Health::Well);
    loader.1.store(true, Ordering::SeqCst);
    world.clock.advance(DAY);
    let _ = ask(&client, &world).await;
    let status = client.status();
    assert!(status.entries[0].failure.is_some() && status.entries[0].credential.is_some(), "{status:?}");
    assert_eq!(status.health(), Health::Degraded);
    world.clock.advance(30 * DAY);
    assert_eq!(client.status().health(), Health::Failing);
}

#[tokio::test]
async fn a_refusal_of_one_tenant_fails_no_client_that_others_accept() {
    let world = FakeWorld::new();
    let reply = FakeReply::by(|request: &HttpRequest| match request.url.contains("/bad.example/") {
        true => HttpResponse::new(401, Vec::new(), r#"{"error":"invalid_client","error_codes":[7000274]}"#),
        false => HttpResponse::new(200, Vec::new(), TOKEN),
    });
    world.http.on("POST", AUTHORITY, reply);
    let client = builder(&world).section("Other").build().await.unwrap();
    client.token(&request().tenant("bad.example")).await.unwrap_err();
    assert_eq!(client.status().health(), Health::Failing);
    client.token(&request()).await.unwrap();
    let status = client.status();
    assert!(status.failing.is_none() && status.health() < Health::Failing, "{status:?}");
}

/// The first credential ends within a week and is refused, or accepted; the second lasts.
#[tokio::test]
async fn the_end_that_counts_is_that_of_the_credential_in_use() {
    const DAY: Duration = Duration::from_secs(86_400);
    for (refused, index, days) in [("s3cret-given", 1, 90), ("none of them", 0, 6)] {
        let world = FakeWorld::new();
        let reply = FakeReply::by(move |request: &HttpRequest| {
            let carries = String::from_utf8_lossy(request.body.expose()).contains(refused);
            HttpResponse::new(if carries { 401 } else { 200 }, Vec::new(), if carries { WRONG_SECRET } else { TOKEN })
        });
        world.http.on("POST", AUTHORITY, reply);
        let lasting = Credential::secret("lasting", "s3cret-lasting").with_expiry(world.clock.now() + 90 * DAY);
        let client = given(&world, Some(6 * DAY)).source(FixedSource::new("Lasting", Ok(lasting)));
        let settings = SETTINGS
            .replace(r#""ClientSecret", "ClientSecretDiskPath": "secret.txt"}"#, r#""Given"}"#)
            .replace(r#""ClientSecret", "ClientSecret": "s3cret-behind-it"}"#, r#""Lasting"}"#);
        world.files.write("appsettings.json", settings);
        let client = client.build().await.unwrap();
        ask(&client, &world).await.unwrap();
        let status = client.status();
        assert_eq!(status.in_use.as_ref().map(|in_use| in_use.index), Some(index), "{status:?}");
        let left = status.expires_on().unwrap().duration_since(world.clock.now()).unwrap();
        assert!(left <= days * DAY && left > (days - 1) * DAY, "{left:?}");
        assert_eq!(status.health(), Health::Degraded, "one is refused, or ends soon");
    }
}
