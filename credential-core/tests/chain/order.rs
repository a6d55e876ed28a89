//! Order and fallback, one promise after the other.

use std::sync::Arc;
use std::time::Duration;

use credential_core::chain::{ChainError, Verdict};
use credential_core::source::LoadReason;
use credential_core::*;

use crate::support::Step::{After, Fail, FailLocally, Never, Secret as Gives};
use crate::support::{Authority, Refused, Scripted, Setup, settle, setup, statuses};

#[tokio::test]
async fn a_healthy_first_entry_costs_no_other_load() {
    let (first, second) = (Scripted::new("First", &[Gives("a")]), Scripted::new("Second", &[Gives("b")]));
    let setup = setup(&[&first, &second], &Authority::accepting(&["a", "b"]));
    let accepted = setup.exchange().await.unwrap();
    assert_eq!(statuses(&accepted.attempts), [(0, "accepted"), (1, "not-tried")]);
    assert_eq!(second.loads(), 0);
    assert_eq!(setup.chain.in_use().unwrap().index, 0);
}

#[tokio::test]
async fn a_failed_load_and_a_refusal_fall_through_in_order() {
    let first = Scripted::new("First", &[FailLocally]);
    let (second, third) = (Scripted::new("Second", &[Gives("old")]), Scripted::new("Third", &[Gives("b")]));
    let setup = setup(&[&first, &second, &third], &Authority::accepting(&["b"]));
    let accepted = setup.exchange().await.unwrap();
    assert_eq!(statuses(&accepted.attempts), [(0, "failed"), (1, "rejected"), (2, "accepted")]);
    // Refused material is looked for once more before the next entry's turn.
    assert_eq!(*second.0.reasons.lock().unwrap(), [LoadReason::Initial, LoadReason::Rejected]);
    assert_eq!(setup.authority.seen(), ["old", "b"]);
}

#[tokio::test]
async fn new_material_after_a_refusal_is_tried_before_the_next_entry() {
    let first = Scripted::new("First", &[Gives("old"), Gives("new")]);
    let second = Scripted::new("Second", &[Gives("b")]);
    let setup = setup(&[&first, &second], &Authority::accepting(&["new", "b"]));
    let accepted = setup.exchange().await.unwrap();
    assert_eq!(accepted.value, "new");
    assert_eq!(setup.authority.seen(), ["old", "new"]);
    assert_eq!(second.loads(), 0);
}

#[tokio::test]
async fn stop_ends_the_search_and_blames_nobody() {
    let (first, second) = (Scripted::new("First", &[Gives("a")]), Scripted::new("Second", &[Gives("b")]));
    let authority = Authority::accepting(&["b"]);
    authority.answer("a", Verdict::Stop(Refused("bad scope")));
    let setup = setup(&[&first, &second], &authority);
    let error = setup.exchange().await.unwrap_err();
    assert!(matches!(&error, ChainError::Stopped { error: Refused("bad scope"), .. }));
    assert_eq!(statuses(error.attempts()), [(0, "loaded"), (1, "not-tried")]);
    let status = setup.chain.status();
    assert!(status[0].failure.is_none() && status[0].refusal.is_none());
}

#[tokio::test]
async fn the_winner_comes_first_and_a_healed_better_entry_takes_over_behind_the_callers_back() {
    let (first, second) = (Scripted::new("First", &[FailLocally]), Scripted::new("Second", &[Gives("b")]));
    let setup = setup(&[&first, &second], &Authority::accepting(&["a", "b"]));
    setup.exchange().await.unwrap();
    assert_eq!(setup.chain.in_use().unwrap().index, 1);
    settle().await;
    assert_eq!(first.loads(), 1, "an entry that failed in this exchange is not asked again behind it");
    first.then(&[Gives("a")]);
    let accepted = setup.exchange().await.unwrap();
    assert_eq!(accepted.index, 1, "the entry in use comes first");
    settle().await;
    assert_eq!(setup.chain.in_use().unwrap().index, 0);
    assert_eq!(setup.exchange().await.unwrap().index, 0);
}

#[tokio::test]
async fn a_failed_source_is_left_alone_until_its_back_off_ends() {
    let first = Scripted::new("First", &[Fail(SourceErrorKind::Transient)]);
    let setup = setup(&[&first], &Authority::accepting(&["a"]));
    setup.exchange().await.unwrap_err();
    let error = setup.exchange().await.unwrap_err();
    assert_eq!(first.loads(), 1);
    let ChainError::Exhausted { attempts, retry_at } = error else { panic!("exhausted") };
    assert!(attempts[0].remembered);
    assert!(retry_at.unwrap() > setup.world.world().clock.now());
    first.then(&[Gives("a")]);
    setup.advance(Duration::from_secs(2));
    assert_eq!(setup.exchange().await.unwrap().value, "a");
}

#[tokio::test]
async fn a_local_failure_is_looked_at_every_time() {
    let first = Scripted::new("First", &[FailLocally, FailLocally, Gives("a")]);
    let setup = setup(&[&first], &Authority::accepting(&["a"]));
    setup.exchange().await.unwrap_err();
    setup.exchange().await.unwrap_err();
    assert_eq!(setup.exchange().await.unwrap().value, "a");
}

#[tokio::test]
async fn refused_material_is_not_presented_again_until_its_back_off_ends_but_new_material_is() {
    let first = Scripted::new("First", &[Gives("old")]);
    let setup = setup(&[&first], &Authority::accepting(&["new"]));
    setup.exchange().await.unwrap_err();
    let error = setup.exchange().await.unwrap_err();
    assert_eq!(setup.authority.seen(), ["old"]);
    assert!(error.attempts()[0].remembered);
    assert!(matches!(error, ChainError::Exhausted { retry_at: Some(_), .. }));
    first.then(&[Gives("new")]);
    assert_eq!(setup.exchange().await.unwrap().value, "new");
    first.then(&[Gives("old")]);
    setup.authority.accept(&["old"]);
    setup.advance(Duration::from_secs(31));
    assert_eq!(setup.exchange().await.unwrap().value, "old");
}

#[tokio::test]
async fn what_worked_stays_until_a_newer_one_is_accepted() {
    let first = Scripted::new("First", &[Gives("old"), Gives("new")]);
    let setup = setup(&[&first], &Authority::accepting(&["old"]));
    assert_eq!(setup.exchange().await.unwrap().value, "old");
    // The newer one is refused; what the authority accepted before still works.
    assert_eq!(setup.exchange().await.unwrap().value, "old");
    assert_eq!(setup.authority.seen(), ["old", "new", "old"]);
    // And it is not presented at every exchange.
    assert_eq!(setup.exchange().await.unwrap().value, "old");
    assert_eq!(setup.authority.seen().len(), 4);
    first.then(&[Fail(SourceErrorKind::Transient)]);
    let accepted = setup.exchange().await.unwrap();
    assert_eq!(accepted.value, "old");
    assert_eq!(accepted.attempts[0].degraded_by.as_ref().unwrap().to_string(), "it fails");
}

#[tokio::test]
async fn a_refusal_right_after_an_acceptance_says_so() {
    let (first, second) = (Scripted::new("First", &[Gives("a")]), Scripted::new("Second", &[Gives("b")]));
    let setup = setup(&[&first, &second], &Authority::accepting(&["a", "b"]));
    setup.exchange().await.unwrap();
    setup.authority.accept(&["b"]);
    setup.advance(Duration::from_secs(20));
    let accepted = setup.exchange().await.unwrap();
    assert_eq!(accepted.value, "b");
    assert_eq!(accepted.attempts[0].accepted_ago, Some(Duration::from_secs(20)));
}

#[tokio::test]
async fn a_doubtful_refusal_gets_a_last_attempt_when_nothing_else_works() {
    let (first, second) = (Scripted::new("First", &[Gives("a")]), Scripted::new("Second", &[FailLocally]));
    let authority = Authority::accepting(&[]);
    authority.answer("a", Verdict::NextInDoubt(Refused("not known on this node")));
    let setup = setup(&[&first, &second], &authority);
    let error = setup.exchange().await.unwrap_err();
    assert_eq!(statuses(error.attempts()), [(0, "rejected"), (1, "failed"), (0, "rejected")]);
    assert_eq!(setup.authority.seen(), ["a", "a"]);
}

#[tokio::test]
async fn a_credential_that_cannot_be_presented_is_a_failed_load() {
    let (first, second) = (Scripted::new("First", &[Gives("a")]), Scripted::new("Second", &[Gives("b")]));
    let authority = Authority::accepting(&["b"]);
    authority.answer("a", Verdict::Unusable(SourceError::transient("x", "x")));
    let setup = setup(&[&first, &second], &authority);
    let accepted = setup.exchange().await.unwrap();
    assert_eq!(accepted.attempts[0].kind(), Some("transient"));
    assert_eq!(accepted.value, "b");
}

#[tokio::test]
async fn a_quiet_source_lets_the_next_one_load_and_keeps_its_place_for_its_grace() {
    let first = Scripted::new("First", &[After(Duration::from_millis(1500), "a")]);
    let second = Scripted::new("Second", &[Gives("b")]);
    let setup = Arc::new(setup(&[&first, &second], &Authority::accepting(&["a", "b"])));
    let running = tokio::spawn({
        let setup = Arc::clone(&setup);
        async move { setup.exchange().await.unwrap().value }
    });
    settle().await;
    assert_eq!(second.loads(), 0);
    setup.advance(Duration::from_millis(300));
    settle().await;
    assert_eq!(second.loads(), 1);
    assert!(setup.authority.seen().is_empty(), "the later one waits for the better one's grace");
    setup.advance(Duration::from_millis(1200));
    assert_eq!(running.await.unwrap(), "a");
}

#[tokio::test]
async fn when_its_grace_is_over_the_later_one_is_used_and_the_better_one_takes_over_later() {
    let first = Scripted::new("First", &[After(Duration::from_secs(5), "a")]);
    let second = Scripted::new("Second", &[Gives("b")]);
    let setup = Arc::new(setup(&[&first, &second], &Authority::accepting(&["a", "b"])));
    let running = tokio::spawn({
        let setup = Arc::clone(&setup);
        async move { setup.exchange().await.unwrap().value }
    });
    settle().await;
    setup.advance(Duration::from_millis(300));
    settle().await;
    setup.advance(Duration::from_millis(1700));
    assert_eq!(running.await.unwrap(), "b");
    settle().await;
    setup.advance(Duration::from_secs(3));
    settle().await;
    assert_eq!(setup.chain.in_use().unwrap().index, 0);
    assert_eq!(first.loads(), 1, "the load went on; it was not started again");
}

#[tokio::test]
async fn many_callers_share_one_load_and_a_caller_that_leaves_ends_nothing() {
    let first = Scripted::new("First", &[After(Duration::from_secs(1), "a")]);
    let setup = Arc::new(setup(&[&first], &Authority::accepting(&["a"])));
    let leaver = tokio::spawn({
        let setup = Arc::clone(&setup);
        async move { setup.exchange().await.is_ok() }
    });
    settle().await;
    let callers: Vec<_> = (0..20)
        .map(|_| {
            let setup = Arc::clone(&setup);
            tokio::spawn(async move { setup.exchange().await.unwrap().value })
        })
        .collect();
    settle().await;
    leaver.abort();
    settle().await;
    setup.advance(Duration::from_secs(1));
    for caller in callers {
        assert_eq!(caller.await.unwrap(), "a");
    }
    assert_eq!(first.loads(), 1);
}

#[tokio::test]
async fn nobody_waits_beyond_the_deadline() {
    let first = Scripted::new("First", &[Never]);
    let setup = Arc::new(setup(&[&first], &Authority::accepting(&["a"])));
    let running = tokio::spawn({
        let setup = Arc::clone(&setup);
        async move { setup.exchange_within(Duration::from_secs(4)).await.unwrap_err().to_string() }
    });
    for _ in 0..8 {
        settle().await;
        setup.advance(Duration::from_millis(500));
    }
    let message = tokio::time::timeout(Duration::from_secs(5), running).await.unwrap().unwrap();
    assert!(message.contains("no answer within"), "{message}");
}

#[tokio::test]
async fn an_exhausted_chain_names_every_attempt_in_order() {
    let first = Scripted::new("First", &[FailLocally]);
    let second = Scripted::new("Second", &[Gives("b")]);
    let setup = setup(&[&first, &second], &Authority::accepting(&[]));
    let message = setup.exchange().await.unwrap_err().to_string();
    let lines: Vec<&str> = message.lines().collect();
    assert_eq!(lines.len(), 3, "{message}");
    assert!(lines[1].contains("0  First  not-applicable") && lines[1].contains("not here"), "{message}");
    assert!(lines[2].contains("1  Second  rejected") && lines[2].contains("wrong secret"), "{message}");
}

#[tokio::test]
async fn only_tries_that_entry_alone_and_skip_leaves_one_out() {
    let (first, second) = (Scripted::new("First", &[Gives("a")]), Scripted::new("Second", &[Gives("b")]));
    let all = setup(&[&first, &second], &Authority::accepting(&["a", "b"]));
    let one = Setup { chain: all.chain.only(1).unwrap(), world: all.world.clone(), authority: all.authority.clone() };
    assert_eq!(one.exchange().await.unwrap().value, "b");
    assert!(all.chain.only(2).is_none());

    let registry = SourceRegistry::new().with(first.source()).with(second.source());
    let entries = vec![CredentialDescription::new("First").with("Skip", "True"), CredentialDescription::new("Second")];
    let chain = registry.bind(entries, all.world.world()).unwrap();
    let skipping = Setup { chain, world: all.world.clone(), authority: all.authority.clone() };
    let accepted = skipping.exchange().await.unwrap();
    assert_eq!(statuses(&accepted.attempts), [(1, "accepted"), (0, "skipped")]);
}
