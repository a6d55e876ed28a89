//! How long it takes to know that no platform is there: every source of a list on a machine that has none. Whether a
//! platform is there is asked side by side.

use std::time::{Duration, Instant};

use token_client::TokenRequest;

use super::{client, emulator};

/// The probes of two metadata services, one beside the other, with what a loaded machine takes.
const GOAL: Duration = Duration::from_secs(3);

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
    assert!(token.attempts().len() == 13 && took < GOAL, "{took:?}: {:?}", token.attempts());
}
