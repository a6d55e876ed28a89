//! The source `SignedAssertionFromManagedIdentity`: hosts, identities, what is kept, and what goes wrong. The requests
//! of recorded cases are compared in `tests/wire_golden`.

mod azure_arc;
mod direct;
mod hosts;
mod imds;
mod tokens;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use credential_core::credential::AssertionRequest;
use credential_core::source::{LoadReason, Origin};
use credential_core::testing::{Bound, Conformance, FakeReply, FakeWorld, application};
use credential_core::world::{Clock, HttpClient, HttpError, HttpErrorKind, HttpRequest, HttpResponse, ServerTrust};
use credential_core::{Credential, CredentialDescription, LoadRequest, SourceError, SourceErrorKind, SourceRegistry};
use credential_federated::{ManagedIdentityAssertionSource, sources};
use tokio::task::JoinSet;

use crate::common::{IN_MILLISECONDS, bound, in_time, jwt, load};

/// The fake clock's start, 2026-01-01, in seconds.
const NOW: i64 = 1_767_225_600;
const AUDIENCE: &str = "api://AzureADTokenExchange";
const MSI: &str = "http://127.0.0.1:41000/msi/token";
const IMDS: &str = "http://169.254.169.254/metadata/identity/oauth2/token";
const APP_SERVICE: [(&str, &str); 2] = [("IDENTITY_ENDPOINT", MSI), ("IDENTITY_HEADER", "hunter2-header")];
const ARC: [(&str, &str); 2] = [("IDENTITY_ENDPOINT", MSI), ("IMDS_ENDPOINT", "http://127.0.0.1:40342")];
const KEY_FILE: &str = "/var/opt/azcmagent/tokens/abc.key";

type Variables<'a> = &'a [(&'a str, &'a str)];

fn entry() -> CredentialDescription {
    CredentialDescription::new("SignedAssertionFromManagedIdentity")
        .at("AzureAd:ClientCredentials:0", Origin::file("a.json", 4, 5))
}

fn token(id: &str, audience: &str, ends_in: i64) -> String {
    jwt(&format!(r#"{{"aud":"{audience}","sub":"mi","jti":"{id}","exp":{}}}"#, NOW + ends_in))
}

fn answer(token: &str, ends_in: i64) -> HttpResponse {
    let body = format!(r#"{{"access_token":"{token}","expires_on":"{}","token_type":"Bearer"}}"#, NOW + ends_in);
    HttpResponse::new(200, Vec::new(), body)
}

fn good() -> HttpResponse {
    answer(&token("first", AUDIENCE, 86_400), 86_400)
}

fn world(variables: Variables<'_>) -> FakeWorld {
    let world = FakeWorld::new();
    variables.iter().for_each(|(name, value)| world.environment.set(*name, *value));
    world
}

fn of(entry: &CredentialDescription) -> Bound {
    bound(ManagedIdentityAssertionSource, entry)
}

async fn fails(entry: &CredentialDescription, world: &FakeWorld) -> SourceError {
    in_time(world, load(&of(entry), world, None)).await.unwrap_err()
}

async fn presented(credential: &Credential, world: &FakeWorld, fresh: bool, claims: Option<&str>) -> String {
    let Credential::Assertion(assertion) = credential else { panic!("no assertion: {credential:?}") };
    let world = world.world();
    let deadline = world.clock.moment().after(Duration::from_secs(10));
    let mut request = AssertionRequest::new("app1", "https://login.example/token", deadline, &world);
    (request.fresh, request.claims) = (fresh, claims);
    assertion.provider().assertion(&request).await.unwrap().token.expose().to_owned()
}

fn sent(request: &HttpRequest) -> String {
    let headers: Vec<String> =
        request.headers.iter().map(|(name, value)| format!("{name}: {}", value.expose())).collect();
    let body = String::from_utf8_lossy(request.body.expose()).into_owned();
    format!("{} {} [{}] {body}", request.method, request.url, headers.join(", ")).trim().to_owned()
}
