//! Sources, signers, providers and callers of a program that panic, hang or ask for what cannot be.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use credential_core::credential::{
    Assertion, AssertionProvider, AssertionRequest, CertificateFacts, Signer, SigningAlgorithm, SigningRequest,
};
use credential_core::registry::{Binding, MAX_CREDENTIALS};
use credential_core::testing::{FakeReply, FakeWorld, FixedSource};
use credential_core::world::{BodyStream, HttpError, HttpRequest, HttpResponse, SystemClock};
use credential_core::{
    Credential, CredentialDescription, CredentialLoader, Finding, LoadRequest, Secret, SourceError, SourceRegistry,
};
use token_client::settings::{Configuration, DownstreamOptions, Location};
use token_client::store::{RedisStore, SealingKeys};
use token_client::{
    ConfigurationError, DownstreamCall, DownstreamError, DownstreamResponse, ManagedIdentityId, StreamBody,
    TokenClient, TokenClientBuilder, TokenRequest,
};

use crate::given::hurry;
use crate::shown::Row;

const PATIENCE: Duration = Duration::from_millis(300);

/// A loader, signer and provider that gives what it is told to.
#[derive(Clone, Debug)]
enum Bad {
    Panics,
    Hangs,
    Gives(usize),
}

impl Bad {
    async fn fail<T>(&self) -> T {
        match self {
            // Without the hook, which takes longer than the patience where it prints where that was.
            Self::Panics => std::panic::resume_unwind(Box::new("the program's own mistake")),
            _ => std::future::pending().await,
        }
    }
}

#[async_trait]
impl CredentialLoader for Bad {
    async fn load(&self, _: &LoadRequest<'_>) -> Result<Credential, SourceError> {
        self.fail().await
    }
}

#[async_trait]
impl Signer for Bad {
    fn algorithms(&self) -> &[SigningAlgorithm] {
        &[SigningAlgorithm::Ps256]
    }

    async fn sign(&self, _: SigningRequest<'_>) -> Result<Vec<u8>, SourceError> {
        self.fail().await
    }
}

#[async_trait]
impl AssertionProvider for Bad {
    async fn assertion(&self, _: &AssertionRequest<'_>) -> Result<Assertion, SourceError> {
        match self {
            Self::Gives(length) => Ok(Assertion::new("x".repeat(*length), None)),
            _ => self.fail().await,
        }
    }
}

fn builder(credentials: &str) -> TokenClientBuilder {
    let settings = format!(
        r#"{{"AzureAd": {{"Instance": "https://login.microsoftonline.com/", "TenantId": "contoso.com",
           "ClientId": "8c2b7a54-53c6-4d0e-8f0e-1c7a9b3d5e6f", "ClientCredentials": [{credentials}]}}}}"#
    );
    let configuration = Configuration::from_json(&settings, &Location::default(), &BTreeMap::new());
    let world = FakeWorld::new().world().with_clock(Arc::new(SystemClock::default()));
    TokenClient::builder().configuration(configuration).world(world).patience(PATIENCE)
}

async fn token(builder: TokenClientBuilder) -> Vec<Finding> {
    let client = match builder.build().await {
        Ok(client) => client,
        Err(error) => return error.findings().to_vec(),
    };
    let error = client.token(&TokenRequest::app("api://demo/.default")).await.unwrap_err();
    client.configuration().findings.iter().chain(error.findings()).cloned().collect()
}

fn signed_by(signer: Bad) -> Credential {
    let now = std::time::SystemTime::UNIX_EPOCH;
    let facts = CertificateFacts::new([1; 20], [1; 32], now, now + Duration::from_secs(4_000_000_000));
    Credential::certificate("own", vec![vec![1]], facts, Arc::new(signer))
}

const OWN: &str = r#"{"SourceType": "Own"}"#;
const CUSTOM: &str = r#"{"SourceType": "CustomSignedAssertion", "CustomSignedAssertionProviderName": "own"}"#;

pub(crate) async fn rows() -> Vec<Row> {
    let mut rows = Vec::new();
    for (code, source) in [
        ("source-panicked", FixedSource::loaded_by("Own", Arc::new(Bad::Panics))),
        ("deadline", FixedSource::loaded_by("Own", Arc::new(Bad::Hangs))),
        ("signer-panicked", FixedSource::new("Own", Ok(signed_by(Bad::Panics)))),
        ("signer-timeout", FixedSource::new("Own", Ok(signed_by(Bad::Hangs)))),
    ] {
        rows.push(Row::of(code, "a source of the program's own", token(builder(OWN).source(source)).await));
    }
    let world = FakeWorld::new();
    let slow = builder(OWN).source(FixedSource::loaded_by("Own", Arc::new(Bad::Hangs)));
    let slow = slow.world(world.world()).patience(Duration::from_secs(600));
    let found = tokio::select! { found = token(slow) => found, () = hurry(&world) => unreachable!() };
    rows.push(Row::of("load-timeout", "a source of the program's own that hangs", found));
    for (code, provider) in [
        ("provider-panicked", Bad::Panics),
        ("provider-timeout", Bad::Hangs),
        ("empty-assertion", Bad::Gives(0)),
        ("assertion-too-large", Bad::Gives(70_000)),
    ] {
        let found = token(builder(CUSTOM).assertion_provider("own", provider)).await;
        rows.push(Row::of(code, CUSTOM, found));
    }
    let with_data = CUSTOM.replace('}', r#", "CustomSignedAssertionProviderData": {"Role": "a"}}"#);
    let found = token(builder(&with_data).assertion_provider("own", Bad::Gives(0))).await;
    rows.push(Row::of("provider-data-ignored", with_data, found));
    let elsewhere = credential_federated::CustomSignedAssertionSource::new().for_other_programs();
    rows.push(Row::of("provider-elsewhere", CUSTOM, token(builder(CUSTOM).source(elsewhere)).await));
    rows.extend(of_calls().await);
    rows.extend(of_an_api().await);
    rows.extend(of_shared_cache());
    rows.extend(of_registry());
    rows
}

/// What a program asks for that cannot be.
async fn of_calls() -> Vec<Row> {
    let secret = r#"{"SourceType": "ClientSecret", "ClientSecret": "s3cret"}"#;
    let api =
        DownstreamOptions::builder().base_url("https://stock.contoso.com/").scopes(["api://s/.default"]).app_token();
    let client = builder(secret).downstream("Stock", api).build().await.unwrap();
    let reload = client.reload().await.unwrap_err();
    let body = DownstreamCall::new().json(&BTreeMap::from([(vec![1], 1)])).unwrap_err();
    vec![
        Row::of("nothing-to-reload", "reload() of a configuration that the program gave", reload.findings().to_vec()),
        Row::of("body-not-json", "json(..) of a map whose keys are no text", body.findings().to_vec()),
    ]
}

/// Calls of an API that is there, with something that cannot be; the client is shut down at the end.
async fn of_an_api() -> Vec<Row> {
    let world = FakeWorld::new();
    let token = r#"{"access_token": "t", "token_type": "Bearer", "expires_in": 3599}"#;
    let answers = |status: u16, body: &str| FakeReply::Answer(HttpResponse::new(status, Vec::new(), body));
    world.http.on("POST", "https://login.microsoftonline.com/contoso.com", answers(200, token));
    world.http.on("GET", "https://stock.contoso.com/", answers(204, ""));
    world.http.on("POST", "https://stock.contoso.com/", answers(200, "{}"));
    let secret = r#"{"SourceType": "ClientSecret", "ClientSecret": "s3cret"}"#;
    let section =
        DownstreamOptions::builder().base_url("https://stock.contoso.com/").scopes(["api://s/.default"]).app_token();
    let client = builder(secret).world(world.world()).downstream("Stock", section).build().await.unwrap();
    let api = client.downstream("Stock").unwrap();
    let found = |result: Result<DownstreamResponse, DownstreamError>| result.unwrap_err().findings().to_vec();
    let empty = api.get::<Vec<i32>>("items").await.unwrap_err();
    let claims = api.call(DownstreamCall::new().claims("nonsense")).await;
    let hook = |request: &mut HttpRequest| request.url = "https://other.contoso.com/".to_owned();
    let hook = api.call(DownstreamCall::new().before_token(hook)).await;
    let stream = DownstreamCall::new().method("POST").stream(StreamBody::new(Nothing));
    drop(api.call(stream.clone()).await);
    let stream = api.call(stream).await;
    let user = TokenRequest::on_behalf_of("e30.e30.c2ln", ["api://s/.default"]);
    let user = client.token(&user.managed_identity(ManagedIdentityId::SystemAssigned)).await.unwrap_err();
    client.shutdown(PATIENCE).await;
    let ended = client.token(&TokenRequest::app("api://demo/.default")).await.unwrap_err();
    vec![
        Row::of("answer-empty", "get::<Vec<i32>>(..), and the API answers 204", empty.findings().to_vec()),
        Row::of("bad-claims", "a call with claims(\"nonsense\")", found(claims)),
        Row::of("bad-hook", "a call with before_token(..) that changes the host", found(hook)),
        Row::of("body-sent-already", "two calls with one StreamBody::new(..)", found(stream)),
        Row::of("managed-identity-for-user", "on_behalf_of(..).managed_identity(..)", user.findings().to_vec()),
        Row::of("client-shut-down", "token(..) after shutdown(..)", ended.findings().to_vec()),
    ]
}

/// A body of no pieces.
struct Nothing;

#[async_trait]
impl BodyStream for Nothing {
    async fn next(&mut self) -> Option<Result<Vec<u8>, HttpError>> {
        None
    }
}

/// What a shared cache is not made of.
fn of_shared_cache() -> Vec<Row> {
    let of = |error: ConfigurationError| error.findings().to_vec();
    let missing = SealingKeys::parse(&Secret::new(" ")).unwrap_err();
    let short = SealingKeys::new("k1", "czNjcmV0").unwrap_err();
    let address = RedisStore::at("redis.contoso.com s3cret").build().unwrap_err();
    vec![
        Row::of("missing-sealing-keys", "SealingKeys::parse of a blank text", of(missing)),
        Row::of("bad-sealing-key", "SealingKeys::new with a key of a few bytes", of(short)),
        Row::of("bad-redis-address", "RedisStore::at with no address", of(address)),
    ]
}

/// What a bare registry says.
fn of_registry() -> Vec<Row> {
    let many = vec![CredentialDescription::new("Own"); MAX_CREDENTIALS + 1];
    let binding = Binding::new(FakeWorld::new().world());
    let error = SourceRegistry::new().bind(many, binding).unwrap_err();
    let own = SourceRegistry::new().with(FixedSource::loaded_by("Fixed", Arc::new(Bad::Hangs)));
    let tokens = own.tokens(&CredentialDescription::new("Fixed"), FakeWorld::new().world()).unwrap_err();
    vec![
        Row::of("too-many-credentials", "a list of 1025 entries", error.findings().to_vec()),
        Row::of("no-tokens-of-source", "tokens(..) of a source that has none", tokens.findings().to_vec()),
    ]
}
