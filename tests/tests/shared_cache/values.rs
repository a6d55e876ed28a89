//! What lies in the store: nothing that can be read, nothing that can be put to another use.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use credential_core::testing::FakeClock;
use token_client::TokenOrigin::{Authority, SharedCache};

use credential_tests::processes::{Machines, SCOPE, app, got, user};

/// What becomes of a value.
type Change = fn(&[u8]) -> Vec<u8>;

#[tokio::test]
async fn nothing_in_the_store_can_be_read() {
    let machines = Machines::new();
    let client = machines.process().await;
    let ada = user("ada");
    got(&client, &app()).await;
    got(&client, &ada).await;
    machines.settled(2).await;
    let assertion = ada.user_assertion.as_ref().unwrap().expose();
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, assertion.as_bytes());
    let told = [
        b"token-".as_slice(),
        b"app1",
        b"contoso",
        SCOPE.as_bytes(),
        b"inventory",
        assertion.as_bytes(),
        digest.as_ref(),
    ];
    for (name, value) in machines.store.values() {
        let name = name.strip_prefix("token-client:").unwrap();
        for text in told {
            let has = |bytes: &[u8]| bytes.windows(text.len()).any(|window| window == text);
            assert!(!has(name.as_bytes()) && !has(&value), "{name}: {}", String::from_utf8_lossy(text));
        }
    }
}

#[tokio::test]
async fn what_is_no_token_of_ours_is_a_miss_with_a_finding_and_is_replaced() {
    let garbage: [(&str, Change); 9] = [
        ("empty", |_| Vec::new()),
        ("garbage", |_| b"garbage".to_vec()),
        ("truncated", |value| value[..value.len() / 2].to_vec()),
        ("one byte short", |value| value[..value.len() - 1].to_vec()),
        ("a bit flipped", |value| [&value[..40], &[value[40] ^ 1], &value[41..]].concat()),
        ("null", |_| b"null".to_vec()),
        ("json of the reference", |_| br#"{"AccessToken":{"x":{"secret":"forged"}},"RefreshToken":{}}"#.to_vec()),
        ("sealed by the reference", |value| [b"\x09\xf0\xc9\xf0", value].concat()),
        ("huge", |value| value.repeat(10_000)),
    ];
    for (what, change) in garbage {
        let machines = Machines::new();
        got(&machines.process().await, &app()).await;
        machines.settled(1).await;
        let (name, value) = machines.store.values().pop_first().unwrap();
        machines.store.put(name.clone(), change(&value));
        let client = machines.process().await;
        assert_eq!(got(&client, &app()).await, ("token-2".to_owned(), Authority), "{what}");
        let status = client.status().shared_cache.unwrap();
        assert_eq!(status.last_finding.unwrap().1.code, "shared-token-unreadable", "{what}");
        assert!(status.left_alone_until.is_none(), "{what}");
        while machines.store.values()[&name] == change(&value) {
            tokio::task::yield_now().await;
        }
        assert_eq!(got(&machines.process().await, &app()).await, ("token-2".to_owned(), SharedCache), "{what}");
    }
}

#[tokio::test]
async fn a_value_copied_to_another_name_is_not_served() {
    let machines = Machines::new();
    let (one, other) = (machines.process().await, machines.process_of("app2", machines.cache()).await);
    got(&one, &app()).await;
    machines.settled(1).await;
    let (victim, value) = machines.store.values().pop_first().unwrap();
    got(&one, &user("ada")).await;
    got(&one, &user("bob")).await;
    got(&one, &app().tenant("fabrikam.example")).await;
    got(&other, &app()).await;
    machines.settled(5).await;
    for name in machines.store.values().into_keys().filter(|name| *name != victim) {
        machines.store.put(name, value.clone());
    }
    let (one, other) = (machines.process().await, machines.process_of("app2", machines.cache()).await);
    for (nth, (client, request)) in
        [(&one, user("ada")), (&one, user("bob")), (&one, app().tenant("fabrikam.example")), (&other, app())]
            .into_iter()
            .enumerate()
    {
        assert_eq!(got(client, &request).await, (format!("token-{}", nth + 6), Authority), "{nth}");
    }
}

#[tokio::test]
async fn an_ended_token_that_the_store_still_gives_is_not_served() {
    let (machines, clock): (Machines, Arc<FakeClock>) = Machines::standing();
    got(&machines.process().await, &app()).await;
    machines.settled(1).await;
    let (name, value) = machines.store.values().pop_first().unwrap();
    clock.advance(Duration::from_secs(3600));
    machines.store.put(name, value);
    let client = machines.process().await;
    assert_eq!(got(&client, &app()).await, ("token-2".to_owned(), Authority));
    assert_eq!(client.status().shared_cache.unwrap().last_finding.unwrap().1.code, "shared-token-ended");
}

#[tokio::test]
async fn a_token_that_ends_at_once_is_not_shared() {
    let machines = Machines::new();
    machines.authority.life.store(4, Ordering::SeqCst);
    got(&machines.process().await, &app()).await;
    machines.settled(0).await;
    assert!(machines.store.lives().is_empty());
}
