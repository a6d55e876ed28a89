//! What every platform over HTTP keeps to, whatever happens there.

use credential_core::SourceErrorKind::{Denied, Invalid, NotApplicable, Transient};
use credential_core::source::LoadReason;
use credential_core::testing::Conformance;
use credential_core::world::HttpErrorKind;
use credential_core::{SourceError, SourceErrorKind};

use super::*;
use crate::common::{IN_MILLISECONDS, in_time, load};

#[tokio::test]
async fn every_platform_conforms() {
    for asked in ASKED {
        let (first, second) = (token("first", AUDIENCE, 3600), token("second", AUDIENCE, 7 * 86_400));
        let of = |token: String| move |world: &FakeWorld| asked.gives(world, &token);
        let conformance = Conformance::new((asked.source)(), (asked.entry)())
            .works_when({
                let first = first.clone();
                move |world| {
                    (asked.here)(world);
                    asked.gives(world, &first);
                }
            })
            .rotates_when(of(second.clone()))
            .fails_when(of(token("third", AUDIENCE, -1)))
            .never_shows([first, second].into_iter().chain(asked.secret.map(str::to_owned)));
        conformance.check().await.unwrap_or_else(|violations| panic!("{asked:?}: {violations}"));
    }
}

#[tokio::test]
async fn what_cannot_be_sent_is_not_and_the_finding_says_why() {
    for asked in ASKED {
        let other = token("a", "https://other.example", 3600);
        let answer = |body: String| asked.answered(200, body);
        let status = |status| refusal(asked, status);
        let cases: Vec<(FakeReply, SourceErrorKind, &str)> = vec![
            (answer((asked.answer)(&token("a", AUDIENCE, -120))), Invalid, "assertion-expired"),
            (answer((asked.answer)("opaque-hunter2")), Invalid, "not-an-assertion"),
            (answer((asked.answer)(&token("a", AUDIENCE, IN_MILLISECONDS))), Invalid, "not-an-assertion"),
            (answer((asked.answer)(&other)), Invalid, "assertion-audience"),
            (answer((asked.answer)("")), Invalid, "token-unreadable"),
            (asked.answered(200, b"\xff\xfe".to_vec()), Invalid, "token-unreadable"),
            (FakeReply::Fail(HttpErrorKind::TooLarge), Invalid, "token-answer-too-large"),
            (status(302), Denied, "token-redirected"),
            (status(400), Invalid, "token-request-refused"),
            (status(401), Denied, "token-refused"),
            (status(403), Denied, "token-refused"),
            (status(404), Denied, "token-not-found"),
            (status(429), Transient, "token-service-unwell"),
            (status(500), Transient, "token-service-unwell"),
            (FakeReply::Hang, Transient, "token-service-timeout"),
            (FakeReply::Fail(HttpErrorKind::Broken), Transient, "token-service-unreachable"),
            (FakeReply::Fail(HttpErrorKind::Tls), Denied, "token-service-certificate"),
        ];
        for (reply, kind, code) in cases {
            let world = asked.world();
            asked.replies(&world, reply);
            let error = in_time(&world, load(&asked.bound(), &world, None)).await.unwrap_err();
            assert_eq!((error.kind(), error.code()), (kind, code), "{asked:?}: {error}");
            assert!(error.remedy_text().is_some_and(|remedy| !remedy.is_empty()), "{asked:?}: {error}");
            let shown = format!("{error:?} {}", error.finding());
            let shows_secret = asked.secret.is_some_and(|secret| shown.contains(secret));
            assert!(!shown.contains("hunter2") && !shows_secret, "{asked:?}: {shown}");
        }
    }
}

/// With words that repeat what it was asked with.
fn refusal(asked: &Asked, status: u16) -> FakeReply {
    asked.answered(status, format!(r#"{{"message":"not with {}"}}"#, asked.secret.unwrap_or_default()))
}

#[tokio::test]
async fn elsewhere_nobody_is_asked() {
    for asked in ASKED.iter().filter(|asked| asked.address != GOOGLE_CLOUD.address) {
        let world = FakeWorld::new();
        let error = load(&asked.bound(), &world, None).await.unwrap_err();
        assert_eq!((error.kind(), error.code()), (NotApplicable, "platform-absent"), "{asked:?}");
        assert_eq!(world.http.requests().len(), 0, "{asked:?}");
        assert!(error.is_local(), "{asked:?}");
    }
}

#[tokio::test]
async fn a_token_for_somebody_else_says_what_to_register() {
    let (world, asked) = (GIT_HUB.world(), GIT_HUB);
    asked.gives(&world, &token("a", "https://github.com/contoso", 3600));
    let error = load(&asked.bound(), &world, None).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the token of GitHub Actions is meant for https://github.com/contoso, not for api://AzureADTokenExchange"
    );
    let remedy = error.remedy_text().unwrap();
    assert!(remedy.contains("issuer https://issuer.example, subject it's:main, audience https://github.com/contoso"));
    let command = r#"az ad app federated-credential create --id 'app1' --parameters '{"audiences":["https://github.com/contoso"],"issuer":"https://issuer.example","name":"token-client","subject":"it'\''s:main"}'"#;
    assert!(remedy.contains(command), "{remedy}");
    // Registered so, and said so, it is taken.
    let entry = (asked.entry)().with("TokenExchangeUrl", "https://github.com/contoso");
    assert!(load(&bound((asked.source)(), &entry), &world, None).await.is_ok());
}

#[tokio::test]
async fn a_token_is_kept_by_its_own_end_and_asked_for_anew_once_it_was_refused() {
    for asked in ASKED {
        let world = asked.world();
        let bound = asked.bound();
        asked.gives(&world, &token("first", AUDIENCE, 300));
        let first = load(&bound, &world, None).await.unwrap();
        let once = world.http.requests().len();
        asked.gives(&world, &token("second", AUDIENCE, 600));
        world.clock.advance(Duration::from_secs(200));
        let kept = load(&bound, &world, Some((LoadReason::Refresh, &first))).await.unwrap();
        assert_eq!((text(&kept), world.http.requests().len()), (token("first", AUDIENCE, 300), once), "{asked:?}");
        let fresh = load(&bound, &world, Some((LoadReason::Rejected, &kept))).await.unwrap();
        assert_eq!(text(&fresh), token("second", AUDIENCE, 600), "{asked:?}");
        // Within a minute of its end it is asked for anew, and serves where that fails.
        world.clock.advance(Duration::from_secs(350));
        asked.replies(&world, refusal(asked, 403));
        let kept = load(&bound, &world, Some((LoadReason::Refresh, &fresh))).await.unwrap();
        assert_eq!(text(&kept), token("second", AUDIENCE, 600), "{asked:?}");
        world.clock.advance(Duration::from_secs(60));
        let ended = load(&bound, &world, Some((LoadReason::Refresh, &kept))).await;
        assert_eq!(ended.as_ref().err().map(SourceError::code), Some("token-refused"), "{asked:?}: {ended:?}");
    }
}

#[tokio::test]
async fn what_may_pass_is_asked_again() {
    for asked in ASKED {
        let world = asked.world();
        let answers = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
        let good = (asked.answer)(&token("a", AUDIENCE, 3600));
        let answered = |status, body: &str| match asked.answered(status, body) {
            FakeReply::Answer(response) => response,
            other => panic!("{other:?}"),
        };
        asked.replies(
            &world,
            FakeReply::by(move |_| match answers.fetch_add(1, std::sync::atomic::Ordering::Relaxed) {
                0 => answered(503, ""),
                _ => answered(200, &good),
            }),
        );
        let loaded = in_time(&world, load(&asked.bound(), &world, None)).await;
        assert!(loaded.is_ok(), "{asked:?}: {loaded:?}");
    }
}

#[tokio::test]
async fn the_audience_is_that_of_the_cloud_unless_the_entry_says_another() {
    use credential_core::registry::Binding;
    use credential_core::{LoadRequest, SourceRegistry};
    let government = Application::new("app1", "https://login.microsoftonline.us/contoso.example")
        .tenant("contoso.example")
        .cloud("usgov");
    for (application, said, audience) in [
        (government.clone(), None, "api://AzureADTokenExchangeUSGov"),
        (government, Some("api://mine"), "api://mine"),
        (application(), Some("api://mine/.default"), "api://mine"),
    ] {
        let fake = GIT_HUB.world();
        GIT_HUB.gives(&fake, &token("a", audience, 3600));
        let entry = said.into_iter().fold((GIT_HUB.entry)(), |entry, said| entry.with("TokenExchangeUrl", said));
        let world = fake.world();
        let registry = SourceRegistry::new().with((GIT_HUB.source)());
        let binding = Binding::new(world.clone()).application(application.clone());
        let bound = Bound::among(&registry, entry, binding).unwrap();
        let deadline = world.clock.moment().after(Duration::from_secs(10));
        bound.load(&LoadRequest::new(&application, deadline, &world)).await.unwrap();
    }
}
