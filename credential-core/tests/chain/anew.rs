//! When what failed is tried again.

use std::time::Duration;

use credential_core::chain::ChainError;

use crate::support::Step::Secret as Gives;
use crate::support::{Authority, Scripted, setup};

fn retry_at(error: &ChainError<crate::support::Refused>) -> Option<std::time::SystemTime> {
    match error {
        ChainError::Exhausted { retry_at, .. } => *retry_at,
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn a_refused_sole_credential_is_left_alone_for_30_seconds_at_most() {
    let first = Scripted::new("First", &[Gives("a")]);
    let setup = setup(&[&first], &Authority::accepting(&[]));
    for asked in 1..=6 {
        let error = setup.exchange().await.unwrap_err();
        assert_eq!(setup.authority.seen().len(), asked);
        let wait = retry_at(&error).unwrap().duration_since(setup.chain.world().clock.now()).unwrap();
        assert!(wait <= Duration::from_secs(30), "{wait:?}");
        setup.exchange().await.unwrap_err();
        assert_eq!(setup.authority.seen().len(), asked, "in back-off");
        setup.advance(Duration::from_secs(30));
    }
}

#[tokio::test]
async fn a_refused_credential_beside_one_that_works_is_left_alone_for_longer_each_time() {
    let (first, second) = (Scripted::new("First", &[Gives("a")]), Scripted::new("Second", &[Gives("b")]));
    let setup = setup(&[&first, &second], &Authority::accepting(&["b"]));
    let mut asked = Vec::new();
    for _ in 0..10 {
        setup.exchange().await.unwrap();
        crate::support::settle().await;
        asked.push(setup.authority.seen().iter().filter(|seen| *seen == "a").count());
        setup.advance(Duration::from_secs(31));
    }
    assert!(asked[9] <= 5, "{asked:?}");
    // Nothing works any more: it may not be left alone for the ten minutes that it had come to.
    setup.authority.accept(&[]);
    let error = setup.exchange().await.unwrap_err();
    let wait = retry_at(&error).unwrap().duration_since(setup.chain.world().clock.now()).unwrap();
    assert!(wait <= Duration::from_secs(30), "{wait:?}");
}

#[tokio::test]
async fn who_asks_anew_has_a_refused_credential_tried_now() {
    let first = Scripted::new("First", &[Gives("a")]);
    let setup = setup(&[&first], &Authority::accepting(&[]));
    setup.exchange().await.unwrap_err();
    setup.authority.accept(&["a"]);
    setup.exchange().await.unwrap_err();
    assert_eq!(setup.exchange_anew().await.unwrap().value, "a");
    assert_eq!(setup.exchange().await.unwrap().value, "a", "the acceptance ends the back-off");
}

#[tokio::test]
async fn who_asks_anew_repeats_no_refused_credential_while_another_works() {
    let (first, second) = (Scripted::new("First", &[Gives("a")]), Scripted::new("Second", &[Gives("b")]));
    let setup = setup(&[&first, &second], &Authority::accepting(&["b"]));
    setup.exchange().await.unwrap();
    for _ in 0..5 {
        assert_eq!(setup.exchange_anew().await.unwrap().value, "b");
    }
    assert_eq!(setup.authority.seen().iter().filter(|seen| *seen == "a").count(), 1);
}

#[tokio::test]
async fn the_status_says_what_is_in_use_and_until_when_an_entry_is_left_alone() {
    let (first, second) = (Scripted::new("First", &[Gives("a")]), Scripted::new("Second", &[Gives("b")]));
    let setup = setup(&[&first, &second], &Authority::accepting(&["b"]));
    setup.exchange().await.unwrap();
    let status = setup.chain.status();
    assert_eq!([status[0].in_use, status[1].in_use], [false, true]);
    let wait = status[0].left_alone_until.unwrap().duration_since(setup.chain.world().clock.now()).unwrap();
    assert!(wait > Duration::from_secs(20) && wait <= Duration::from_secs(30), "{wait:?}");
    assert_eq!(status[1].left_alone_until, None);
    setup.advance(Duration::from_secs(31));
    assert_eq!(setup.chain.status()[0].left_alone_until, None);
}
