//! A provider of assertions that the authority refuses: asked once for a fresh one, then left alone,
//! and with a cache again once it was accepted.

#![expect(clippy::unwrap_used, reason = "tests fail by panicking")]

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use credential_core::chain::{ChainError, Search, Verdict};
use credential_core::credential::{Assertion, AssertionProvider, AssertionRequest};
use credential_core::testing::{FakeWorld, FixedSource};
use credential_core::{
    Credential, CredentialChain, CredentialDescription, CredentialLoader, LoadRequest, SourceError, SourceRegistry,
};

#[derive(Debug)]
struct Provider;

#[async_trait]
impl AssertionProvider for Provider {
    async fn assertion(&self, _request: &AssertionRequest<'_>) -> Result<Assertion, SourceError> {
        Ok(Assertion::new("a.b.c", None))
    }
}

#[derive(Clone, Debug)]
struct Source(Arc<Provider>);

#[async_trait]
impl CredentialLoader for Source {
    async fn load(&self, _request: &LoadRequest<'_>) -> Result<Credential, SourceError> {
        Ok(Credential::assertions("provided", self.0.clone()))
    }
}

struct Authority {
    chain: CredentialChain,
    world: FakeWorld,
    accepts_fresh: Arc<AtomicBool>,
    presented: Arc<Mutex<Vec<bool>>>,
}

impl Authority {
    fn new() -> Self {
        let world = FakeWorld::new();
        let registry =
            SourceRegistry::new().with(FixedSource::loaded_by("Provided", Arc::new(Source(Arc::new(Provider)))));
        let chain = registry.bind(vec![CredentialDescription::new("Provided")], world.world()).unwrap();
        Self { chain, world, accepts_fresh: Arc::default(), presented: Arc::default() }
    }

    /// One exchange: whether it was accepted, and for each assertion presented whether it was a fresh one.
    async fn exchange(&self, accepts_cached: bool) -> (bool, Vec<bool>) {
        let (fresh_is_good, presented) = (self.accepts_fresh.clone(), self.presented.clone());
        let deadline = self.chain.world().clock.moment().after(Duration::from_secs(10));
        let result: Result<_, ChainError<std::io::Error>> = self
            .chain
            .first_accepted(Search::new("https://login.example/t", deadline), move |candidate| {
                let fresh = candidate.fresh;
                presented.lock().unwrap().push(fresh);
                let good = if fresh { fresh_is_good.load(Ordering::SeqCst) } else { accepts_cached };
                async move { if good { Verdict::Accept(()) } else { Verdict::Next(std::io::Error::other("refused")) } }
            })
            .await;
        (result.is_ok(), std::mem::take(&mut *self.presented.lock().unwrap()))
    }
}

#[tokio::test]
async fn a_refused_provider_is_left_alone_for_its_back_off() {
    let authority = Authority::new();
    assert_eq!(authority.exchange(false).await, (false, vec![false, true]));
    assert_eq!(authority.exchange(false).await, (false, vec![]), "in back-off");
    authority.world.clock.advance(Duration::from_secs(31));
    assert_eq!(authority.exchange(false).await, (false, vec![false, true]));
    assert_eq!(authority.exchange(false).await, (false, vec![]), "in back-off again");
    // No other entry works, so the back-off doesn't grow.
    authority.world.clock.advance(Duration::from_secs(31));
    assert_eq!(authority.exchange(false).await, (false, vec![false, true]));
}

#[tokio::test]
async fn a_provider_whose_fresh_assertion_was_accepted_may_use_its_cache_again() {
    let authority = Authority::new();
    authority.accepts_fresh.store(true, Ordering::SeqCst);
    assert_eq!(authority.exchange(false).await, (true, vec![false, true]));
    assert_eq!(authority.exchange(true).await, (true, vec![false]));
}
