//! The chain's concurrency under a model checker: many callers, one load, one verdict, in every
//! order of steps that the checker tries.
//!
//! `RUSTFLAGS="--cfg shuttle" CARGO_TARGET_DIR=target/shuttle cargo test -p credential-core --test model`
#![cfg(shuttle)]
#![expect(clippy::unwrap_used, reason = "a test says what it expects by failing")]

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use credential_core::chain::{Candidate, Search, Verdict};
use credential_core::source::LoadReason;
use credential_core::testing::{FakeHttp, FixedSource};
use credential_core::world::{Clock, Moment, Task, Tasks};
use credential_core::*;
use shuttle::sync::Mutex;
use shuttle::sync::atomic::{AtomicUsize, Ordering};

const RUNS: usize = 5_000;

/// Time that stands still: nothing here is decided by time.
#[derive(Debug)]
struct Still;

#[async_trait]
impl Clock for Still {
    fn now(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(1_767_225_600)
    }

    fn moment(&self) -> Moment {
        Moment::default()
    }

    async fn sleep_until(&self, _moment: Moment) {
        std::future::pending().await
    }
}

/// Tasks as the checker schedules them.
#[derive(Debug)]
struct Scheduled;

impl Tasks for Scheduled {
    fn spawn(&self, task: Task) {
        shuttle::future::spawn(task);
    }
}

/// Gives `old` until it is told to look for other material, then `new`; a load has steps in between.
#[derive(Debug, Default)]
struct Rotating {
    loads: AtomicUsize,
    reloads: AtomicUsize,
}

#[derive(Debug, Clone, Default)]
struct Source(Arc<Rotating>);

#[async_trait]
impl CredentialLoader for Source {
    async fn load(&self, request: &LoadRequest<'_>) -> Result<Credential, SourceError> {
        shuttle::future::yield_now().await;
        if request.reason == LoadReason::Rejected {
            self.0.reloads.fetch_add(1, Ordering::SeqCst);
            shuttle::future::yield_now().await;
            return Ok(Credential::secret("new", "new"));
        }
        self.0.loads.fetch_add(1, Ordering::SeqCst);
        Ok(request.previous.cloned().unwrap_or_else(|| Credential::secret("old", "old")))
    }
}

fn chain(source: &Source) -> CredentialChain {
    let world = World::new(Arc::new(FakeHttp::default())).with_clock(Arc::new(Still)).with_tasks(Arc::new(Scheduled));
    let registry = SourceRegistry::new().with(FixedSource::loaded_by("Rotating", Arc::new(source.clone())));
    registry.bind(vec![CredentialDescription::new("Rotating")], world).unwrap()
}

async fn exchange(
    chain: &CredentialChain,
    accepts: &'static str,
    seen: Arc<Mutex<Vec<String>>>,
) -> Result<String, String> {
    let deadline = chain.world().clock.moment().after(Duration::from_secs(1));
    let attempt = move |candidate: Candidate| {
        let seen = Arc::clone(&seen);
        async move {
            shuttle::future::yield_now().await;
            let id = candidate.credential.id().to_owned();
            seen.lock().unwrap().push(id.clone());
            if id == accepts { Verdict::Accept(id) } else { Verdict::Next(std::io::Error::other("refused")) }
        }
    };
    chain
        .first_accepted(Search::new("https://login.example/t", deadline), attempt)
        .await
        .map(|accepted| accepted.value)
        .map_err(|error| error.to_string())
}

fn callers(count: usize, accepts: &'static str, check: impl Fn(&Rotating) + Send + Sync + 'static) {
    let check = Arc::new(check);
    shuttle::check_random(
        move || {
            let source = Source::default();
            let (chain, seen) = (chain(&source), Arc::new(Mutex::new(Vec::new())));
            let threads: Vec<_> = (0..count)
                .map(|_| {
                    let (chain, seen) = (chain.clone(), Arc::clone(&seen));
                    shuttle::thread::spawn(move || shuttle::future::block_on(exchange(&chain, accepts, seen)))
                })
                .collect();
            for thread in threads {
                assert_eq!(thread.join().unwrap().as_deref(), Ok(accepts));
            }
            check(&source.0);
        },
        RUNS,
    );
}

#[test]
fn every_caller_gets_the_credential_and_loads_are_shared() {
    // Callers that come one after the other may each look once; never more often than that.
    callers(3, "old", |source| {
        let loads = source.loads.load(Ordering::SeqCst);
        assert!((1..=3).contains(&loads) && source.reloads.load(Ordering::SeqCst) == 0);
    });
}

#[test]
fn callers_that_are_refused_together_reload_once_between_them() {
    callers(3, "new", |source| assert_eq!(source.reloads.load(Ordering::SeqCst), 1));
}

#[test]
fn a_caller_that_leaves_takes_nobody_with_it() {
    shuttle::check_random(
        || {
            let source = Source::default();
            let (chain, seen) = (chain(&source), Arc::new(Mutex::new(Vec::new())));
            let leaver = {
                let (chain, seen) = (chain.clone(), Arc::clone(&seen));
                shuttle::future::spawn(async move { exchange(&chain, "old", seen).await })
            };
            let stayer = {
                let (chain, seen) = (chain.clone(), Arc::clone(&seen));
                shuttle::thread::spawn(move || shuttle::future::block_on(exchange(&chain, "old", seen)))
            };
            leaver.abort();
            assert_eq!(stayer.join().unwrap().as_deref(), Ok("old"));
        },
        RUNS,
    );
}
