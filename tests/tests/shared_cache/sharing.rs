//! One exchange for all processes.

use std::sync::atomic::Ordering;
use std::time::Duration;

use token_client::TokenOrigin::{Authority, Cache, SharedCache};
use token_client::TokenRequest;

use credential_tests::processes::{Machines, app, got, keys, section, user};

#[tokio::test]
async fn a_second_process_finds_what_the_first_one_got() {
    let machines = Machines::new();
    let (one, other) = (machines.process().await, machines.process().await);
    for (nth, request) in [app(), user("ada"), app().tenant("fabrikam.example"), user("bob")].iter().enumerate() {
        let token = format!("token-{}", nth + 1);
        assert_eq!(got(&one, request).await, (token.clone(), Authority));
        machines.settled(nth + 1).await;
        assert_eq!(got(&other, request).await, (token.clone(), SharedCache));
        assert_eq!(got(&other, request).await, (token.clone(), Cache));
        assert_eq!(got(&one, request).await, (token, Cache));
    }
    assert_eq!(machines.authority.requests(), 4);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_processes_with_five_callers_each_make_one_exchange() {
    let machines = Machines::new();
    machines.authority.takes.store(100, Ordering::SeqCst);
    let mut callers = Vec::new();
    for _ in 0..10 {
        let client = machines.process().await;
        for _ in 0..5 {
            let client = client.clone();
            callers.push(tokio::spawn(async move { got(&client, &app()).await.0 }));
        }
    }
    for caller in callers {
        assert_eq!(caller.await.unwrap(), "token-1");
    }
    assert_eq!(machines.authority.requests(), 1);
}

#[tokio::test]
async fn a_token_at_hand_asks_nothing_of_the_store() {
    let machines = Machines::new();
    let client = machines.process().await;
    got(&client, &app()).await;
    machines.settled(1).await;
    let commands = machines.store.commands();
    for _ in 0..100 {
        assert_eq!(got(&client, &app()).await.1, Cache);
    }
    assert_eq!(machines.store.commands(), commands);
}

#[tokio::test]
async fn whoever_asks_anew_gets_a_new_one_for_all() {
    let machines = Machines::new();
    let (one, other) = (machines.process().await, machines.process().await);
    got(&one, &app()).await;
    machines.settled(1).await;
    assert_eq!(got(&other, &app().force_refresh()).await, ("token-2".to_owned(), Authority));
    let newest = || async { got(&machines.process().await, &app()).await };
    for _ in 0..1000 {
        if newest().await == ("token-2".to_owned(), SharedCache) {
            assert_eq!(machines.authority.requests(), 2);
            return;
        }
    }
    panic!("the store kept the older token");
}

#[tokio::test]
async fn a_process_that_dies_while_it_asks_holds_the_others_up_for_two_seconds_and_never_again() {
    let (machines, clock) = Machines::standing();
    let one = machines.process().await;
    machines.authority.takes.store(3_600_000, Ordering::SeqCst);
    let dead = tokio::spawn(async move { got(&one, &app()).await });
    while machines.authority.requests() == 0 {
        tokio::task::yield_now().await;
    }
    dead.abort();
    machines.authority.takes.store(0, Ordering::SeqCst);
    let other = machines.process().await;
    let waits = tokio::spawn(async move { got(&other, &app()).await });
    let mut waited = Duration::ZERO;
    while machines.authority.requests() < 2 {
        for _ in 0..50 {
            tokio::task::yield_now().await;
        }
        clock.advance(Duration::from_millis(10));
        waited += Duration::from_millis(10);
    }
    assert!((Duration::from_millis(1900)..Duration::from_millis(2200)).contains(&waited), "{waited:?}");
    assert_eq!(waits.await.unwrap(), ("token-2".to_owned(), Authority));
}

/// What an API asked for is asked of the authority, and what cannot be asked of nobody.
#[tokio::test]
async fn claims_are_never_served_out_of_the_store_and_what_cannot_work_asks_it_nothing() {
    let machines = Machines::new();
    got(&machines.process().await, &app()).await;
    machines.settled(1).await;
    let claims = app().claims(r#"{"access_token":{"nbf":{"essential":true,"value":"1"}}}"#);
    assert_eq!(got(&machines.process().await, &claims).await, ("token-2".to_owned(), Authority));
    let machines = Machines::new();
    machines.process().await.token(&TokenRequest::app("no resource")).await.unwrap_err();
    assert_eq!(machines.store.commands(), 0);
}

#[tokio::test]
async fn a_shared_token_says_what_it_said_where_it_came_from() {
    let machines = Machines::new();
    let (one, other) = (machines.process().await, machines.process().await);
    for (nth, request) in [app(), user("ada"), app().tenant("fabrikam.example")].iter().enumerate() {
        let first = one.token(request).await.unwrap();
        machines.settled(nth + 1).await;
        let second = other.acquire(request).await.unwrap();
        assert_eq!(second.origin, SharedCache);
        assert_eq!((second.token.tenant(), second.token.scopes()), (first.tenant(), first.scopes()));
        for (one, other) in [(first.expires_on(), second.token.expires_on())]
            .into_iter()
            .chain(first.refresh_on().zip(second.token.refresh_on()))
        {
            let apart = one.duration_since(other).unwrap_or_else(|later| later.duration());
            assert!(apart <= Duration::from_secs(1), "{apart:?}");
        }
    }
}

#[tokio::test]
async fn clients_of_other_capabilities_share_nothing() {
    let machines = Machines::new();
    let settings = |capabilities: &str| {
        let own = section("app1", r#"{"SourceType": "Given"}"#);
        format!(r#"{{"AzureAd": {}}}"#, own.replacen('{', &format!(r#"{{"ClientCapabilities": [{capabilities}], "#), 1))
    };
    let process = |capabilities| machines.builder(&settings(capabilities), machines.cache()).build();
    got(&process(r#""cp1""#).await.unwrap(), &app()).await;
    machines.settled(1).await;
    assert_eq!(got(&process(r#""cp1""#).await.unwrap(), &app()).await.1, SharedCache);
    assert_eq!(got(&process("").await.unwrap(), &app()).await.1, Authority);
}

#[tokio::test(start_paused = true)]
async fn whoever_waits_for_another_process_has_its_token_a_moment_after_it() {
    let machines = Machines::paused();
    machines.authority.takes.store(300, Ordering::SeqCst);
    let (one, other) = (machines.process().await, machines.process().await);
    let first = tokio::spawn(async move { got(&one, &app()).await });
    tokio::time::sleep(Duration::from_millis(10)).await;
    let start = tokio::time::Instant::now();
    assert_eq!(got(&other, &app()).await, ("token-1".to_owned(), SharedCache));
    let took = start.elapsed();
    assert!(took < Duration::from_millis(400), "{took:?}");
    first.await.unwrap();
}

#[tokio::test]
async fn an_exchange_that_fails_lets_the_next_process_ask_at_once() {
    let machines = Machines::new();
    let (one, other) = (machines.process().await, machines.process().await);
    machines.authority.unwell.store(1, Ordering::SeqCst);
    one.token(&app()).await.unwrap_err();
    machines.authority.unwell.store(0, Ordering::SeqCst);
    machines.settled(0).await;
    let asked = tokio::time::timeout(Duration::from_millis(500), got(&other, &app())).await.unwrap();
    assert_eq!(asked.1, Authority);
}

#[tokio::test]
async fn a_renewal_takes_what_another_process_has_renewed() {
    let (machines, clock) = Machines::standing();
    let (one, other) = (machines.process().await, machines.process().await);
    got(&one, &app()).await;
    machines.settled(1).await;
    assert_eq!(got(&other, &app()).await.1, SharedCache);
    // In its second half: both renew it behind the caller's back, one of them by an exchange.
    clock.advance(Duration::from_secs(3400));
    for (client, requests) in [(&one, 2), (&other, 2)] {
        assert_eq!(got(client, &app()).await, ("token-1".to_owned(), Cache));
        machines.settled(1).await;
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
        assert_eq!(got(client, &app()).await, ("token-2".to_owned(), Cache));
        assert_eq!(machines.authority.requests(), requests);
    }
}

#[tokio::test]
async fn users_tokens_stay_in_memory_where_that_is_wanted() {
    let machines = Machines::new();
    let cache = || machines.cache().app_tokens_only();
    let (one, other) = (machines.process_of("app1", cache()).await, machines.process_of("app1", cache()).await);
    got(&one, &user("ada")).await;
    assert_eq!(got(&other, &user("ada")).await, ("token-2".to_owned(), Authority));
    assert_eq!(machines.store.commands(), 0);
    got(&one, &app()).await;
    machines.settled(1).await;
    assert_eq!(got(&other, &app()).await.1, SharedCache);
}

#[tokio::test]
async fn keys_change_without_a_token_lost() {
    let machines = Machines::new();
    let with = |ids: &'static [&'static str]| {
        let cache = token_client::store::SharedCache::new(machines.store.clone(), keys(ids));
        machines.process_of("app1", cache)
    };
    got(&with(&["a"]).await, &app()).await;
    machines.settled(1).await;
    for ids in [["a", "b"].as_slice(), &["b", "a"]] {
        assert_eq!(got(&with(ids).await, &app()).await, ("token-1".to_owned(), SharedCache), "{ids:?}");
    }
    assert_eq!(got(&with(&["b"]).await, &app()).await, ("token-2".to_owned(), Authority), "the old key is gone");
    machines.settled(2).await;
    assert_eq!(got(&with(&["b", "a"]).await, &app()).await, ("token-2".to_owned(), SharedCache), "the first key's");
}

#[tokio::test]
async fn values_end_with_their_tokens_and_not_all_at_once() {
    let machines = Machines::new();
    let client = machines.process().await;
    for nth in 0..40 {
        got(&client, &app().extra_query("nth", nth.to_string())).await;
    }
    machines.settled(40).await;
    let lives = machines.store.lives();
    assert!(lives.iter().all(|life| (3419..=3599).contains(&life.as_secs())), "{lives:?}");
    assert!(lives.iter().max().unwrap().saturating_sub(*lives.iter().min().unwrap()) > Duration::from_secs(60));
}
