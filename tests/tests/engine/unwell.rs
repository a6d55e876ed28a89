//! An authority that is unwell is left in peace, whoever asks.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use credential_core::credential::{Assertion, AssertionProvider, AssertionRequest};
use credential_core::testing::FixedSource;
use credential_core::world::HttpErrorKind;
use credential_core::{Credential, SourceError};
use token_client::{TokenClient, TokenErrorKind, TokenRequest};

use super::scene::{OwnCalendar, Reply, SCOPE, Scene, app, settle, user};

/// Callers of a client; as [`storm_by`].
async fn storm(scene: &Arc<Scene>, client: &TokenClient, callers: Vec<TokenRequest>) -> (usize, usize) {
    storm_by(scene, callers.into_iter().map(|request| (client.clone(), request)).collect()).await
}

/// Callers that ask as fast as they can, each for its own; gives the requests in ten seconds, and calls.
async fn storm_by(scene: &Arc<Scene>, callers: Vec<(TokenClient, TokenRequest)>) -> (usize, usize) {
    let (stop, calls) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let tasks: Vec<_> = callers
        .into_iter()
        .map(|(client, request)| {
            let (stop, calls) = (Arc::clone(&stop), Arc::clone(&calls));
            tokio::spawn(async move {
                while !stop.load(Ordering::SeqCst) {
                    let result = client.token(&request).await;
                    calls.fetch_add(1, Ordering::SeqCst);
                    if let Err(error) = result {
                        assert!(error.retry_after().is_some(), "{error}");
                    }
                    tokio::task::yield_now().await;
                }
            })
        })
        .collect();
    scene.pass(Duration::from_secs(10)).await;
    stop.store(true, Ordering::SeqCst);
    for task in tasks {
        scene.meanwhile(task).await.unwrap();
    }
    (scene.requests(), calls.load(Ordering::SeqCst))
}

/// The most requests in ten seconds, where so many ask for tokens of their own: three failures in a row prove that it
/// is unwell, each may have a request under way then, and four looks whether it is well again fit in (after half a
/// second, doubled each time, three quarters of it at least).
const fn most(asking: usize) -> usize {
    3 + asking + 4
}

/// As the one before it in the list, for many.
fn date_or_tls(reply: &Reply) -> bool {
    matches!(reply, Reply::Fail(HttpErrorKind::Tls) | Reply::Status(503, ..))
}

fn tenant(nth: usize) -> TokenRequest {
    app().tenant(format!("tenant{nth}.example"))
}

#[tokio::test]
async fn it_gets_few_requests_whatever_the_number_of_callers_users_and_tenants() {
    let date: &[(&str, &str)] = &[("retry-after", "Thu, 01 Jan 2026 01:00:00 GMT")];
    for (reply, most_of_one) in [
        (Reply::Status(500, &[], ""), most(1)),
        (Reply::Status(429, &[], ""), most(1)),
        (Reply::Status(429, &[("retry-after", "120")], ""), 1),
        (Reply::Status(503, date, ""), 1),
        (Reply::Fail(HttpErrorKind::Connect), most(1)),
        (Reply::Fail(HttpErrorKind::Tls), most(1)),
    ] {
        let crowds: [(usize, Vec<TokenRequest>); 4] = [
            (most_of_one, (0..15).map(|_| app()).collect()),
            (most(15), (0..15).map(user).collect()),
            (most(15), (0..15).map(tenant).collect()),
            (most(15), (0..15).map(|nth| user(nth).tenant(format!("tenant{}.example", nth % 7))).collect()),
        ];
        for (most, callers) in crowds.into_iter().take(if date_or_tls(&reply) { 1 } else { 4 }) {
            let scene = Scene::new(reply.clone());
            let client = scene.client().await;
            let (requests, calls) = storm(&scene, &client, callers).await;
            assert!(requests <= most, "{requests} requests in 10 s, at most {most}");
            assert!(calls > 1000, "{calls} calls: they were to be answered at once");
        }
    }
}

#[tokio::test]
async fn it_gets_no_more_from_fifty_clients_that_know_nothing_of_each_other() {
    for reply in [Reply::Status(503, &[], ""), Reply::Fail(HttpErrorKind::Connect)] {
        let scene = Scene::new(reply);
        let mut callers = Vec::new();
        for nth in 0..50 {
            callers.push((scene.client().await, user(nth).tenant(format!("tenant{}.example", nth % 7))));
        }
        let (requests, calls) = storm_by(&scene, callers).await;
        assert!(requests <= most(50), "{requests} requests in 10 s, at most {}", most(50));
        assert!(calls > 1000, "{calls} calls: they were to be answered at once");
    }
}

#[tokio::test]
async fn a_client_of_another_scene_knows_nothing_of_it() {
    let unwell = Scene::new(Reply::Fail(HttpErrorKind::Connect));
    let client = unwell.client().await;
    for nth in 0..10 {
        unwell.meanwhile(client.token(&tenant(nth))).await.unwrap_err();
    }
    let well = Scene::new(Reply::Token(3600));
    well.meanwhile(well.client().await.token(&app())).await.unwrap();
    // Nor does one that goes by another clock.
    let clock = OwnCalendar { steady: Arc::default(), calendar: SystemTime::UNIX_EPOCH.into() };
    let other = unwell.builder().world(unwell.world().with_clock(Arc::new(clock))).build().await.unwrap();
    unwell.answers(Reply::Token(3600));
    other.token(&app()).await.unwrap();
}

#[tokio::test]
async fn refusals_that_cannot_change_are_remembered_for_a_moment() {
    let scene = Scene::new(Reply::Status(400, &[], r#"{"error":"invalid_scope","error_codes":[70011]}"#));
    let client = scene.client().await;
    let (requests, _) = storm(&scene, &client, (0..15).map(|_| app()).collect()).await;
    assert!((2..=3).contains(&requests), "{requests}");
    // Whoever wants it anew is heard.
    scene.answers(Reply::Token(60));
    scene.meanwhile(client.token(&app().force_refresh())).await.unwrap();
    scene.meanwhile(client.token(&app())).await.unwrap();
}

#[tokio::test]
async fn one_unwell_tenant_slows_no_other() {
    for reply in [Reply::Status(500, &[], ""), Reply::Status(429, &[("retry-after", "60")], ""), Reply::Hang] {
        let scene = Scene::new(Reply::Token(3600));
        scene.answers_by(move |request| match request.url.contains("/bad.example/") {
            true => reply.clone(),
            false => Reply::Token(3600),
        });
        let client = scene.client().await;
        scene.meanwhile(client.token(&app())).await.unwrap();
        let bad: Vec<_> = (0..200)
            .map(|nth| {
                let client = client.clone();
                tokio::spawn(async move { client.token(&user(nth).tenant("bad.example")).await.is_err() })
            })
            .collect();
        scene.pass(Duration::from_millis(100)).await;
        for nth in 0..50 {
            let start = credential_core::world::Clock::moment(&*scene.clock);
            scene.meanwhile(client.token(&tenant(nth))).await.unwrap();
            let took = credential_core::world::Clock::moment(&*scene.clock).since(start);
            assert!(took < Duration::from_millis(100), "{took:?}");
        }
        for task in bad {
            assert!(scene.meanwhile(task).await.unwrap());
        }
    }
}

#[tokio::test]
async fn it_is_tried_by_one_at_a_time_and_open_to_all_when_it_is_well() {
    let scene = Scene::new(Reply::Fail(HttpErrorKind::Connect));
    let client = scene.client().await;
    storm(&scene, &client, (0..20).map(tenant).collect()).await;
    scene.answers(Reply::Token(3600));
    *scene.delay.lock().unwrap() = Duration::from_millis(100);
    scene.most_under_way.store(0, Ordering::SeqCst);
    let before = scene.requests();
    // Until the first of the new ones is let through.
    scene.pass(Duration::from_secs(15)).await;
    let first = tenant(100);
    let probe = client.token(&first);
    let others: Vec<_> = (101..150)
        .map(|nth| {
            let client = client.clone();
            tokio::spawn(async move { client.token(&tenant(nth)).await.is_ok() })
        })
        .collect();
    let probed = scene.meanwhile(probe).await.is_ok();
    let mut good = usize::from(probed);
    for other in others {
        good += usize::from(scene.meanwhile(other).await.unwrap());
    }
    assert_eq!((good, scene.requests() - before, scene.most_under_way.load(Ordering::SeqCst)), (1, 1, 1));
    for nth in 200..250 {
        scene.meanwhile(client.token(&tenant(nth))).await.unwrap();
    }
}

#[tokio::test]
async fn whatever_it_refuses_shows_that_it_is_well() {
    for tenants in [1, 100] {
        let scene = Scene::new(Reply::Token(3600));
        let client = scene.client().await;
        for nth in 0..20 {
            scene.answers(match nth % 2 {
                0 => Reply::Status(429, &[], ""),
                _ => Reply::Status(400, &[], r#"{"error":"invalid_grant","error_codes":[50013]}"#),
            });
            let request = user(nth).tenant(format!("tenant{}.example", nth % tenants));
            scene.meanwhile(client.token(&request)).await.unwrap_err();
        }
        assert_eq!(scene.requests(), 20, "of {tenants}");
    }
}

/// Whoever looks whether it is well again may be gone in the middle of it.
#[test]
fn a_look_that_ends_with_its_runtime_is_taken_by_the_next() {
    let runtime = || tokio::runtime::Builder::new_current_thread().build().unwrap();
    let of_tenant = |nth: usize| user(nth).tenant("bad.example");
    for (reply, request) in [
        (Reply::Fail(HttpErrorKind::Tls), tenant as fn(usize) -> TokenRequest),
        (Reply::Status(429, &[], ""), of_tenant),
    ] {
        let (scene, here, ends) = (Scene::new(reply), runtime(), runtime());
        let client = here.block_on(scene.client());
        here.block_on(async {
            for nth in 0..4 {
                scene.meanwhile(client.token(&request(nth))).await.unwrap_err();
            }
        });
        scene.clock.advance(Duration::from_secs(60));
        scene.answers(Reply::Hang);
        ends.block_on(async {
            let client = client.clone();
            tokio::spawn(async move { client.token(&request(10)).await.is_ok() });
            settle().await;
        });
        scene.answers(Reply::Token(3600));
        assert!(here.block_on(client.token(&request(11))).is_err(), "one at a time");
        drop(ends);
        here.block_on(client.token(&request(12))).unwrap();
    }
}

#[tokio::test]
async fn what_fails_is_about_the_host_the_tenant_or_the_request_alone() {
    use HttpErrorKind::{Broken, Connect, Request, Timeout, Tls, UnknownHost, Unsupported};
    for (kind, of_tenant, of_host) in [
        (UnknownHost, true, true),
        (Connect, true, true),
        (Tls, true, true),
        (Timeout, true, false),
        (Broken, true, false),
        (Request, false, false),
        (Unsupported, false, false),
    ] {
        let scene = Scene::new(Reply::Fail(kind));
        let client = scene.client().await;
        for nth in 0..4 {
            scene.meanwhile(client.token(&user(nth))).await.unwrap_err();
        }
        scene.answers(Reply::Token(3600));
        let other = scene.meanwhile(client.token(&tenant(1))).await;
        assert_eq!(other.is_err(), of_host, "{kind:?}");
        let own = scene.meanwhile(client.token(&user(5))).await;
        assert_eq!(own.is_err(), of_tenant, "{kind:?}");
    }
}

/// Who is answered out of memory costs no signature: that may be a call to a vault.
#[tokio::test]
async fn whoever_is_refused_at_once_presents_nothing() {
    #[derive(Debug, Default)]
    struct Counts(AtomicUsize);

    #[async_trait]
    impl AssertionProvider for Counts {
        async fn assertion(&self, _: &AssertionRequest<'_>) -> Result<Assertion, SourceError> {
            self.0.fetch_add(1, Ordering::SeqCst);
            Ok(Assertion::new("e30.e30.AAAA", None))
        }
    }

    for reply in [Reply::Fail(HttpErrorKind::Connect), Reply::Status(429, &[], "")] {
        let (scene, counts) = (Scene::new(reply), Arc::<Counts>::default());
        let given = Credential::assertions("given", Arc::clone(&counts) as _);
        let client = scene.builder().source(FixedSource::new("Given", Ok(given))).build().await.unwrap();
        for nth in 0..100 {
            scene.meanwhile(client.token(&user(nth))).await.unwrap_err();
        }
        let (presented, requests) = (counts.0.load(Ordering::SeqCst), scene.requests());
        assert!(presented <= requests && requests < 10, "{presented} for {requests} requests");
    }
}

/// A user who fails again and again is tried once a second, as long as others are answered.
#[tokio::test]
async fn a_user_who_fails_while_others_are_answered_is_tried_each_second() {
    let scene = Scene::new(Reply::Token(3600));
    let client = scene.client().await;
    for nth in 1..=10 {
        scene.answers(Reply::Status(429, &[], ""));
        scene.meanwhile(client.token(&user(0))).await.unwrap_err();
        scene.answers(Reply::Token(3600));
        scene.clock.advance(Duration::from_millis(500));
        scene.meanwhile(client.token(&user(nth))).await.unwrap();
        scene.clock.advance(Duration::from_millis(600));
        assert_eq!(scene.requests(), 2 * nth);
    }
}

/// One of its users is told for all; several tenants are told for the host, a minute at the most.
#[tokio::test]
async fn what_it_asks_for_counts_for_the_tenant_and_where_several_ask_for_the_host() {
    for (asked, seconds) in [("20", 20), ("3600", 60)] {
        let headers: &[(&str, &str)] = Box::leak(Box::new([("retry-after", asked)]));
        for of_host in [false, true] {
            let request = |nth: usize| user(nth).tenant(format!("tenant{}.example", if of_host { nth } else { 0 }));
            let scene = Scene::new(Reply::Status(429, headers, ""));
            let client = scene.client().await;
            for nth in 0..3 {
                scene.meanwhile(client.token(&request(nth))).await.unwrap_err();
            }
            scene.answers(Reply::Token(3600));
            scene.clock.advance(Duration::from_secs(seconds - 2));
            let error = scene.meanwhile(client.token(&request(3))).await.unwrap_err();
            assert!(error.retry_after().is_some_and(|wait| wait <= Duration::from_secs(2)), "{error}");
            assert_eq!(scene.requests(), 3);
            assert_eq!(scene.meanwhile(client.token(&app())).await.is_err(), of_host);
            scene.clock.advance(Duration::from_secs(2));
            scene.meanwhile(client.token(&request(4))).await.unwrap();
        }
    }
}

/// As a proxy's page: nothing was said of the request, so nothing is said of it for longer than the page is there.
#[tokio::test]
async fn a_page_in_place_of_an_answer_is_an_authority_that_is_unwell() {
    let scene = Scene::new(Reply::Status(200, &[], "<html>"));
    let client = scene.client().await;
    let error = scene.meanwhile(client.token(&app())).await.unwrap_err();
    assert_eq!(error.kind(), TokenErrorKind::Unwell, "{error}");
    assert!(error.retry_after().is_some_and(|wait| wait <= Duration::from_secs(1)), "{error}");
    let (requests, _) = storm(&scene, &client, (0..15).map(tenant).collect()).await;
    assert!(requests <= most(15), "{requests}");
}

#[tokio::test]
async fn a_single_fault_passes_unseen() {
    let faults = Arc::new(AtomicUsize::new(0));
    let scene = Scene::new(Reply::Hang);
    scene.answers_by({
        let faults = Arc::clone(&faults);
        move |_| match faults.fetch_add(1, Ordering::SeqCst) % 2 {
            0 => Reply::Status(502, &[], ""),
            _ => Reply::Token(60),
        }
    });
    let client = scene.client().await;
    for nth in 0..20 {
        scene.meanwhile(client.token(&TokenRequest::app(format!("api://{nth}/.default")))).await.unwrap();
    }
}

#[tokio::test]
async fn the_error_says_what_was_answered_and_when_to_come_again() {
    let scene = Scene::new(Reply::Status(503, &[], r#"{"error":"temporarily_unavailable","error_codes":[90033]}"#));
    let client = scene.client().await;
    for nth in 0..10 {
        let error = scene.meanwhile(client.token(&user(nth))).await.unwrap_err();
        assert_eq!(error.kind(), TokenErrorKind::Unwell, "{error}");
        assert!(error.authority().is_some_and(|said| said.error_codes == [90033]), "{error}");
        assert!(nth < 3 || error.retry_after().is_some_and(|wait| wait <= Duration::from_secs(1)), "{error}");
    }
    assert!(scene.requests() <= 6, "{}", scene.requests());
    assert_eq!(scene.requests_with(SCOPE), 0);
    settle().await;
}
