//! A load belongs to nobody's runtime: whoever started it may be gone, before its first poll or later.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use async_trait::async_trait;
use credential_core::chain::{Search, Verdict};
use credential_core::testing::{FakeHttp, FixedSource};
use credential_core::*;
use tokio::runtime::{Builder, Runtime};

/// Gives its secret after a moment; on one runtime never.
#[derive(Debug, Clone, Default)]
struct Source(Arc<AtomicUsize>);

#[async_trait]
impl CredentialLoader for Source {
    async fn load(&self, request: &LoadRequest<'_>) -> Result<Credential, SourceError> {
        self.0.fetch_add(1, Ordering::SeqCst);
        let clock = &request.world.clock;
        clock.sleep_until(clock.moment().after(Duration::from_millis(20))).await;
        Ok(Credential::secret("moment", "s3cret"))
    }
}

fn chain(source: &Source) -> CredentialChain {
    let world = World::new(Arc::new(FakeHttp::default()));
    let source = FixedSource::loaded_by("Moment", Arc::new(source.clone()));
    SourceRegistry::new().with(source).bind(vec![CredentialDescription::new("Moment")], world).unwrap()
}

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

async fn exchange(chain: CredentialChain, accepts: bool) -> Result<(), String> {
    let deadline = chain.world().clock.moment().after(Duration::from_secs(20));
    let verdict = move |_| async move {
        if accepts { Verdict::Accept(()) } else { Verdict::Next(std::io::Error::other("refused")) }
    };
    let found = chain.first_accepted(Search::new("https://login.example/t", deadline), verdict).await;
    found.map(drop).map_err(|error| error.to_string())
}

/// Starts an exchange on a runtime that ends before the load's first poll.
fn abandon(chain: &CredentialChain, accepts: bool) {
    let runtime = runtime();
    let _inside = runtime.enter();
    let mut exchange = Box::pin(exchange(chain.clone(), accepts));
    assert!(matches!(exchange.as_mut().poll(&mut Context::from_waker(Waker::noop())), Poll::Pending));
}

#[test]
fn a_load_whose_runtime_ends_before_its_first_poll_is_begun_anew() {
    let source = Source::default();
    let chain = chain(&source);
    abandon(&chain, true);
    assert_eq!(source.0.load(Ordering::SeqCst), 0, "it was never polled");
    assert_eq!(runtime().block_on(exchange(chain.clone(), true)), Ok(()));
    // After an acceptance, too, and after a refusal: rotation is still seen.
    for accepts in [true, false] {
        let loads = source.0.load(Ordering::SeqCst);
        abandon(&chain, accepts);
        let _ = runtime().block_on(exchange(chain.clone(), accepts));
        assert!(source.0.load(Ordering::SeqCst) > loads);
    }
}

#[test]
fn a_look_for_other_material_whose_runtime_ends_is_begun_anew() {
    let source = Source::default();
    let chain = chain(&source);
    for _ in 0..20 {
        // Polled until the load that follows a refusal was started, and no further.
        let runtime = runtime();
        runtime.block_on(async {
            tokio::spawn(exchange(chain.clone(), false));
            tokio::time::sleep(Duration::from_millis(21)).await;
        });
        drop(runtime);
    }
    let start = std::time::Instant::now();
    let told = self::runtime().block_on(exchange(chain, false)).unwrap_err();
    assert!(told.contains("refused"), "{told}");
    assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
}

#[test]
fn callers_on_other_runtimes_outlive_the_one_that_started_the_load() {
    for _ in 0..20 {
        let source = Source::default();
        let chain = chain(&source);
        let first = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        first.spawn(exchange(chain.clone(), true));
        while source.0.load(Ordering::SeqCst) == 0 {
            std::thread::yield_now();
        }
        let other = std::thread::spawn({
            let chain = chain.clone();
            move || runtime().block_on(exchange(chain, true))
        });
        std::thread::sleep(Duration::from_millis(2));
        first.shutdown_background();
        assert_eq!(other.join().unwrap(), Ok(()));
    }
}

#[test]
fn a_load_on_a_runtime_that_nobody_drives_is_begun_anew() {
    let source = Source::default();
    let chain = chain(&source);
    let idle = runtime();
    idle.block_on(async {
        tokio::spawn(exchange(chain.clone(), true));
        tokio::task::yield_now().await;
    });
    let start = std::time::Instant::now();
    assert_eq!(runtime().block_on(exchange(chain, true)), Ok(()));
    assert!(start.elapsed() < flight::STALL + Duration::from_secs(2), "{:?}", start.elapsed());
    drop(idle);
}

#[test]
fn without_a_runtime_the_error_says_so_and_nothing_panics() {
    let source = Source::default();
    let chain = chain(&source);
    let mut exchange = Box::pin(exchange(chain, true));
    let Poll::Ready(told) = exchange.as_mut().poll(&mut Context::from_waker(Waker::noop())) else {
        panic!("it waits for nobody");
    };
    assert!(told.unwrap_err().contains("tokio runtime"));
}
