//! What has ended leaves memory; a client begins warm and ends in order.

use std::time::Duration;

use credential_core::world::{Clock, HttpErrorKind};
use token_client::{TokenErrorKind, TokenRequest, TokenSource};

use super::scene::{Reply, Scene, app, settle, user};

#[tokio::test]
async fn users_leave_while_calls_of_any_kind_go_on() {
    // Calls of the application, by request and by source; nobody asks for anything new.
    for by_source in [false, true] {
        let scene = Scene::new(Reply::Token(86_400));
        let client = scene.client().await;
        let source = client.token_source(app());
        scene.meanwhile(client.token(&app())).await.unwrap();
        for nth in 0..2000 {
            scene.answers(Reply::Token(if nth % 2 == 0 { 600 } else { 1200 }));
            scene.meanwhile(client.token(&user(nth))).await.unwrap();
        }
        let before = client.cached_bytes();
        for _ in 0..30 {
            scene.clock.advance(Duration::from_secs(60));
            match by_source {
                true => drop(scene.meanwhile(source.token()).await.unwrap()),
                false => drop(scene.meanwhile(client.token(&app())).await.unwrap()),
            }
            settle().await;
            settle().await;
        }
        let left = client.cached_bytes();
        assert!(before > 2000 * 256 && left < 2000, "{before} bytes, then {left}");
    }
}

#[tokio::test]
async fn a_purge_forgets_at_once() {
    let scene = Scene::new(Reply::Token(3600));
    let client = scene.client().await;
    for nth in 0..100 {
        scene.meanwhile(client.token(&user(nth))).await.unwrap();
    }
    client.purge();
    assert_eq!(client.cached_bytes(), 0);
    assert!(client.cached(&user(1)).is_none());
    // Failures too.
    scene.answers(Reply::Status(429, &[("retry-after", "60")], ""));
    scene.meanwhile(client.token(&user(1))).await.unwrap_err();
    scene.answers(Reply::Token(3600));
    scene.meanwhile(client.token(&user(1))).await.unwrap_err();
    client.purge();
    scene.meanwhile(client.token(&user(1))).await.unwrap();
}

#[tokio::test]
async fn a_warm_client_has_its_tokens_before_anybody_asks() {
    let scene = Scene::new(Reply::Token(3600));
    *scene.delay.lock().unwrap() = Duration::from_millis(100);
    let client = scene.client().await;
    let requests: Vec<TokenRequest> = (0..20).map(|nth| app().tenant(format!("tenant{nth}.example"))).collect();
    let start = credential_core::world::Clock::moment(&*scene.clock);
    scene.meanwhile(client.warm_up(&requests)).await.unwrap();
    let took = credential_core::world::Clock::moment(&*scene.clock).since(start);
    assert!(took < Duration::from_millis(250), "one after the other: {took:?}");
    assert!(requests.iter().all(|request| client.cached(request).is_some()));
    assert_eq!(scene.requests(), 20);
    // The first failure, and what comes after it all the same.
    scene.answers_by(|request| match request.url.as_str() {
        url if url.contains("/bad.example/") => Reply::Status(400, &[], r#"{"error":"invalid_scope"}"#),
        url if url.contains("/worse.example/") => Reply::Status(429, &[], ""),
        _ => Reply::Token(3600),
    });
    let [bad, worse] = ["bad.example", "worse.example"].map(|tenant| app().tenant(tenant));
    let requests = [requests[0].clone(), bad, user(1), worse, user(2)];
    let error = scene.meanwhile(client.warm_up(&requests)).await.unwrap_err();
    assert_eq!(error.kind(), TokenErrorKind::Refused);
    assert!([0, 2, 4].iter().all(|nth| client.cached(&requests[*nth]).is_some()));
}

#[tokio::test]
async fn a_cache_of_no_size_serves_whoever_asks() {
    for bytes in [0, 1, 2000] {
        let scene = Scene::new(Reply::Token(3600));
        let client = scene.builder().max_cache_bytes(bytes).build().await.unwrap();
        let sources = [1, 2].map(|nth| client.token_source(TokenRequest::app(format!("api://{nth}/.default"))));
        for nth in 0..50 {
            for source in &sources {
                scene.meanwhile(source.token()).await.unwrap();
            }
            let token = scene.meanwhile(client.token(&user(nth))).await.unwrap();
            assert_eq!(client.cached(&user(nth)).unwrap().value(), token.value(), "what came in last");
            assert!(client.cached_bytes() <= bytes.max(500), "{}", client.cached_bytes());
        }
    }
}

#[tokio::test]
async fn a_warm_up_ends_in_time_whatever_the_authority_does() {
    for (reply, delay) in [(Reply::Hang, 0), (Reply::Token(3600), 5_000), (Reply::Fail(HttpErrorKind::Timeout), 20_000)]
    {
        let scene = Scene::new(reply);
        *scene.delay.lock().unwrap() = Duration::from_millis(delay);
        let client = scene.builder().max_requests(8).patience(Duration::from_secs(30)).build().await.unwrap();
        let requests: Vec<TokenRequest> = (0..200).map(|nth| app().tenant(format!("tenant{nth}.example"))).collect();
        let start = scene.clock.moment();
        scene.meanwhile(client.warm_up(&requests)).await.unwrap_err();
        let took = scene.clock.moment().since(start);
        assert!(took < Duration::from_secs(32), "{took:?}");
    }
}

/// Whoever was under way has its token, and the client that a reload makes meanwhile keeps none.
#[tokio::test]
async fn nothing_is_left_of_a_client_that_is_reloaded_while_it_ends_and_is_ended_twice() {
    let scene = Scene::new(Reply::Token(3600));
    let client = scene.client().await;
    scene.meanwhile(client.token(&app())).await.unwrap();
    let mut under_way = Vec::new();
    for delay in [100, 400] {
        *scene.delay.lock().unwrap() = Duration::from_millis(delay);
        let client = client.clone();
        under_way.push(tokio::spawn(async move { client.token(&app().extra_query("delay", delay.to_string())).await }));
        settle().await;
    }
    let ends = [Duration::MAX, Duration::from_secs(1)].map(|within| {
        let client = client.clone();
        tokio::spawn(async move { client.shutdown(within).await })
    });
    scene.pass(Duration::from_millis(200)).await;
    assert!(client.cached(&app()).is_none());
    assert!(client.cached_bytes() > 0);
    client.reload_with((*client.configuration()).clone()).unwrap();
    assert!(client.cached_bytes() > 0);
    for end in ends {
        assert!(scene.meanwhile(end).await.unwrap());
    }
    for token in under_way {
        scene.meanwhile(token).await.unwrap().unwrap();
    }
    assert_eq!(client.cached_bytes(), 0);
    client.reload_with((*client.configuration()).clone()).unwrap();
    assert!(scene.meanwhile(client.shutdown(Duration::ZERO)).await);
    assert_eq!(scene.meanwhile(client.token(&app())).await.unwrap_err().kind(), TokenErrorKind::Aborted);
}

#[tokio::test]
async fn what_is_under_way_may_end_and_nothing_begins() {
    for (delay, in_time) in [(100, true), (60_000, false)] {
        let scene = Scene::new(Reply::Token(3600));
        let client = scene.builder().patience(Duration::from_secs(600)).build().await.unwrap();
        scene.meanwhile(client.token(&app())).await.unwrap();
        *scene.delay.lock().unwrap() = Duration::from_millis(delay);
        let other = client.clone();
        let under_way = tokio::spawn(async move { other.token(&user(1)).await.is_ok() });
        scene.pass(Duration::from_millis(20)).await;
        let start = credential_core::world::Clock::moment(&*scene.clock);
        assert_eq!(scene.meanwhile(client.shutdown(Duration::from_secs(5))).await, in_time);
        let took = credential_core::world::Clock::moment(&*scene.clock).since(start);
        assert!(took <= Duration::from_secs(6), "{took:?}");
        let requests = scene.requests();
        for request in [app(), user(1), app().force_refresh()] {
            let error = scene.meanwhile(client.token(&request)).await.unwrap_err();
            assert_eq!(error.kind(), TokenErrorKind::Aborted, "{error}");
        }
        assert_eq!((scene.requests(), client.cached_bytes()), (requests, 0));
        if in_time {
            assert!(under_way.await.unwrap(), "it was to end well");
        }
    }
}
