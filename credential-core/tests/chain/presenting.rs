//! Presenting a credential is code of others: it hangs and panics, and the next entry has time of its own.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use credential_core::chain::{ChainError, Search, Verdict};
use credential_core::credential::{
    Assertion, AssertionProvider, AssertionRequest, CertificateFacts, Signer, SigningAlgorithm, SigningRequest,
};
use credential_core::*;

use crate::support::Step::Secret as Gives;
use crate::support::{Authority, Refused, Scripted, Setup, settle, setup};

/// What presenting the first entry does, as often as it is tried.
#[derive(Clone, Copy)]
enum First {
    Hangs,
    Panics,
    Slow(Duration),
}

async fn exchange(setup: &Setup, first: First, tried: &Arc<AtomicUsize>, patience: u64) -> Result<usize, String> {
    let (world, tried) = (setup.world.world(), Arc::clone(tried));
    let deadline = world.clock.moment().after(Duration::from_secs(patience));
    let accepted = setup.chain.first_accepted(Search::new("https://login.example/t", deadline), move |candidate| {
        let (world, tried) = (world.clone(), Arc::clone(&tried));
        async move {
            if candidate.index > 0 {
                return Verdict::Accept(candidate.index);
            }
            tried.fetch_add(1, Ordering::SeqCst);
            let clock = &world.clock;
            // As whoever presents does: signing ends with the turn.
            let late = || Verdict::Unusable(SourceError::transient("signer-timeout", "no signature in time"));
            match first {
                First::Panics => panic!("the signer's own mistake"),
                First::Hangs => {
                    clock.sleep_until(candidate.deadline).await;
                    late()
                }
                First::Slow(by) => {
                    let signed = clock.moment().after(by);
                    clock.sleep_until(signed.min(candidate.deadline)).await;
                    if signed <= candidate.deadline { Verdict::Accept(candidate.index) } else { late() }
                }
            }
        }
    });
    accepted.await.map(|accepted| accepted.value).map_err(|error: ChainError<Refused>| error.to_string())
}

/// Lets time go on until the exchange ends; gives how much of it went by.
async fn timed(
    setup: &Arc<Setup>,
    first: First,
    tried: &Arc<AtomicUsize>,
    patience: u64,
) -> (Result<usize, String>, Duration) {
    let start = setup.world.world().clock.moment();
    let running = tokio::spawn({
        let (setup, tried) = (Arc::clone(setup), Arc::clone(tried));
        async move { exchange(&setup, first, &tried, patience).await }
    });
    for _ in 0..1000 {
        settle().await;
        if running.is_finished() {
            let took = setup.world.world().clock.moment().since(start);
            return (running.await.unwrap(), took);
        }
        setup.advance(Duration::from_millis(100));
    }
    panic!("still waiting after 100 s");
}

fn two() -> Arc<Setup> {
    let (first, second) = (Scripted::new("First", &[Gives("a")]), Scripted::new("Second", &[Gives("b")]));
    Arc::new(setup(&[&first, &second], &Authority::accepting(&[])))
}

#[tokio::test]
async fn a_signer_that_hangs_leaves_the_next_entry_its_part_of_the_time() {
    let (setup, tried) = (two(), Arc::default());
    let (result, took) = timed(&setup, First::Hangs, &tried, 5).await;
    assert_eq!(result, Ok(1));
    assert!(took <= Duration::from_millis(2600), "{took:?}");
    // And with much patience no longer than the policy says.
    let (setup, tried) = (two(), Arc::default());
    let (result, took) = timed(&setup, First::Hangs, &tried, 60).await;
    assert_eq!(result, Ok(1));
    assert!(took <= Duration::from_millis(10_100), "{took:?}");
    let (result, took) = timed(&setup, First::Hangs, &tried, 60).await;
    assert_eq!((result, took), (Ok(1), Duration::ZERO), "the one in use comes first");
}

#[tokio::test]
async fn a_signer_that_hangs_after_it_worked_is_left_alone_too() {
    let (setup, tried) = (two(), Arc::default());
    assert_eq!(timed(&setup, First::Slow(Duration::ZERO), &tried, 5).await.0, Ok(0));
    assert_eq!(timed(&setup, First::Hangs, &tried, 5).await.0, Ok(1));
    let asked = tried.load(Ordering::SeqCst);
    let (result, took) = timed(&setup, First::Hangs, &tried, 5).await;
    assert_eq!((result, took), (Ok(1), Duration::ZERO));
    assert_eq!(tried.load(Ordering::SeqCst), asked);
}

#[tokio::test]
async fn a_slow_signer_gets_the_rest_of_the_time_when_nothing_else_works() {
    let first = Scripted::new("First", &[Gives("a")]);
    let second = Scripted::new("Second", &[crate::support::Step::FailLocally]);
    let (setup, tried) = (Arc::new(setup(&[&first, &second], &Authority::accepting(&[]))), Arc::default());
    let (result, took) = timed(&setup, First::Slow(Duration::from_secs(15)), &tried, 60).await;
    assert_eq!(result, Ok(0));
    assert!(took <= Duration::from_secs(26), "{took:?}");
}

#[tokio::test]
async fn a_panic_while_presenting_is_a_failed_entry() {
    let (setup, tried) = (two(), Arc::default());
    assert_eq!(timed(&setup, First::Panics, &tried, 5).await.0, Ok(1));
    let failure = setup.chain.status()[0].failure.clone().unwrap();
    assert_eq!(failure.code(), "presenting-panicked");
    assert!(!format!("{failure} {failure:?}").contains("own mistake"), "a panic's message may show a secret");
}

/// A provider and a signer that panic or hang.
#[derive(Debug)]
struct Bad(bool);

#[async_trait::async_trait]
impl AssertionProvider for Bad {
    async fn assertion(&self, _request: &AssertionRequest<'_>) -> Result<Assertion, SourceError> {
        if self.0 { panic!("s3cret") } else { std::future::pending().await }
    }
}

#[async_trait::async_trait]
impl Signer for Bad {
    fn algorithms(&self) -> &[SigningAlgorithm] {
        &[SigningAlgorithm::Ps256]
    }

    async fn sign(&self, _request: SigningRequest<'_>) -> Result<Vec<u8>, SourceError> {
        if self.0 { panic!("s3cret") } else { std::future::pending().await }
    }
}

#[tokio::test]
async fn a_provider_and_a_signer_that_panic_or_hang_are_errors_of_their_own() {
    let world = testing::FakeWorld::new();
    let (clock, all) = (world.clock.clone(), world.world());
    let deadline = all.clock.moment().after(Duration::from_secs(1));
    for (panics, codes) in
        [(true, ["provider-panicked", "signer-panicked"]), (false, ["provider-timeout", "signer-timeout"])]
    {
        let Credential::Assertion(assertion) = Credential::assertions("x", Arc::new(Bad(panics))) else { panic!() };
        let facts = CertificateFacts::new([0; 20], [0; 32], all.clock.now(), all.clock.now());
        let Credential::Certificate(certificate) = Credential::certificate("x", vec![], facts, Arc::new(Bad(panics)))
        else {
            panic!()
        };
        let request = AssertionRequest::new("app1", "https://login.example/token", deadline, &all);
        let signing = SigningRequest::new(SigningAlgorithm::Ps256, b"x", deadline, &all);
        if !panics {
            clock.advance(Duration::from_secs(1));
        }
        let (asked, signed) = (assertion.ask(&request).await, certificate.sign(signing).await);
        assert_eq!([asked.unwrap_err().code(), signed.unwrap_err().code()], codes);
    }
}
