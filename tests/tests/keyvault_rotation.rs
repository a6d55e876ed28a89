//! Newer versions: found at the interval and after a rejection, kept apart from the old one, and never a
//! failed call.
#![expect(clippy::disallowed_methods, reason = "real time, tasks and files of the test itself")]

use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use credential_core::testing::{Conformance, FakeClock, FakeWorld};
use credential_core::{
    Application, Candidate, Credential, CredentialSource, HttpResponse, LoadReason, Search, SourceRegistry, SourceType,
    Verdict,
};
use credential_tests::vault::{Action, Cloud, Fault, Key, Made, entry, load};

fn source() -> Arc<dyn CredentialSource> {
    credential_keyvault::sources().swap_remove(0)
}

#[tokio::test]
async fn a_newer_version_is_looked_for_once_in_the_interval() {
    let cloud = Cloud::start().await;
    cloud.put("web", "v1", Made::new("one", Key::P256));
    cloud.edit(|state| state.token_life = 1_000_000);
    let clock = Arc::new(FakeClock::starting_at(SystemTime::now()));
    let world = cloud.world(&Cloud::reader()).with_clock(clock.clone());
    let (source, entry) = (source(), entry(SourceType::KEY_VAULT));
    let first = load(&*source, &entry, &world, None).await.unwrap();
    let refresh = Some((LoadReason::Refresh, &first));
    cloud.put("web", "v2", Made::new("two", Key::P256));
    cloud.asked();
    clock.advance(Duration::from_secs(10 * 3600));
    assert!(load(&*source, &entry, &world, refresh).await.unwrap().same_material(&first));
    assert!(cloud.asked().is_empty());
    clock.advance(Duration::from_secs(2 * 3600));
    let second = load(&*source, &entry, &world, refresh).await.unwrap();
    assert!(second.id().ends_with("/v2"));
    let refresh = Some((LoadReason::Refresh, &second));
    cloud.asked();
    assert!(load(&*source, &entry, &world, refresh).await.unwrap().same_material(&second));
    // A shorter interval is a setting.
    assert!(cloud.asked().is_empty());
    let often = entry.clone().with("PollInterval", "60");
    let first = load(&*source, &often, &world, None).await.unwrap();
    cloud.asked();
    clock.advance(Duration::from_secs(61));
    load(&*source, &often, &world, Some((LoadReason::Refresh, &first))).await.unwrap();
    assert_eq!(cloud.asked(), ["GET /certificates/web 200"]);
}

#[tokio::test]
async fn a_look_at_a_slow_vault_is_short_while_the_old_credential_stands() {
    let cloud = Cloud::start().await;
    cloud.put("web", "v1", Made::new("one", Key::P256));
    let world = cloud.world(&Cloud::reader());
    let (source, entry) = (source(), entry(SourceType::KEY_VAULT).with("PollInterval", "0"));
    let first = load(&*source, &entry, &world, None).await.unwrap();
    cloud.edit(|state| state.faults.push(Fault::new("/certificates/web", Action::Slow(Duration::from_secs(600)))));
    let start = world.clock.moment();
    let error = load(&*source, &entry, &world, Some((LoadReason::Refresh, &first))).await.unwrap_err();
    assert_eq!(error.code(), "vault-timeout");
    assert!(world.clock.moment().since(start) < Duration::from_millis(1900));
}

/// The authority of these tests refuses.
#[derive(Clone, Debug)]
struct Refused;

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AADSTS700027: not registered")
    }
}

impl std::error::Error for Refused {}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_rotations_under_load_without_a_failed_call() {
    const ROTATIONS: usize = 1000;
    let cloud = Arc::new(Cloud::start().await);
    // The authority knows the newest certificate alone: each rotation is found by a refusal.
    let registered = Arc::new(Mutex::new(Vec::new()));
    let put = |nth: usize| {
        let made = Made::new(&format!("web{nth}"), Key::P256);
        *registered.lock().unwrap() = made.der.clone();
        cloud.edit(|state| state.certificates.clear());
        cloud.put("web", &format!("v{nth}"), made);
        cloud.edit(|state| {
            state.certificates.get_mut("web").unwrap().content_type = "application/x-pem-file".to_owned();
            state.requests.clear();
        });
    };
    put(0);
    let mut registry = SourceRegistry::new();
    registry.register(source());
    let world = cloud.world(&Cloud::reader());
    let chain = registry.bind(vec![entry(SourceType::KEY_VAULT)], world.clone()).unwrap();
    let application = Application::new("app1", "https://login.microsoftonline.com/contoso.example");
    let calls = Arc::new(AtomicUsize::new(0));
    for nth in 1..=ROTATIONS {
        // Calls side by side, all through the rotation that has just been.
        let mut callers = Vec::new();
        for _ in 0..4 {
            let (chain, application, world) = (chain.clone(), application.clone(), world.clone());
            let (registered, calls) = (Arc::clone(&registered), Arc::clone(&calls));
            callers.push(tokio::spawn(async move {
                let attempt = move |candidate: Candidate| {
                    let Credential::Certificate(certificate) = candidate.credential else { unreachable!() };
                    let known = certificate.chain().first() == Some(&*registered.lock().unwrap());
                    async move { if known { Verdict::Accept(()) } else { Verdict::Next(Refused) } }
                };
                let deadline = world.clock.moment().after(Duration::from_secs(20));
                chain
                    .first_accepted(Search::new(&application, deadline), attempt)
                    .await
                    .map(|_| calls.fetch_add(1, Ordering::Relaxed))
            }));
        }
        for caller in callers {
            caller.await.unwrap().unwrap_or_else(|error| panic!("rotation {nth}: {error}"));
        }
        put(nth);
    }
    assert_eq!(calls.load(Ordering::Relaxed), 4 * ROTATIONS);
}

#[tokio::test]
async fn keeps_to_the_contract_of_sources() {
    let year = Duration::from_secs(365 * 86_400);
    let start = SystemTime::UNIX_EPOCH + Duration::from_secs(1_767_225_600);
    let made = Made::valid("web", Key::P256, start - year, start + year);
    let works = move |world: &FakeWorld| {
        for (name, value) in Cloud::reader() {
            world.environment.set(name, value);
        }
        let challenge =
            r#"Bearer authorization="https://login.microsoftonline.com/kvtenant", resource="https://vault.azure.net""#;
        world.http.reply(Ok(HttpResponse::new(401, vec![("WWW-Authenticate".to_owned(), challenge.to_owned())], "{}")));
        world.http.answer(200, r#"{"token_type":"Bearer","expires_in":3600000000,"access_token":"vault-t0ken"}"#);
        let certificate = serde_json::json!({ "id": "https://myvault.vault.azure.net/certificates/web/v1" });
        let secret = serde_json::json!({ "value": made.pem(), "contentType": "application/x-pem-file" });
        // Twice: a load that was dropped has used up the first.
        for _ in 0..2 {
            world.http.answer(200, certificate.to_string());
            world.http.answer(200, secret.to_string());
        }
    };
    for source in credential_keyvault::sources().into_iter().take(1) {
        let suite = Conformance::new(Shared(source), entry(SourceType::KEY_VAULT))
            .works_when(works.clone())
            .fails_when(|world| world.environment.unset("AZURE_CLIENT_SECRET"))
            .never_shows(["kv-s3cret", "vault-t0ken", "PRIVATE KEY"]);
        suite.check().await.unwrap();
    }
}

/// The suite takes a source by value.
#[derive(Debug)]
struct Shared(Arc<dyn CredentialSource>);

#[async_trait::async_trait]
impl CredentialSource for Shared {
    fn source_type(&self) -> SourceType {
        self.0.source_type()
    }

    fn settings(&self) -> &'static [credential_core::Setting] {
        self.0.settings()
    }

    fn validate(&self, entry: &credential_core::CredentialDescription) -> Result<(), credential_core::SourceError> {
        self.0.validate(entry)
    }

    async fn load(
        &self,
        request: &credential_core::LoadRequest<'_>,
    ) -> Result<Credential, credential_core::SourceError> {
        self.0.load(request).await
    }
}
