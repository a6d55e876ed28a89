//! The source `CustomSignedAssertion`. Names in brackets are recorded cases of the reference.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::common::{bound, jwt, load};
use async_trait::async_trait;
use credential_core::credential::{Assertion, AssertionProvider, AssertionRequest};
use credential_core::source::{Entry, LoadReason, Origin};
use credential_core::testing::{Conformance, FakeWorld};
use credential_core::{Credential, CredentialDescription, SourceError, SourceErrorKind, SourceRegistry};
use credential_federated::{CustomSignedAssertionSource, ProviderData};

/// What the test's provider does when it is asked.
#[derive(Clone, Debug)]
enum Does {
    Give(String),
    Fail,
    Panic,
    PanicLater,
    Nothing,
    Hang,
    TooMuch,
}

#[async_trait]
impl AssertionProvider for Does {
    async fn assertion(&self, request: &AssertionRequest<'_>) -> Result<Assertion, SourceError> {
        match self {
            Self::Give(text) => {
                let anew = if request.fresh { " anew" } else { "" };
                Ok(Assertion::new(format!("{text} for {}{anew}", request.client_id), None))
            }
            Self::Fail => Err(SourceError::denied("signer-said-no", "the signer said no")),
            Self::Panic => panic!("hunter2"),
            Self::PanicLater => {
                tokio::task::yield_now().await;
                panic!("hunter2")
            }
            Self::Nothing => Ok(Assertion::new("", None)),
            Self::Hang => std::future::pending().await,
            Self::TooMuch => Ok(Assertion::new("a".repeat(64 * 1024 + 1), None)),
        }
    }
}

fn entry(name: &str) -> CredentialDescription {
    CredentialDescription::new("CustomSignedAssertion")
        .at("AzureAd:ClientCredentials:0", Origin::file("a.json", 4, 5))
        .with_entry(Entry::text("CustomSignedAssertionProviderName", name, Origin::file("a.json", 6, 46)))
}

fn with_role(name: &str, role: &str) -> CredentialDescription {
    let data = vec![Entry::text("Role", role, Origin::Code), Entry::text("Count", "5", Origin::Code)];
    entry(name).with_entry(Entry::map("CustomSignedAssertionProviderData", data, Origin::file("a.json", 7, 46)))
}

fn source() -> CustomSignedAssertionSource {
    CustomSignedAssertionSource::new()
        .with_provider("MyProvider", Does::Give("mine".into()))
        .with_factory("Roles", |data: &ProviderData| {
            let role = data.text("role").ok_or_else(|| SourceError::misconfigured("no-role", "Role is missing"))?;
            Ok(Arc::new(Does::Give(format!("{role} {:?}", data.text("Count")))))
        })
        .with_factory("Broken", |_| panic!("hunter2"))
}

fn bind(source: CustomSignedAssertionSource, description: CredentialDescription) -> Result<(), String> {
    let registry = SourceRegistry::new().with(source);
    registry.bind(vec![description], FakeWorld::new().world()).map(drop).map_err(|error| error.to_string())
}

async fn ask(credential: &Credential, world: &FakeWorld, fresh: bool) -> Result<String, SourceError> {
    let Credential::Assertion(assertion) = credential else { panic!("no assertion: {credential:?}") };
    let world = world.world();
    let deadline = world.clock.moment().after(Duration::from_secs(10));
    let mut request = AssertionRequest::new("app1", "https://login.example/token", deadline, &world);
    request.fresh = fresh;
    assertion.ask(&request).await.map(|assertion| assertion.token.expose().to_owned())
}

#[tokio::test]
async fn conforms() {
    let good = with_role("Roles", "hunter2-role");
    Conformance::new(source(), good).never_shows(["hunter2-role"]).check().await.unwrap();
}

#[tokio::test]
async fn a_provider_is_made_of_its_entrys_data_and_kept() {
    let world = FakeWorld::new();
    let (made, counted) = (Arc::new(AtomicUsize::new(0)), source());
    let counting = {
        let made = Arc::clone(&made);
        move |data: &ProviderData| -> Result<Arc<dyn AssertionProvider>, SourceError> {
            made.fetch_add(1, Ordering::SeqCst);
            let role = data.text("role").unwrap_or_default();
            Ok(Arc::new(Does::Give(format!("{role} {:?}", data.text("Count")))))
        }
    };
    let bound = bound(counted.with_factory("Roles", counting), &with_role("roles", "orders"));
    let first = load(&bound, &world, None).await.unwrap();
    assert_eq!(ask(&first, &world, false).await.unwrap(), "orders Some(\"5\") for app1");
    assert_eq!(first.id(), "assertion of Roles");
    for reason in [LoadReason::Refresh, LoadReason::Rejected] {
        let again = load(&bound, &world, Some((reason, &first))).await.unwrap();
        assert!(again.same_material(&first));
    }
    assert_eq!(ask(&first, &world, true).await.unwrap(), "orders Some(\"5\") for app1 anew");
    assert_eq!(made.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn two_entries_have_a_provider_each() {
    let world = FakeWorld::new();
    let [first, second] = ["orders", "invoices"].map(|role| bound(source(), &with_role("Roles", role)));
    let [first, second] = [load(&first, &world, None).await.unwrap(), load(&second, &world, None).await.unwrap()];
    assert!(!first.same_material(&second));
    assert_eq!(ask(&second, &world, false).await.unwrap(), "invoices Some(\"5\") for app1");
}

/// The reference goes on to no other entry and says "Delegate to an instance method cannot have null
/// 'this'" [custom-throws, custom-does-nothing].
#[tokio::test]
async fn a_provider_that_fails_gives_an_error_of_its_entry() {
    use SourceErrorKind::{Denied, Invalid, Transient};
    for (does, kind, message) in [
        (Does::Fail, Denied, "the signer said no"),
        (Does::Panic, Invalid, "the provider P panicked"),
        (Does::PanicLater, Invalid, "the provider P panicked"),
        (Does::Nothing, Invalid, "the provider P gave an empty assertion"),
        (Does::TooMuch, Invalid, "the provider P gave an assertion of more than 65536 bytes"),
        (Does::Hang, Transient, "the provider P gave no assertion in time"),
    ] {
        let world = FakeWorld::new();
        let source = CustomSignedAssertionSource::new().with_provider("P", does.clone());
        let credential = load(&bound(source, &entry("P")), &world, None).await.unwrap();
        let asked = ask(&credential, &world, false);
        let overdue = async {
            if matches!(does, Does::Hang) {
                world.clock.advance(Duration::from_secs(11));
            }
        };
        let error = tokio::join!(asked, overdue).0.unwrap_err().placed(&entry("P"));
        assert_eq!((error.kind(), error.to_string().as_str()), (kind, message), "{does:?}");
        assert_eq!(error.path(), Some("AzureAd:ClientCredentials:0:CustomSignedAssertionProviderName"));
        assert!(!format!("{error:?}").contains("hunter2"));
    }
}

/// [custom-not-found, custom-none-registered]: a null-callback error at the first call there.
#[test]
fn a_name_that_is_not_registered_is_an_error_of_the_configuration() {
    let error = bind(source(), entry("Other")).unwrap_err();
    assert!(error.contains("unknown provider \"Other\""), "{error}");
    assert!(error.contains("registered: Broken, MyProvider, Roles") && error.contains("a.json:6:46"), "{error}");
    let error = bind(source(), entry("MyProvidr")).unwrap_err();
    assert!(error.contains("write \"MyProvider\""), "{error}");
    let error = bind(CustomSignedAssertionSource::new(), entry("Other")).unwrap_err();
    assert!(error.contains("the program registers none"), "{error}");
}

#[tokio::test]
async fn a_tool_can_bind_the_entries_of_other_programs() {
    let tool = CustomSignedAssertionSource::new().for_other_programs();
    bind(tool.clone(), with_role("Other", "x")).unwrap();
    let error = load(&bound(tool.clone(), &entry("Other")), &FakeWorld::new(), None).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (SourceErrorKind::NotApplicable, "provider-elsewhere"));
    assert!(bind(tool, entry("")).unwrap_err().contains("CustomSignedAssertionProviderName is empty"));
}

#[test]
fn a_factorys_refusal_of_its_data_is_reported_when_the_entry_is_bound() {
    let error = bind(source(), entry("Roles")).unwrap_err();
    assert!(error.contains("CustomSignedAssertionProviderData: Role is missing"), "{error}");
    let error = bind(source(), entry("Broken")).unwrap_err();
    assert!(error.contains("the provider Broken panicked") && !error.contains("hunter2"), "{error}");
    let text = with_role("Roles", "x").with("CustomSignedAssertionProviderData", "hunter2");
    let error = bind(source(), text).unwrap_err();
    assert!(error.contains("an object is expected") && !error.contains("hunter2"), "{error}");
    let both = entry("Other").with("CustomSignedAssertionProviderData", "hunter2");
    let error = bind(source(), both).unwrap_err();
    assert!(error.contains("an object is expected") && error.contains("unknown provider"), "{error}");
}

#[test]
fn data_for_a_provider_that_takes_none_is_pointed_out() {
    let bound = bound(source(), &with_role("MyProvider", "x"));
    let codes: Vec<&str> = bound.findings().iter().map(|finding| finding.code).collect();
    assert_eq!(codes, ["provider-data-ignored"]);
}

#[test]
fn data_shows_its_keys_alone() {
    let data = ProviderData::new(vec![Entry::text("Token", jwt("{}"), Origin::Code)]);
    assert_eq!(format!("{data:?}"), "{\"Token\"}");
    assert!(data.text("TOKEN").is_some() && data.text("Other").is_none() && !data.is_empty());
}
