//! Newer versions: found at the interval and after a rejection, kept apart from the old one, and never a
//! failed call.
#![expect(clippy::disallowed_methods, reason = "real time, tasks and files of the test itself")]

use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use credential_core::chain::{Candidate, Search, Verdict};
use credential_core::registry::Binding;
use credential_core::source::LoadReason;
use credential_core::testing::{Conformance, FakeClock, FakeReply, FakeWorld};
use credential_core::world::HttpResponse;
use credential_core::{Credential, CredentialSource, SourceType};
use credential_tests::vault::{Action, Cloud, Fault, Key, Made, bind, entry, load, registry};
use token_client::Engine;

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
    let description = entry(SourceType::KEY_VAULT);
    let entry = bind(&source(), description.clone());
    let first = load(&entry, &world, None).await.unwrap();
    let refresh = Some((LoadReason::Refresh, &first));
    cloud.put("web", "v2", Made::new("two", Key::P256));
    cloud.asked();
    clock.advance(Duration::from_secs(10 * 3600));
    assert!(load(&entry, &world, refresh).await.unwrap().same_material(&first));
    assert!(cloud.asked().is_empty());
    clock.advance(Duration::from_secs(2 * 3600));
    let second = load(&entry, &world, refresh).await.unwrap();
    assert!(second.id().ends_with("/v2"));
    let refresh = Some((LoadReason::Refresh, &second));
    cloud.asked();
    assert!(load(&entry, &world, refresh).await.unwrap().same_material(&second));
    // A shorter interval is a setting.
    assert!(cloud.asked().is_empty());
    let often = bind(&source(), description.with("PollInterval", "60"));
    let first = load(&often, &world, None).await.unwrap();
    cloud.asked();
    clock.advance(Duration::from_secs(61));
    load(&often, &world, Some((LoadReason::Refresh, &first))).await.unwrap();
    assert_eq!(cloud.asked(), ["GET /certificates/web 200"]);
}

#[tokio::test]
async fn a_look_at_a_slow_vault_is_short_while_the_old_credential_stands() {
    let cloud = Cloud::start().await;
    cloud.put("web", "v1", Made::new("one", Key::P256));
    let world = cloud.world(&Cloud::reader());
    let entry = bind(&source(), entry(SourceType::KEY_VAULT).with("PollInterval", "0"));
    let first = load(&entry, &world, None).await.unwrap();
    cloud.edit(|state| state.faults.push(Fault::new("/certificates/web", Action::Slow(Duration::from_secs(600)))));
    let start = world.clock.moment();
    let error = load(&entry, &world, Some((LoadReason::Refresh, &first))).await.unwrap_err();
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
    let world = cloud.world(&Cloud::reader());
    let binding = Binding::new(world.clone()).tokens(&Engine);
    let chain = registry(&source()).bind(vec![entry(SourceType::KEY_VAULT)], binding).unwrap();
    let calls = Arc::new(AtomicUsize::new(0));
    for nth in 1..=ROTATIONS {
        // Calls side by side, all through the rotation that has just been.
        let mut callers = Vec::new();
        for _ in 0..4 {
            let (chain, world) = (chain.clone(), world.clone());
            let (registered, calls) = (Arc::clone(&registered), Arc::clone(&calls));
            callers.push(tokio::spawn(async move {
                let attempt = move |candidate: Candidate| {
                    let Credential::Certificate(certificate) = candidate.credential else { unreachable!() };
                    let known = certificate.chain().first() == Some(&*registered.lock().unwrap());
                    async move { if known { Verdict::Accept(()) } else { Verdict::Next(Refused) } }
                };
                let deadline = world.clock.moment().after(Duration::from_secs(20));
                chain
                    .first_accepted(Search::new("https://login.microsoftonline.com/contoso.example", deadline), attempt)
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
        let json = |value: serde_json::Value| HttpResponse::new(200, Vec::new(), value.to_string());
        let vault = move |answer: serde_json::Value| {
            FakeReply::by(move |request| match request.headers.iter().any(|(name, _)| name == "authorization") {
                true => json(answer.clone()),
                false => HttpResponse::new(401, vec![("WWW-Authenticate".to_owned(), challenge.to_owned())], "{}"),
            })
        };
        let token =
            serde_json::json!({"token_type": "Bearer", "expires_in": 3_600_000_000_u64, "access_token": "vault-t0ken"});
        world.http.on("POST", "https://login.microsoftonline.com/", FakeReply::Answer(json(token)));
        let certificate = serde_json::json!({ "id": "https://myvault.vault.azure.net/certificates/web/v1" });
        world.http.on("GET", "https://myvault.vault.azure.net/certificates/", vault(certificate));
        let secret = serde_json::json!({ "value": made.pem(), "contentType": "application/x-pem-file" });
        world.http.on("GET", "https://myvault.vault.azure.net/secrets/", vault(secret));
    };
    for source in credential_keyvault::sources().into_iter().take(1) {
        let suite = Conformance::new(Arc::clone(&source), entry(SourceType::KEY_VAULT))
            .among(registry(&source), Engine)
            .works_when(works.clone())
            .fails_when(|world| world.environment.unset("AZURE_CLIENT_SECRET"))
            .never_shows(["kv-s3cret", "vault-t0ken", "PRIVATE KEY"]);
        suite.check().await.unwrap();
    }
}
