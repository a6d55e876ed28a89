//! The conformance suite fails what is bad: each of these sources has one fault, and is a good one without it.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use credential_core::source::LoadReason;
use credential_core::testing::{Conformance, FakeReply};
use credential_core::world::{HttpErrorKind, HttpRequest, HttpResponse};
use credential_core::*;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    None,
    HangsWhenItCannotWork,
    OneSlotForAllEntries,
    HarmedByACallerThatLeaves,
    BlocksTheRuntime,
    CodeInCamelCase,
    NeverLooksAgain,
    TakesABadValue,
    ShowsTheSecret,
    DefaultThatIsNoValue,
    SecretThatIsNotDeclared,
}

/// A secret of a server, by its address.
#[derive(Clone, Debug)]
struct Source {
    fault: Fault,
    shared: Arc<Mutex<Option<Credential>>>,
}

#[derive(Debug)]
struct Loader {
    source: Source,
    address: String,
    half_way: AtomicBool,
}

impl CredentialSource for Source {
    fn source_type(&self) -> SourceType {
        SourceType::known("Server")
    }

    fn settings(&self) -> &[Setting] {
        const SERVER: Setting = Setting::new("ServerUrl", SettingKind::Text, "The server.").required();
        const PATIENCE: Setting = Setting::new("Patience", SettingKind::Integer, "Seconds.");
        const KEY: Setting = Setting::new("Key", SettingKind::Text, "The key to the server.");
        match self.fault {
            Fault::DefaultThatIsNoValue => const { &[SERVER, PATIENCE.default("a while"), KEY.secret()] },
            Fault::SecretThatIsNotDeclared => const { &[SERVER, PATIENCE.default("30"), KEY] },
            _ => const { &[SERVER, PATIENCE.default("30"), KEY.secret()] },
        }
    }

    fn bind(&self, entry: &CredentialDescription, cx: &mut BindContext<'_>) -> BindResult {
        let address = cx.required(entry, "ServerUrl")?.expose().to_owned();
        if self.fault != Fault::TakesABadValue && !address.starts_with("https://") {
            let error = SourceError::misconfigured("no-https", "ServerUrl must use https").about("ServerUrl");
            return Err(cx.error(error.remedy("write https://")));
        }
        Ok(Arc::new(Loader { source: self.clone(), address, half_way: AtomicBool::new(false) }))
    }
}

#[async_trait]
impl CredentialLoader for Loader {
    async fn load(&self, request: &LoadRequest<'_>) -> Result<Credential, SourceError> {
        let fault = self.source.fault;
        if fault == Fault::NeverLooksAgain
            && request.reason == LoadReason::Refresh
            && let Some(previous) = request.previous
        {
            return Ok(previous.clone());
        }
        if fault == Fault::OneSlotForAllEntries
            && request.reason != LoadReason::Rejected
            && let Some(kept) = self.source.shared.lock().unwrap().clone()
        {
            return Ok(kept);
        }
        if fault == Fault::HarmedByACallerThatLeaves && self.half_way.swap(true, Ordering::SeqCst) {
            return Err(SourceError::transient("half-way", "a load is under way"));
        }
        if fault == Fault::BlocksTheRuntime {
            std::thread::sleep(Duration::from_millis(400));
        }
        let answer = request.world.http.send(HttpRequest::get(&self.address)).await;
        // A second await.
        let clock = &request.world.clock;
        clock.sleep_until(clock.moment()).await;
        self.half_way.store(false, Ordering::SeqCst);
        let answer = match answer {
            Ok(answer) => answer,
            Err(_) if fault == Fault::HangsWhenItCannotWork => std::future::pending().await,
            Err(error) => {
                let code = if fault == Fault::CodeInCamelCase { "serverGone" } else { "server-gone" };
                return Err(SourceError::transient(code, "the server does not answer").caused_by(error));
            }
        };
        let secret = String::from_utf8_lossy(answer.body.expose()).into_owned();
        let id =
            if fault == Fault::ShowsTheSecret { format!("secret {secret}") } else { "secret of the server".to_owned() };
        let credential = Credential::secret(id, secret);
        *self.source.shared.lock().unwrap() = Some(credential.clone());
        Ok(request.unchanged(credential))
    }
}

fn gives(secret: &str) -> FakeReply {
    FakeReply::Answer(HttpResponse::new(200, Vec::new(), secret))
}

async fn violations(fault: Fault) -> Vec<String> {
    const ADDRESS: &str = "https://server.example/secret";
    let source = Source { fault, shared: Arc::default() };
    let suite =
        Conformance::new(source, CredentialDescription::new("Server").with("ServerUrl", ADDRESS).with("Key", "k3y"))
            .works_when(|world| world.http.on("GET", ADDRESS, gives("s3cret-one")))
            .rotates_when(|world| world.http.on("GET", ADDRESS, gives("s3cret-two")))
            .fails_when(|world| world.http.on("GET", ADDRESS, FakeReply::Fail(HttpErrorKind::Broken)))
            .refuses("ServerUrl", "http://server.example/secret")
            .never_shows(["s3cret-one", "s3cret-two", "k3y"]);
    suite.check().await.err().map(|violations| violations.0).unwrap_or_default()
}

#[tokio::test]
async fn each_fault_is_found_and_a_good_source_has_none() {
    for (fault, expected) in [
        (Fault::None, None),
        (Fault::OneSlotForAllEntries, Some("two entries share what they remember")),
        (Fault::HarmedByACallerThatLeaves, Some("a load after one that was dropped at await 1 fails")),
        (Fault::BlocksTheRuntime, Some("holds up the runtime's thread")),
        (Fault::CodeInCamelCase, Some("is not kebab-case")),
        (Fault::NeverLooksAgain, Some("a refresh a day later does not look")),
        (Fault::TakesABadValue, Some("a bad ServerUrl (\"http://server.example/secret\") is not refused by name")),
        (Fault::ShowsTheSecret, Some("shows a secret")),
        (Fault::SecretThatIsNotDeclared, Some("Key holds a secret and is not declared secret")),
        (Fault::DefaultThatIsNoValue, Some("the default of Patience is no value of it")),
    ] {
        let found = violations(fault).await;
        match expected {
            None => assert_eq!(found, [""; 0], "{fault:?}"),
            Some(expected) => assert!(found.iter().any(|one| one.contains(expected)), "{fault:?}: {found:?}"),
        }
    }
}

/// Takes as long as the suite is patient.
#[tokio::test]
async fn a_load_that_cannot_work_and_hangs_is_found() {
    let found = violations(Fault::HangsWhenItCannotWork).await;
    assert_eq!(found, ["a load that cannot work goes on after its deadline"]);
}
