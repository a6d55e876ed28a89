//! One chain for many tenants: what one says is its own, unless it can be about nothing but the credential.

use std::sync::Arc;

use credential_core::chain::Verdict;

use crate::support::Step::Secret as Gives;
use crate::support::{Authority, Refused, Scripted, settle, setup, statuses};

#[tokio::test]
async fn a_refusal_counts_for_the_tenant_that_said_it() {
    let first = Scripted::new("First", &[Gives("a")]);
    let authority = Authority::accepting(&["a"]);
    authority.answer_at("bad", "a", Verdict::Next(Refused("no service principal in this tenant")));
    let setup = setup(&[&first], &authority);
    for _ in 0..3 {
        setup.exchange_at("bad").await.unwrap_err();
        assert_eq!(setup.exchange_at("good").await.unwrap().value, "a");
    }
    assert_eq!(setup.authority.seen().iter().filter(|seen| *seen == "a").count(), 4, "the bad one once");
}

#[tokio::test]
async fn a_tenant_that_goes_another_way_takes_the_entry_in_use_from_nobody() {
    let (first, second) = (Scripted::new("First", &[Gives("a")]), Scripted::new("Second", &[Gives("b")]));
    let authority = Authority::accepting(&["a", "b"]);
    authority.answer_at("bad", "a", Verdict::Next(Refused("no service principal in this tenant")));
    let setup = setup(&[&first, &second], &authority);
    for _ in 0..3 {
        assert_eq!(setup.exchange_at("good").await.unwrap().value, "a");
        assert_eq!(setup.exchange_at("bad").await.unwrap().value, "b");
        settle().await;
        assert_eq!(setup.chain.in_use().unwrap().index, 0);
    }
    assert_eq!(setup.authority.seen().len(), 7);
}

#[tokio::test]
async fn a_wrong_or_ended_credential_is_presented_to_no_other_tenant() {
    let (first, second) = (Scripted::new("First", &[Gives("a")]), Scripted::new("Second", &[Gives("b")]));
    let authority = Authority::accepting(&["b"]);
    authority.answer("a", Verdict::Invalid(Refused("the secret has expired")));
    let setup = setup(&[&first, &second], &authority);
    assert_eq!(setup.exchange_at("t1").await.unwrap().value, "b");
    let accepted = setup.exchange_at("t2").await.unwrap();
    assert_eq!(setup.authority.seen(), ["a", "b", "b"]);
    assert_eq!(setup.chain.in_use().unwrap().index, 1);
    // The entry in use comes first; the refused one is not even looked at.
    assert_eq!(statuses(&accepted.attempts), [(1, "accepted"), (0, "not-tried")]);
}

#[tokio::test]
async fn fifty_tenants_at_once_wait_for_the_first_verdicts_on_a_wrong_secret() {
    let (first, second) = (Scripted::new("First", &[Gives("a")]), Scripted::new("Second", &[Gives("b")]));
    let authority = Authority::accepting(&["b"]);
    authority.answer("a", Verdict::Invalid(Refused("wrong secret")));
    let setup = Arc::new(setup(&[&first, &second], &authority));
    let callers: Vec<_> = (0..50)
        .map(|tenant| {
            let setup = Arc::clone(&setup);
            tokio::spawn(async move { setup.exchange_at(&format!("t{tenant}")).await.unwrap().value })
        })
        .collect();
    for caller in callers {
        assert_eq!(caller.await.unwrap(), "b");
    }
    let wrong = setup.authority.seen().iter().filter(|seen| *seen == "a").count();
    assert!((1..=3).contains(&wrong), "{wrong} requests carry the wrong secret");
}

#[tokio::test]
async fn fifty_tenants_at_once_behind_a_good_secret_make_fifty_requests() {
    let (first, second) = (Scripted::new("First", &[Gives("a")]), Scripted::new("Second", &[Gives("b")]));
    let setup = Arc::new(setup(&[&first, &second], &Authority::accepting(&["a", "b"])));
    let callers: Vec<_> = (0..50)
        .map(|tenant| {
            let setup = Arc::clone(&setup);
            tokio::spawn(async move { setup.exchange_at(&format!("t{tenant}")).await.unwrap().value })
        })
        .collect();
    for caller in callers {
        assert_eq!(caller.await.unwrap(), "a");
    }
    assert_eq!(setup.authority.seen().len(), 50);
    assert_eq!(second.loads(), 0);
}
