//! A token that is at hand is given at once, and renewed behind the caller's back.

use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, SystemTime};

use credential_core::registry::Binding;
use credential_core::source::Application;
use credential_core::tokens::{TokenFor, TokenProvider, TokenProviders};
use credential_core::world::{Clock, HttpErrorKind};
use credential_core::{CredentialDescription, SourceErrorKind, World};
use token_client::settings::{Configuration, Location};
use token_client::{AccessToken, Engine, PreparedToken, TokenClient, TokenSource, sources};

use super::scene::{OwnCalendar, Reply, SCOPE, SETTINGS, Scene, app, settle};

/// The token that is there without any wait.
fn at_once(client: &TokenClient) -> Option<AccessToken> {
    let request = app();
    let mut asked = std::pin::pin!(client.token(&request));
    match asked.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(token) => Some(token.unwrap()),
        Poll::Pending => None,
    }
}

fn at_once_by(source: &PreparedToken) -> Option<AccessToken> {
    match std::pin::pin!(source.token()).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(token) => Some(token.unwrap()),
        Poll::Pending => None,
    }
}

#[tokio::test]
async fn it_is_given_until_its_end_while_the_authority_hangs_or_fails() {
    let failures = [
        Reply::Hang,
        Reply::Status(503, &[], ""),
        Reply::Status(429, &[("retry-after", "20")], ""),
        Reply::Status(200, &[], "<html>"),
        Reply::Status(400, &[], r#"{"error":"invalid_scope"}"#),
        Reply::Status(401, &[], r#"{"error":"invalid_client","error_codes":[7000222]}"#),
        Reply::Fail(HttpErrorKind::Connect),
    ];
    for life in [60, 3600] {
        for failure in failures.clone() {
            let scene = Scene::new(Reply::Token(life));
            let client = scene.client().await;
            let source = client.token_source(app());
            scene.meanwhile(client.token(&app())).await.unwrap();
            scene.answers(failure);
            for _ in 0..(life - 10) / 10 {
                scene.clock.advance(Duration::from_secs(10));
                settle().await;
                assert!(at_once(&client).is_some() && at_once_by(&source).is_some());
            }
            assert!(scene.requests() > 1, "nobody tried to renew it");
            assert!(scene.requests() < 150, "{} requests for {life} s", scene.requests());
            scene.answers(Reply::Token(life));
            scene.pass(Duration::from_secs(5)).await;
        }
    }
}

#[tokio::test]
async fn tokens_that_live_five_minutes_or_less_are_used() {
    for life in [1, 4, 10, 60, 299, 300] {
        let scene = Scene::new(Reply::Token(life));
        let client = scene.client().await;
        for _ in 0..1000 {
            scene.meanwhile(client.token(&app())).await.unwrap();
        }
        assert_eq!(scene.requests(), 1, "{life}");
    }
}

#[tokio::test]
async fn one_caller_renews_it_at_its_half_for_all_and_nobody_waits() {
    let scene = Scene::new(Reply::Token(3600));
    *scene.delay.lock().unwrap() = Duration::from_millis(100);
    let client = scene.client().await;
    let source = client.token_source(app());
    let first = scene.meanwhile(source.token()).await.unwrap();
    scene.clock.advance(Duration::from_secs(1799));
    assert_eq!(at_once_by(&source).unwrap().value(), first.value());
    settle().await;
    assert_eq!(scene.requests(), 1, "it is not due yet");
    scene.clock.advance(Duration::from_secs(310));
    for _ in 0..100 {
        assert_eq!(at_once_by(&source).unwrap().value(), first.value());
        assert_eq!(at_once(&client).unwrap().value(), first.value());
    }
    scene.pass(Duration::from_millis(200)).await;
    assert_eq!(scene.requests(), 2);
    for token in [at_once_by(&source).unwrap(), at_once(&client).unwrap()] {
        assert_ne!(token.value(), first.value());
    }
}

#[tokio::test]
async fn what_nobody_asks_for_is_not_renewed() {
    let scene = Scene::new(Reply::Token(3600));
    let client = scene.client().await;
    let _source = client.token_source(app());
    scene.meanwhile(client.token(&app())).await.unwrap();
    for _ in 0..48 {
        scene.clock.advance(Duration::from_secs(1800));
        settle().await;
    }
    assert_eq!(scene.requests(), 1);
}

#[tokio::test]
async fn an_ended_token_is_served_by_no_clock() {
    const YEAR: Duration = Duration::from_secs(365 * 86_400);
    let start = SystemTime::UNIX_EPOCH + 56 * YEAR;
    for set_to in [start - YEAR, start, start + Duration::from_secs(3601)] {
        let scene = Scene::new(Reply::Token(3600));
        let clock = Arc::new(OwnCalendar { steady: Arc::clone(&scene.clock), calendar: start.into() });
        let client = scene.builder().world(scene.world().with_clock(clock.clone())).build().await.unwrap();
        let source = client.token_source(app());
        scene.meanwhile(client.token(&app())).await.unwrap();
        *clock.calendar.lock().unwrap() = set_to;
        scene.clock.advance(Duration::from_secs(2));
        let slept = set_to > start;
        assert_eq!((at_once(&client).is_none(), at_once_by(&source).is_none()), (slept, slept));
        scene.clock.advance(Duration::from_secs(3600));
        assert!(at_once(&client).is_none() && at_once_by(&source).is_none(), "{set_to:?}");
    }
}

/// As a machine does that begins in 1970 and learns the date a moment later.
#[tokio::test]
async fn a_clock_that_leaps_by_decades_ends_what_was_there_and_nothing_else() {
    const YEAR: u64 = 365 * 86_400;
    for life in [3600, 10 * YEAR] {
        let scene = Scene::new(Reply::Token(life));
        let calendar = SystemTime::UNIX_EPOCH.into();
        let clock = Arc::new(OwnCalendar { steady: Arc::clone(&scene.clock), calendar });
        let client = scene.builder().world(scene.world().with_clock(clock.clone())).build().await.unwrap();
        let source = client.token_source(app());
        let mut requests = 0;
        for years in [0, 56, 90] {
            *clock.calendar.lock().unwrap() = SystemTime::UNIX_EPOCH + Duration::from_secs(years * YEAR);
            scene.clock.advance(Duration::from_secs(1));
            requests += 1;
            for _ in 0..10 {
                scene.meanwhile(client.token(&app())).await.unwrap();
                scene.meanwhile(source.token()).await.unwrap();
            }
            assert_eq!(scene.requests(), requests, "{years}");
        }
    }
}

#[tokio::test]
async fn an_ended_token_of_an_entry_in_an_entry_is_served_by_no_clock() {
    const YEAR: Duration = Duration::from_secs(365 * 86_400);
    let start = SystemTime::UNIX_EPOCH + 56 * YEAR;
    for set_to in [start - YEAR, start, start + Duration::from_secs(3601)] {
        let scene = Scene::new(Reply::Token(3600));
        let clock = Arc::new(OwnCalendar { steady: Arc::clone(&scene.clock), calendar: start.into() });
        let world = scene.world().with_clock(clock.clone());
        let tokens = nested(&world);
        let ask = async || {
            let wanted = TokenFor::new(SCOPE, scene.clock.moment().after(Duration::from_secs(30)), &world);
            scene.meanwhile(tokens.token(&wanted)).await.unwrap();
            scene.requests()
        };
        assert_eq!((ask().await, ask().await), (1, 1));
        *clock.calendar.lock().unwrap() = set_to;
        let slept = usize::from(set_to > start);
        assert_eq!(ask().await, 1 + slept, "{set_to:?}");
        scene.clock.advance(Duration::from_secs(3600));
        assert_eq!(ask().await, 2 + slept, "{set_to:?}");
    }
}

#[tokio::test]
async fn a_source_goes_on_after_a_reload_and_sees_what_was_forced_or_purged() {
    let scene = Scene::new(Reply::Token(3600));
    let client = scene.client().await;
    let source = client.token_source(app());
    let value = |token: AccessToken| token.value().expose().to_owned();
    assert_eq!(value(scene.meanwhile(source.token()).await.unwrap()), "token-0");
    scene.meanwhile(client.token(&app().force_refresh())).await.unwrap();
    assert_eq!(value(at_once_by(&source).unwrap()), "token-1");
    client.purge();
    assert!(at_once_by(&source).is_none());
    assert_eq!(value(scene.meanwhile(source.token()).await.unwrap()), "token-2");
    for _ in 0..2 {
        client.reload_with((*client.configuration()).clone()).unwrap();
        let now = value(scene.meanwhile(source.token()).await.unwrap());
        assert_eq!(value(at_once_by(&source).unwrap()), now);
        assert_eq!(value(at_once(&client).unwrap()), now);
    }
}

#[tokio::test]
async fn a_source_gives_nothing_that_the_settings_before_a_reload_gave() {
    let scene = Scene::new(Reply::Token(3600));
    let client = scene.client().await;
    let source = client.token_source(app());
    let first = scene.meanwhile(source.token()).await.unwrap();
    let changed = SETTINGS.replace("\"app\"", "\"another\"");
    client.reload_with(Configuration::from_json(&changed, &Location::default(), &Default::default())).unwrap();
    assert!(at_once_by(&source).is_none() && at_once(&client).is_none());
    assert_ne!(scene.meanwhile(source.token()).await.unwrap().value(), first.value());
    assert_eq!(scene.requests_with("client_id=another"), 1);
}

#[tokio::test]
async fn a_renewal_that_was_refused_is_put_off_until_the_next_token() {
    let scene = Scene::new(Reply::Token(100));
    let client = scene.client().await;
    scene.meanwhile(client.token(&app())).await.unwrap();
    scene.answers(Reply::Status(400, &[], r#"{"error":"invalid_scope","error_codes":[70011]}"#));
    scene.clock.advance(Duration::from_secs(60));
    for _ in 0..5 {
        scene.clock.advance(Duration::from_secs(5));
        assert!(at_once(&client).is_some());
        settle().await;
    }
    assert_eq!(scene.requests(), 2, "it is put off");
    scene.answers(Reply::Token(10));
    scene.meanwhile(client.token(&app().force_refresh())).await.unwrap();
    scene.clock.advance(Duration::from_secs(7));
    assert!(at_once(&client).is_some());
    settle().await;
    assert_eq!(scene.requests(), 4, "the new one is renewed in time");
}

/// A token's last seconds are kept for when the authority is unwell.
#[tokio::test]
async fn in_its_last_seconds_it_is_given_where_no_other_can_be_had() {
    const REFUSED: Reply = Reply::Status(400, &[], r#"{"error":"invalid_scope","error_codes":[70011]}"#);
    for (reply, is_given) in [(Reply::Status(503, &[("retry-after", "1")], ""), true), (REFUSED, false)] {
        let scene = Scene::new(Reply::Token(100));
        let client = scene.client().await;
        let token = scene.meanwhile(client.token(&app())).await.unwrap();
        scene.answers(reply);
        scene.clock.advance(Duration::from_secs(97));
        assert!(at_once(&client).is_none());
        let given = scene.meanwhile(client.token(&app())).await;
        assert_eq!(given.is_ok_and(|given| given.value() == token.value()), is_given);
        assert!(scene.meanwhile(client.token(&app().force_refresh())).await.is_err());
        scene.clock.advance(Duration::from_secs(3));
        assert!(scene.meanwhile(client.token(&app())).await.is_err(), "it has ended");
    }
}

#[tokio::test]
async fn tokens_of_one_moment_are_renewed_one_after_the_other() {
    const KEYS: usize = 200;
    let scene = Scene::new(Reply::Token(3600));
    let client = scene.client().await;
    let request = |nth: usize| app().extra_query("nth", nth.to_string());
    for nth in 0..KEYS {
        scene.meanwhile(client.token(&request(nth))).await.unwrap();
    }
    scene.clock.advance(Duration::from_secs(1800));
    let mut renewed = Vec::new();
    for _ in 0..3 {
        scene.clock.advance(Duration::from_secs(103));
        for nth in 0..KEYS {
            assert!(client.cached(&request(nth)).is_some());
        }
        settle().await;
        renewed.push(scene.requests() - KEYS);
    }
    assert!((30..110).contains(&renewed[0]) && (90..170).contains(&renewed[1]), "{renewed:?}");
    assert_eq!(renewed[2], KEYS);
}

#[tokio::test]
async fn a_renewal_that_failed_for_a_moment_is_made_a_moment_later() {
    let scene = Scene::new(Reply::Token(3600));
    let client = scene.client().await;
    let first = scene.meanwhile(client.token(&app())).await.unwrap();
    scene.answers(Reply::Status(429, &[], ""));
    scene.clock.advance(Duration::from_secs(2200));
    assert!(at_once(&client).is_some());
    settle().await;
    assert_eq!(scene.requests(), 2);
    scene.answers(Reply::Token(3600));
    scene.clock.advance(Duration::from_secs(2));
    assert!(at_once(&client).is_some());
    settle().await;
    assert_ne!(at_once(&client).unwrap().value(), first.value());
}

/// Its credentials go nowhere else, whatever a vault's challenge says.
#[tokio::test]
async fn an_entry_in_an_entry_asks_over_https_and_again_before_the_end() {
    let scene = Scene::new(Reply::Token(3600));
    let (tokens, world) = (nested(&scene.world()), scene.world());
    let wanted = || TokenFor::new(SCOPE, scene.clock.moment().after(Duration::from_secs(30)), &world);
    for address in ["http://login.example/t", "https://user@login.example/t"] {
        let error = scene.meanwhile(tokens.token(&wanted().at(address, "t"))).await.unwrap_err();
        assert_eq!(error.kind(), SourceErrorKind::Misconfigured, "{error}");
    }
    assert_eq!(scene.requests(), 0);
    for (passes, requests) in [(0, 1), (3470, 1), (30, 2)] {
        scene.clock.advance(Duration::from_secs(passes));
        scene.meanwhile(tokens.token(&wanted())).await.unwrap();
        assert_eq!(scene.requests(), requests, "{passes}");
    }
}

fn nested(world: &World) -> Arc<dyn TokenProvider> {
    let application = Application::new("app", "https://login.microsoftonline.com/t.example").tenant("t.example");
    let entry = CredentialDescription::new("ClientSecret").with("ClientSecret", "s3cret");
    let binding = Binding::new(world.clone()).application(application);
    Engine.provider(sources::registry().bind(vec![entry], binding).unwrap())
}
