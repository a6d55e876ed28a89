//! Platforms that give a token: what is asked of each, and what is kept of all of them alike.

mod commands;
mod detected;
mod google_cloud;
mod kubernetes;
mod over_http;
mod requests;
mod scenarios;
mod variables;
mod vault;

use std::fmt;
use std::time::Duration;

use credential_core::source::{Application, Entry, Origin};
use credential_core::testing::{Bound, FakeReply, FakeWorld, application};
use credential_core::world::{HttpRequest, HttpResponse};
use credential_core::{Credential, CredentialDescription, CredentialSource};
use credential_federated::{
    AzurePipelinesSource, GitHubActionsSource, GoogleCloudSource, HashiCorpVaultSource, HttpSource,
    KubernetesTokenRequestSource,
};

use crate::common::{bound, jwt};

pub(crate) const AUDIENCE: &str = "api://AzureADTokenExchange";
/// The fake clock's start, 2026-01-01, in seconds.
pub(crate) const NOW: i64 = 1_767_225_600;

/// A token of a workload with an end so many seconds from now.
pub(crate) fn token(id: &str, audience: &str, ends_in: i64) -> String {
    let exp = NOW + ends_in;
    jwt(&format!(r#"{{"iss":"https://issuer.example","sub":"it's:main","aud":"{audience}","jti":"{id}","exp":{exp}}}"#))
}

/// A platform that is asked over HTTP, in a world of fakes.
pub(crate) struct Asked {
    source: fn() -> Box<dyn CredentialSource>,
    entry: fn() -> CredentialDescription,
    /// Makes a world of that platform.
    pub(crate) here: fn(&FakeWorld),
    pub(crate) method: &'static str,
    /// Where it is asked.
    pub(crate) address: &'static str,
    /// Its answer with a token.
    pub(crate) answer: fn(&str) -> String,
    /// Headers of its answers.
    pub(crate) headers: &'static [(&'static str, &'static str)],
    /// What it is asked with, which nobody may see.
    secret: Option<&'static str>,
}

impl fmt::Debug for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str((self.entry)().source_type().as_str())
    }
}

impl Asked {
    pub(crate) fn bound(&self) -> Bound {
        bound((self.source)(), &(self.entry)())
    }

    fn world(&self) -> FakeWorld {
        let world = FakeWorld::new();
        (self.here)(&world);
        world
    }

    fn answered(&self, status: u16, body: impl Into<Vec<u8>>) -> FakeReply {
        let headers = self.headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        FakeReply::Answer(HttpResponse::new(status, headers.collect(), body))
    }

    fn replies(&self, world: &FakeWorld, reply: FakeReply) {
        world.http.on(self.method, self.address, reply);
    }

    fn gives(&self, world: &FakeWorld, token: &str) {
        self.replies(world, self.answered(200, (self.answer)(token)));
    }
}

/// Every platform that is asked over HTTP.
pub(crate) const ASKED: &[Asked] = &[GIT_HUB, AZURE_PIPELINES, GOOGLE_CLOUD, KUBERNETES, VAULT, GET, POST];

const GIT_HUB: Asked = Asked {
    source: || Box::new(GitHubActionsSource),
    entry: || CredentialDescription::new("GitHubActions"),
    here: |world| {
        world.environment.set("GITHUB_ACTIONS", "true");
        world.environment.set("ACTIONS_ID_TOKEN_REQUEST_URL", "https://run.example/idtoken?api-version=2.0");
        world.environment.set("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "hunter2-bearer");
    },
    method: "GET",
    address: "https://run.example/idtoken?",
    answer: |token| format!(r#"{{"count":1,"value":"{token}"}}"#),
    headers: &[],
    secret: Some("hunter2-bearer"),
};

const AZURE_PIPELINES: Asked = Asked {
    source: || Box::new(AzurePipelinesSource),
    entry: || CredentialDescription::new("AzurePipelines").with("ServiceConnectionId", "connection-1"),
    here: |world| {
        world.environment.set("SYSTEM_OIDCREQUESTURI", "https://vstoken.example/org/oidctoken");
        world.environment.set("SYSTEM_ACCESSTOKEN", "hunter2-access");
    },
    method: "POST",
    address: "https://vstoken.example/org/oidctoken?",
    answer: |token| format!(r#"{{"oidcToken":"{token}"}}"#),
    headers: &[],
    secret: Some("hunter2-access"),
};

const METADATA: &str = "http://metadata.google.internal/";
const FLAVOR: &[(&str, &str)] = &[("Metadata-Flavor", "Google")];

const GOOGLE_CLOUD: Asked = Asked {
    source: || Box::new(GoogleCloudSource),
    entry: || CredentialDescription::new("GoogleCloud"),
    here: |world| world.http.on("GET", METADATA, GOOGLE_CLOUD.answered(200, "computeMetadata/")),
    method: "GET",
    address: "http://metadata.google.internal/computeMetadata/v1/instance/service-accounts/default/identity?",
    answer: str::to_owned,
    headers: FLAVOR,
    secret: None,
};

const FOLDER: &str = "/var/run/secrets/kubernetes.io/serviceaccount";
/// Of the service account `pod` in the namespace `ns1`.
const POD: &str = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJzeXN0ZW06c2VydmljZWFjY291bnQ6bnMxOnBvZCJ9.aHVudGVyMg";

const KUBERNETES: Asked = Asked {
    source: || Box::new(KubernetesTokenRequestSource),
    entry: || CredentialDescription::new("KubernetesTokenRequest"),
    here: |world| {
        world.environment.set("KUBERNETES_SERVICE_HOST", "10.0.0.1");
        world.environment.set("KUBERNETES_SERVICE_PORT", "443");
        world.files.write(format!("{FOLDER}/token"), POD);
        world.files.write(format!("{FOLDER}/ca.crt"), "the cluster's authority");
    },
    method: "POST",
    address: "https://10.0.0.1/api/v1/namespaces/ns1/serviceaccounts/pod/token",
    answer: |token| format!(r#"{{"kind":"TokenRequest","status":{{"token":"{token}"}}}}"#),
    headers: &[],
    secret: Some(POD),
};

const VAULT: Asked = Asked {
    source: || Box::new(HashiCorpVaultSource),
    entry: || CredentialDescription::new("HashiCorpVault").with("VaultRole", "entra"),
    here: |world| {
        world.environment.set("VAULT_ADDR", "https://vault.example:8200");
        world.environment.set("VAULT_TOKEN", "hunter2-vault");
    },
    method: "GET",
    address: "https://vault.example:8200/v1/identity/oidc/token/entra",
    answer: |token| format!(r#"{{"data":{{"token":"{token}","ttl":600}}}}"#),
    headers: &[],
    secret: Some("hunter2-vault"),
};

const GET: Asked = Asked {
    source: || Box::new(HttpSource::Get),
    entry: || {
        CredentialDescription::new("HttpGet")
            .with("Url", "https://tokens.example/$JOB/issue?v=1")
            .with("AudienceParameter", "aud")
            .with("TokenField", "result.token")
            .with_entry(members("Headers", &[("Authorization", "Bearer $ISSUE_TOKEN")]))
    },
    here: |world| {
        world.environment.set("JOB", "7");
        world.environment.set("ISSUE_TOKEN", "hunter2-issue");
    },
    method: "GET",
    address: "https://tokens.example/7/issue?",
    answer: |token| format!(r#"{{"result":{{"token":"{token}"}}}}"#),
    headers: &[],
    secret: Some("hunter2-issue"),
};

/// Buildkite.
const POST: Asked = Asked {
    source: || Box::new(HttpSource::Post),
    entry: || {
        CredentialDescription::new("HttpPost")
            .with("Url", "https://agent.buildkite.com/v3/jobs/$BUILDKITE_JOB_ID/oidc/tokens")
            .with("AudienceParameter", "audience")
            .with("TokenField", "token")
            .with_entry(members("Headers", &[("Authorization", "Token $BUILDKITE_AGENT_ACCESS_TOKEN")]))
            .with_entry(members("Body", &[("lifetime", "600")]))
    },
    here: |world| {
        world.environment.set("BUILDKITE_JOB_ID", "a/b");
        world.environment.set("BUILDKITE_AGENT_ACCESS_TOKEN", "hunter2-agent");
    },
    method: "POST",
    address: "https://agent.buildkite.com/v3/jobs/a%2Fb/oidc/tokens",
    answer: |token| format!(r#"{{"token":"{token}"}}"#),
    headers: &[],
    secret: Some("hunter2-agent"),
};

fn members(name: &str, members: &[(&str, &str)]) -> Entry {
    let text = |(name, value): &(&str, &str)| Entry::text(*name, *value, Origin::Code);
    Entry::map(name, members.iter().map(text).collect(), Origin::Code)
}

fn text(credential: &Credential) -> String {
    let Credential::Assertion(assertion) = credential else { panic!("no assertion: {credential:?}") };
    assertion.token().unwrap().expose().to_owned()
}

fn sent(request: &HttpRequest) -> String {
    let headers: Vec<String> =
        request.headers.iter().map(|(name, value)| format!("{name}: {}", value.expose())).collect();
    let body = String::from_utf8_lossy(request.body.expose()).into_owned();
    format!("{} {} [{}] {body}", request.method, request.url, headers.join(", ")).trim().to_owned()
}
