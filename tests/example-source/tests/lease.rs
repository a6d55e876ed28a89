//! What the source must keep to, and that it goes to the server when it has to and at no other time.

#![expect(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]

use std::time::Duration;

use credential_core::source::LoadReason;
use credential_core::testing::{Bound, Conformance, FakeReply, FakeWorld, application};
use credential_core::world::HttpResponse;
use credential_core::{Credential, CredentialDescription, LoadRequest, SourceError, SourceErrorKind};
use example_source::LeasedSecret;

const URL: &str = "https://secrets.example/orders";

fn entry() -> CredentialDescription {
    CredentialDescription::new("LeasedSecret").with("LeaseUrl", URL).with("LeaseToken", "hunter2-token")
}

/// What is answered from now on: a lease of 100 seconds, for the secret of that tag.
fn lease(world: &FakeWorld, status: u16, tag: &str) {
    let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let headers = vec![header("Cache-Control", "private, max-age=100"), header("ETag", tag)];
    let body = if status == 304 { String::new() } else { format!("hunter2-{tag}\n") };
    world.http.on("GET", URL, FakeReply::Answer(HttpResponse::new(status, headers, body)));
}

async fn load(
    bound: &Bound,
    world: &FakeWorld,
    again: Option<(LoadReason, &Credential)>,
) -> Result<Credential, SourceError> {
    let (application, world) = (application(), world.world());
    let deadline = world.clock.moment().after(Duration::from_secs(10));
    let request = LoadRequest::new(&application, deadline, &world);
    bound.load(&again.map_or(request.clone(), |(reason, previous)| request.again(reason, previous))).await
}

fn text(credential: &Credential) -> &str {
    match credential {
        Credential::Secret(secret) => secret.value().expose(),
        other => panic!("no secret: {other:?}"),
    }
}

/// How long it says that it lasts.
fn lasts(credential: &Credential, world: &FakeWorld) -> u64 {
    credential.expires_on().unwrap().duration_since(world.world().clock.now()).unwrap().as_secs()
}

#[tokio::test]
async fn conforms() {
    Conformance::new(LeasedSecret, entry())
        .works_when(|world| lease(world, 200, "first"))
        .rotates_when(|world| lease(world, 200, "second"))
        .fails_when(|world| lease(world, 403, "token is no token of ours"))
        .never_shows(["hunter2"])
        .check()
        .await
        .unwrap();
}

#[tokio::test]
async fn a_lease_is_renewed_when_half_of_it_is_over_and_ends_with_another_secret() {
    let (world, bound) = (FakeWorld::new(), Bound::new(LeasedSecret, entry()).unwrap());
    let asked = || world.http.requests().len();
    lease(&world, 200, "first");
    let first = load(&bound, &world, None).await.unwrap();
    assert_eq!((text(&first), lasts(&first, &world)), ("hunter2-first", 100));
    world.clock.advance(Duration::from_secs(49));
    let same = load(&bound, &world, Some((LoadReason::Refresh, &first))).await.unwrap();
    assert_eq!((asked(), lasts(&same, &world)), (1, 51), "the lease is good for half of its time");
    world.clock.advance(Duration::from_secs(1));
    lease(&world, 304, "first");
    let renewed = load(&bound, &world, Some((LoadReason::Refresh, &same))).await.unwrap();
    assert!(renewed.same_material(&first));
    assert_eq!((asked(), lasts(&renewed, &world)), (2, 100));
    let [.., renewal] = &*world.http.requests() else { panic!("nothing was asked") };
    assert!(renewal.headers.iter().any(|(name, value)| name == "If-None-Match" && value.expose() == "first"));
    lease(&world, 200, "second");
    let second = load(&bound, &world, Some((LoadReason::Rejected, &renewed))).await.unwrap();
    assert_eq!((asked(), text(&second)), (3, "hunter2-second"), "a refused secret is asked for at once");
    load(&bound, &world, Some((LoadReason::Refresh, &second))).await.unwrap();
    assert_eq!(asked(), 3);
}

#[tokio::test]
async fn each_entry_has_a_lease_of_its_own() {
    let world = FakeWorld::new();
    let (one, other) = (Bound::new(LeasedSecret, entry()).unwrap(), Bound::new(LeasedSecret, entry()).unwrap());
    lease(&world, 200, "one");
    load(&one, &world, None).await.unwrap();
    lease(&world, 200, "other");
    for _ in 0..2 {
        assert_eq!(text(&load(&one, &world, None).await.unwrap()), "hunter2-one");
        assert_eq!(text(&load(&other, &world, None).await.unwrap()), "hunter2-other");
    }
    assert_eq!(world.http.requests().len(), 2);
}

#[tokio::test]
async fn each_answer_without_a_lease_says_what_is_missing() {
    for (status, body, kind, setting) in [
        (403, "no", SourceErrorKind::Denied, "LeaseToken"),
        (503, "", SourceErrorKind::Transient, "LeaseUrl"),
        (200, "", SourceErrorKind::Transient, "LeaseUrl"),
        (200, "hunter2", SourceErrorKind::Invalid, "LeaseUrl"),
        (304, "", SourceErrorKind::Transient, "LeaseUrl"),
    ] {
        let (world, bound) = (FakeWorld::new(), Bound::new(LeasedSecret, entry()).unwrap());
        world.http.answer(status, body);
        let error = load(&bound, &world, None).await.unwrap_err();
        assert_eq!((error.kind(), error.setting()), (kind, Some(setting)), "{status}: {error}");
        assert!(error.path().unwrap().ends_with(setting), "{status}: {error:?}");
    }
    let silent = load(&Bound::new(LeasedSecret, entry()).unwrap(), &FakeWorld::new(), None).await.unwrap_err();
    assert_eq!((silent.kind(), silent.code()), (SourceErrorKind::Transient, "no-answer"));
}
