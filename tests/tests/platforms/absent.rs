//! How long it takes to know that no platform is there: every source of a list on a machine that has none. Whether a
//! platform is there is asked side by side.

use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use credential_core::chain::Outcome;
use credential_core::testing::{FakeReply, FakeWorld};
use credential_core::world::{Clock, HttpClient, HttpError, HttpErrorKind, HttpRequest, HttpResponse};
use token_client::{TokenClient, TokenRequest};

use super::{client, emulator};

/// The probes of the metadata services, one beside the other.
const GOAL: Duration = Duration::from_secs(2);
/// What a loaded machine takes beside them.
const LOAD: Duration = Duration::from_secs(1);

/// Each source type of a platform, as its entry is where nothing else need be said.
const LIST: &str = r#"
    {"SourceType": "SignedAssertionFilePath"},
    {"SourceType": "SignedAssertionFromManagedIdentity"},
    {"SourceType": "GitHubActions"},
    {"SourceType": "AzurePipelines"},
    {"SourceType": "GitLab"},
    {"SourceType": "GoogleCloud"},
    {"SourceType": "KubernetesTokenRequest"},
    {"SourceType": "HashiCorpVault", "VaultRole": "entra"},
    {"SourceType": "Aws"},
    {"SourceType": "Spiffe"},
    {"SourceType": "SignedAssertionFromHashiCorpVault", "VaultKeyName": "app", "CertificateDiskPath": "app.crt"},
    {"SourceType": "EnvironmentVariable", "VariableName": "TFC_WORKLOAD_IDENTITY_TOKEN"},
    {"SourceType": "HttpPost", "Url": "http://localhost/v1/tokens/oidc", "UnixSocket": "/.fly/api"},
    {"SourceType": "HttpGet", "Url": "https://tokens.example/$JOB"},
    {"SourceType": "Command", "Command": ["buildkite-agent", "oidc", "request-token"]},
    {"SourceType": "ClientSecret", "ClientSecret": "s3cret"}"#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[expect(clippy::disallowed_methods, reason = "real time is what is measured")]
async fn a_machine_without_any_is_known_in_about_two_seconds() {
    let emulator = emulator().await;
    let client = client(&emulator, LIST, &[]).await;
    let start = Instant::now();
    let token = client.token(&TokenRequest::app("api://demo/.default")).await.unwrap();
    let took = start.elapsed();
    println!("{} platforms are absent after {took:?}", token.attempts().len() - 1);
    assert!(token.attempts().len() == 16 && took < GOAL + LOAD, "{took:?}: {:?}", token.attempts());
}

/// Keeps to a request's time-out where an address leads nowhere.
#[derive(Debug)]
struct Quiet(FakeWorld);

#[async_trait]
impl HttpClient for Quiet {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        if request.url.starts_with("https:") {
            return self.0.http.send(request).await;
        }
        self.0.clock.sleep_until(self.0.clock.moment().after(request.timeout)).await;
        Err(HttpError::new(HttpErrorKind::Timeout, "it timed out"))
    }
}

/// Where the addresses of metadata services lead nowhere, and not even that is said.
#[tokio::test]
async fn metadata_services_that_stay_quiet_cost_two_seconds_together() {
    let fake = FakeWorld::new();
    let good = HttpResponse::new(200, Vec::new(), r#"{"access_token": "t", "expires_in": 3600}"#);
    fake.http.on("POST", "https://login.microsoftonline.com/", FakeReply::Answer(good));
    let settings = format!(
        r#"{{"AzureAd": {{"Instance": "https://login.microsoftonline.com/", "TenantId": "contoso.example",
            "ClientId": "app1", "ClientCredentials": [{LIST}]}}}}"#
    );
    fake.files.write("appsettings.json", settings);
    let client = TokenClient::builder()
        .file("appsettings.json")
        .world(fake.world().with_http(Arc::new(Quiet(fake.clone()))))
        .build()
        .await
        .unwrap();
    let request = TokenRequest::app("api://demo/.default");
    let token = in_time(&fake, client.token(&request)).await.unwrap();
    let took = fake.clock.moment().since(Default::default());
    let failed = token.attempts().iter().filter(|attempt| matches!(attempt.outcome, Outcome::Failed(_))).count();
    assert_eq!((token.attempts().len(), failed), (16, 15), "{:?}", token.attempts());
    assert!(Duration::from_secs(1) <= took && took <= GOAL, "{took:?}");
}

/// The work, while the fake clock goes on.
#[expect(clippy::disallowed_methods, reason = "lets other tasks run before time goes on")]
async fn in_time<T>(world: &FakeWorld, work: impl Future<Output = T>) -> T {
    let mut work = pin!(work);
    loop {
        tokio::select! {
            biased;
            done = &mut work => return done,
            () = tokio::time::sleep(Duration::from_millis(3)) => world.clock.advance(Duration::from_millis(50)),
        }
    }
}
