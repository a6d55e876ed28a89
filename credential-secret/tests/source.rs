//! The source `ClientSecret`, from the entry to the credential.

#![expect(clippy::panic, clippy::unwrap_used, reason = "tests fail by panicking")]

use std::io;
use std::time::Duration;

use credential_core::registry::BindError;
use credential_core::source::{Entry, LoadReason, Origin};
use credential_core::testing::{Bound, Conformance, FakeWorld, application};
use credential_core::{Credential, CredentialDescription, LoadRequest, SourceError, SourceErrorKind, SourceRegistry};
use credential_secret::{ClientSecretSource, MAX_SECRET_LENGTH, sources};

const PATH: &str = "secrets/orders";

fn entry() -> CredentialDescription {
    CredentialDescription::new("ClientSecret").at("AzureAd:ClientCredentials:0", Origin::file("a.json", 4, 5))
}

fn in_file() -> CredentialDescription {
    entry().with_entry(Entry::text("ClientSecretDiskPath", PATH, Origin::file("a.json", 6, 31)))
}

fn in_variable() -> CredentialDescription {
    entry().with("ClientSecretEnvironmentVariable", "ORDERS_SECRET")
}

async fn load(
    world: &FakeWorld,
    description: &CredentialDescription,
    again: Option<(LoadReason, &Credential)>,
) -> Result<Credential, SourceError> {
    let (application, world) = (application(), world.world());
    let deadline = world.clock.moment().after(Duration::from_secs(10));
    let mut request = LoadRequest::new(&application, deadline, &world);
    if let Some((reason, previous)) = again {
        request = request.again(reason, previous);
    }
    Bound::new(ClientSecretSource, description.clone()).unwrap().load(&request).await
}

fn text(credential: &Credential) -> &str {
    match credential {
        Credential::Secret(secret) => secret.value().expose(),
        other => panic!("no secret: {other:?}"),
    }
}

fn bind(description: CredentialDescription) -> Result<(), BindError> {
    let mut registry = SourceRegistry::new();
    sources().into_iter().for_each(|source| registry.register(source));
    registry.bind(vec![description], FakeWorld::new().world()).map(drop)
}

#[tokio::test]
async fn conforms_inline() {
    Conformance::new(ClientSecretSource, entry().with("ClientSecret", "hunter2-inline"))
        .never_shows(["hunter2-inline"])
        .check()
        .await
        .unwrap();
}

#[tokio::test]
async fn conforms_with_a_variable() {
    Conformance::new(ClientSecretSource, in_variable())
        .works_when(|world| world.environment.set("ORDERS_SECRET", "hunter2-first"))
        .rotates_when(|world| world.environment.set("ORDERS_SECRET", "hunter2-second"))
        .fails_when(|world| world.environment.set("ORDERS_SECRET", "hunter2-line\nhunter2-line"))
        .never_shows(["hunter2"])
        .check()
        .await
        .unwrap();
}

#[tokio::test]
async fn conforms_with_a_file() {
    Conformance::new(ClientSecretSource, in_file())
        .works_when(|world| world.files.write(PATH, "hunter2-first\n"))
        .rotates_when(|world| world.files.write(PATH, "hunter2-second\n"))
        .fails_when(|world| world.files.write(PATH, "hunter2-line\nhunter2-line"))
        .never_shows(["hunter2"])
        .check()
        .await
        .unwrap();
}

#[tokio::test]
async fn a_file_rotated_in_place_is_seen_at_the_next_exchange() {
    let world = FakeWorld::new();
    world.files.write(PATH, "first\r\n");
    let first = load(&world, &in_file(), None).await.unwrap();
    assert_eq!((text(&first), first.id()), ("first", "client secret in secrets/orders"));
    // Same length, so that nothing but the content tells the two apart.
    world.files.write(PATH, "secnd\r\n");
    let second = load(&world, &in_file(), Some((LoadReason::Refresh, &first))).await.unwrap();
    assert_eq!(text(&second), "secnd");
    let same = load(&world, &in_file(), Some((LoadReason::Rejected, &second))).await.unwrap();
    assert!(same.same_material(&second));
}

#[tokio::test]
async fn each_file_that_holds_no_secret_has_one_clear_error() {
    use SourceErrorKind::{Denied, Invalid, NotApplicable};
    type Make = fn(&FakeWorld);
    let cases: [(Make, SourceErrorKind, &str); 6] = [
        (|_| {}, NotApplicable, "secrets/orders: file not found"),
        (|world| world.files.fail(PATH, io::ErrorKind::PermissionDenied), Denied, "secrets/orders: permission denied"),
        (|world| world.files.write("secrets/orders/v1", "x"), Invalid, "secrets/orders is a directory"),
        (|world| world.files.write(PATH, ""), Invalid, "secrets/orders is empty"),
        (|world| world.files.write(PATH, " \n"), Invalid, "secrets/orders is empty"),
        (|world| world.files.write(PATH, vec![b'a'; MAX_SECRET_LENGTH as usize + 1]), Invalid, "more than 8192 bytes"),
    ];
    for (make, kind, message) in cases {
        let world = FakeWorld::new();
        make(&world);
        let error = load(&world, &in_file(), None).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.to_string().contains(message), "{error}");
        assert!(error.is_local(), "{error}");
        let finding = error.finding();
        assert_eq!(finding.path.as_deref(), Some("AzureAd:ClientCredentials:0:ClientSecretDiskPath"));
        assert_eq!(finding.origin, Some(Origin::file("a.json", 6, 31)));
        assert!(finding.remedy.is_some(), "{finding}");
    }
}

#[tokio::test]
async fn a_variable_that_is_not_set_or_empty_says_so() {
    let world = FakeWorld::new();
    let error = load(&world, &in_variable(), None).await.unwrap_err();
    assert_eq!((error.kind(), error.is_local()), (SourceErrorKind::NotApplicable, true));
    assert_eq!(error.to_string(), "environment variable ORDERS_SECRET is not set");
    world.environment.set_not_unicode("ORDERS_SECRET");
    let error = load(&world, &in_variable(), None).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (SourceErrorKind::Invalid, "variable-not-unicode"));
    assert!(error.is_local() && error.to_string().contains("not valid UTF-8"), "{error}");
    world.environment.set("ORDERS_SECRET", "");
    let error = load(&world, &in_variable(), None).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (SourceErrorKind::Invalid, "empty-secret"));
    world.environment.set("ORDERS_SECRET", "s3cret\n");
    assert_eq!(text(&load(&world, &in_variable(), None).await.unwrap()), "s3cret");
}

#[test]
fn exactly_one_place_is_named() {
    let error = bind(entry()).unwrap_err().to_string();
    assert!(error.contains("ClientSecret is missing") && error.contains("a.json:4:5"), "{error}");
    let error = bind(entry().with("ClientSecret", "  ")).unwrap_err().to_string();
    assert!(error.contains("ClientSecret is empty"), "{error}");
    let both = in_file().with_entry(Entry::text("clientsecret", "hunter2", Origin::environment("AzureAd__Secret")));
    let error = bind(both).unwrap_err().to_string();
    assert!(error.contains("a.json:6:31") && error.contains("environment variable AzureAd__Secret"), "{error}");
    assert!(!error.contains("hunter2"), "{error}");
    bind(in_file().with("ClientSecret", "")).expect("a blank one gives way");
    let error = bind(entry().with("ClientSecretFile", PATH)).unwrap_err().to_string();
    assert!(error.contains("ClientSecretDiskPath"), "{error}");
}

#[test]
fn a_secret_in_place_of_a_variables_name_is_not_shown() {
    let error = bind(entry().with("ClientSecretEnvironmentVariable", "abc8Q~hunter2")).unwrap_err();
    assert!(error.to_string().contains("is not the name of an environment variable"), "{error}");
    assert!(!format!("{error} {error:?}").contains("hunter2"), "{error}");
}

#[tokio::test]
async fn a_secret_id_in_place_of_the_value_is_pointed_out() {
    let description = entry().with("ClientSecret", "0f8fad5b-d9cb-469f-a165-70867728950e");
    let credential = load(&FakeWorld::new(), &description, None).await.unwrap();
    let [finding] = credential.findings() else { panic!("{:?}", credential.findings()) };
    assert_eq!(finding.code, "secret-is-an-id");
    assert!(!finding.to_string().contains("0f8fad5b"), "{finding}");
}
