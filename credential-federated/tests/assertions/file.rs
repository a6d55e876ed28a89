//! The source `SignedAssertionFilePath`. Names in brackets are recorded cases of the reference.

use std::io;
use std::time::Duration;

use crate::common::{IN_MILLISECONDS, bound, jwt, load};
use credential_core::credential::AssertionRequest;
use credential_core::source::{Entry, LoadReason, Origin};
use credential_core::testing::{Conformance, FakeWorld};
use credential_core::{Credential, CredentialDescription, SourceErrorKind, SourceRegistry};
use credential_federated::{SignedAssertionFileSource, sources};

const PATH: &str = "tokens/entra";

/// The fake clock's start, 2026-01-01, in seconds.
const NOW: i64 = 1_767_225_600;

/// A pod's token with an end so many seconds from now.
fn pod(id: &str, ends_in: i64) -> String {
    let exp = NOW + ends_in;
    jwt(&format!(
        r#"{{"iss":"https://oidc.example/","sub":"pod","aud":["api://AzureADTokenExchange"],"jti":"{id}","exp":{exp}}}"#
    ))
}

fn entry() -> CredentialDescription {
    CredentialDescription::new("SignedAssertionFilePath")
        .at("AzureAd:ClientCredentials:0", Origin::file("a.json", 4, 5))
}

fn in_file() -> CredentialDescription {
    entry().with_entry(Entry::text("SignedAssertionFileDiskPath", PATH, Origin::file("a.json", 6, 38)))
}

async fn text(credential: &Credential) -> String {
    let Credential::Assertion(assertion) = credential else { panic!("no assertion: {credential:?}") };
    let world = FakeWorld::new().world();
    let request = AssertionRequest::new("app1", "https://login.example/token", world.clock.moment(), &world);
    assertion.provider().assertion(&request).await.unwrap().token.expose().to_owned()
}

#[tokio::test]
async fn conforms() {
    // The suite looks again a day later.
    const LASTS: i64 = 2 * 86_400;
    Conformance::new(SignedAssertionFileSource, in_file())
        .works_when(|world| world.files.write(PATH, pod("first", LASTS)))
        .rotates_when(|world| world.files.write(PATH, pod("second", LASTS)))
        .fails_when(|world| world.files.write(PATH, pod("third", -3600)))
        .never_shows([
            pod("first", LASTS),
            pod("second", LASTS),
            pod("third", -3600),
            "aHVudGVyMi1zaWduYXR1cmU".to_owned(),
        ])
        .check()
        .await
        .unwrap();
}

#[tokio::test]
async fn the_variable_names_the_file_unless_the_entry_does() {
    let world = FakeWorld::new();
    world.environment.set("AZURE_FEDERATED_TOKEN_FILE", "elsewhere");
    world.files.write("elsewhere", pod("variable", 3600));
    world.files.write(PATH, pod("entry", 3600));
    let found = load(&bound(SignedAssertionFileSource, &entry()), &world, None).await.unwrap();
    assert_eq!((found.id(), text(&found).await), ("assertion in elsewhere", pod("variable", 3600)));
    // [file-path-over-env]
    let found = load(&bound(SignedAssertionFileSource, &in_file()), &world, None).await.unwrap();
    assert_eq!(text(&found).await, pod("entry", 3600));
    world.files.remove("elsewhere");
    let error = load(&bound(SignedAssertionFileSource, &entry()), &world, None).await.unwrap_err();
    assert_eq!(error.origin(), Some(&Origin::environment("AZURE_FEDERATED_TOKEN_FILE")));
}

#[tokio::test]
async fn no_file_named_is_not_applicable() {
    let world = FakeWorld::new();
    // [file-nothing]
    let error = load(&bound(SignedAssertionFileSource, &entry()), &world, None).await.unwrap_err();
    assert_eq!((error.kind(), error.is_local()), (SourceErrorKind::NotApplicable, true));
    assert_eq!(error.to_string(), "AZURE_FEDERATED_TOKEN_FILE is not set");
    // [file-env-access-token-file]
    world.environment.set("AZURE_ACCESS_TOKEN_FILE", PATH);
    world.files.write(PATH, pod("first", 3600));
    let error = load(&bound(SignedAssertionFileSource, &entry()), &world, None).await.unwrap_err();
    assert!(error.remedy_text().unwrap().contains("AZURE_ACCESS_TOKEN_FILE is set, but it is not read"));
}

/// The reference reads once and keeps the token to its very end, sends the line end, and sends
/// expired tokens [file-replaced-6-min, file-path-trailing-newline, file-expired].
#[tokio::test]
async fn a_rotated_file_is_used_at_once_without_its_line_end() {
    let world = FakeWorld::new();
    world.files.write(PATH, format!("{}\r\n", pod("first", 3600)));
    let first = load(&bound(SignedAssertionFileSource, &in_file()), &world, None).await.unwrap();
    assert_eq!(text(&first).await, pod("first", 3600));
    let end = std::time::SystemTime::UNIX_EPOCH + Duration::from_secs(u64::try_from(NOW).unwrap() + 3600);
    assert_eq!(first.expires_on(), Some(end));
    world.files.write(PATH, pod("secnd", 3600));
    let second =
        load(&bound(SignedAssertionFileSource, &in_file()), &world, Some((LoadReason::Refresh, &first))).await.unwrap();
    assert_eq!(text(&second).await, pod("secnd", 3600));
    world.clock.advance(Duration::from_secs(3 * 3600));
    let error = load(&bound(SignedAssertionFileSource, &in_file()), &world, Some((LoadReason::Refresh, &second))).await;
    let error = error.unwrap_err();
    assert_eq!(error.to_string(), "the assertion in tokens/entra expired 2 h ago: the file was not rotated");
    assert_eq!((error.kind(), error.is_local()), (SourceErrorKind::Invalid, true));
}

#[tokio::test]
async fn each_file_that_holds_no_assertion_has_one_clear_error() {
    use SourceErrorKind::{Denied, Invalid, NotApplicable};
    type Make = fn(&FakeWorld);
    let cases: [(Make, SourceErrorKind, &str); 10] = [
        (|_| {}, NotApplicable, "file-not-found"),
        (|world| world.files.fail(PATH, io::ErrorKind::PermissionDenied), Denied, "file-unreadable"),
        (|world| world.files.write("tokens/entra/v1", "x"), Invalid, "file-is-folder"),
        (|world| world.files.write(PATH, ""), Invalid, "empty-file"),
        (|world| world.files.write(PATH, "\r\n"), Invalid, "empty-file"),
        (|world| world.files.write(PATH, "a".repeat(70_000)), Invalid, "file-too-large"),
        (|world| world.files.write(PATH, "hello"), Invalid, "not-an-assertion"),
        (|world| world.files.write(PATH, b"\xff\xfeh\0"), Invalid, "not-an-assertion"),
        // Its end in milliseconds: it would never end.
        (|world| world.files.write(PATH, pod("a", IN_MILLISECONDS)), Invalid, "not-an-assertion"),
        (
            |world| world.files.write(PATH, jwt(&format!(r#"{{"nbf":{},"exp":{}}}"#, NOW + 900, NOW + 4000))),
            Invalid,
            "assertion-not-yet-valid",
        ),
    ];
    for (make, kind, code) in cases {
        let world = FakeWorld::new();
        make(&world);
        let error = load(&bound(SignedAssertionFileSource, &in_file()), &world, None).await.unwrap_err();
        assert_eq!((error.kind(), error.code(), error.is_local()), (kind, code, true), "{error}");
        assert!(error.to_string().contains(PATH), "{error}");
        let finding = error.finding();
        assert_eq!(finding.path.as_deref(), Some("AzureAd:ClientCredentials:0:SignedAssertionFileDiskPath"));
        assert_eq!(finding.origin, Some(Origin::file("a.json", 6, 38)));
        assert!(finding.remedy.is_some(), "{finding}");
    }
}

#[tokio::test]
async fn an_assertion_without_end_or_for_somebody_else_works_with_a_warning() {
    let cases = [
        (r#"{"aud":"api://AzureADTokenExchangeUSGov"}"#.to_owned(), vec!["assertion-without-expiry"]),
        (format!(r#"{{"aud":"https://kubernetes.default.svc","exp":{}}}"#, NOW + 60), vec!["assertion-audience"]),
        (format!(r#"{{"exp":{}}}"#, NOW + 60), vec!["assertion-audience"]),
        (format!(r#"{{"aud":["x","api://AzureADTokenExchange"],"exp":{}}}"#, NOW + 60), vec![]),
    ];
    for (claims, codes) in cases {
        let world = FakeWorld::new();
        world.files.write(PATH, jwt(&claims));
        let credential = load(&bound(SignedAssertionFileSource, &in_file()), &world, None).await.unwrap();
        let found: Vec<&str> = credential.findings().iter().map(|finding| finding.code).collect();
        assert_eq!(found, codes, "{claims}");
    }
}

#[test]
fn the_source_types_own_name_as_key_is_corrected() {
    let mut registry = SourceRegistry::new();
    sources().into_iter().for_each(|source| registry.register(source));
    let wrong = entry().with("SignedAssertionFilePath", PATH);
    let error = registry.bind(vec![wrong], FakeWorld::new().world()).unwrap_err().to_string();
    assert!(error.contains("write \"SignedAssertionFileDiskPath\""), "{error}");
}
