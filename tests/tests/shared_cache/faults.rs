//! A store in trouble: calls go on as if there were none.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use token_client::TokenClient;
use token_client::TokenOrigin::{Authority, SharedCache};
use token_client::store::{self, StoreError, StoreFault, TokenStore};

use credential_tests::processes::{Machines, app, got, keys};

const FAULTS: [StoreFault; 5] =
    [StoreFault::Down, StoreFault::Hangs, StoreFault::Panics, StoreFault::OutOfMemory, StoreFault::Denied];

#[tokio::test(start_paused = true)]
async fn no_call_fails_or_waits_longer_than_one_bound_and_then_the_store_is_left_alone() {
    for fault in FAULTS {
        let machines = Machines::paused();
        machines.store.fault(fault);
        let client = machines.process().await;
        let start = tokio::time::Instant::now();
        assert_eq!(got(&client, &app()).await.1, Authority, "{fault:?}");
        let took = start.elapsed();
        assert!(took <= Duration::from_millis(51), "{fault:?}: {took:?}");
        // What is written behind the back.
        tokio::time::sleep(Duration::from_millis(10)).await;
        let (commands, start) = (machines.store.commands(), tokio::time::Instant::now());
        for nth in 0..100 {
            let request = app().extra_query("nth", nth.to_string());
            assert_eq!(got(&client, &request).await.1, Authority, "{fault:?}");
        }
        // A tick of tokio's timer for each, at the most.
        let took = start.elapsed();
        assert!(took <= Duration::from_millis(100), "{fault:?}: {took:?}");
        // Out of memory, reads go on.
        let reads = if fault == StoreFault::OutOfMemory { 100 } else { 0 };
        assert_eq!(machines.store.commands() - commands, reads, "{fault:?}");
        let status = client.status().shared_cache.unwrap();
        assert!(!status.is_well() && status.last_finding.is_some(), "{fault:?}: {status:?}");
    }
}

/// How long a thousand calls at once take, each for a token of its own.
async fn a_thousand(client: &TokenClient) -> Duration {
    let start = Instant::now();
    let callers: Vec<_> = (0..1000)
        .map(|nth| {
            let client = client.clone();
            tokio::spawn(async move { got(&client, &app().extra_query("nth", nth.to_string())).await.1 })
        })
        .collect();
    for caller in callers {
        assert_eq!(caller.await.unwrap(), Authority);
    }
    start.elapsed()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_calls_at_once_wait_once_when_a_store_hangs() {
    let (well, machines) = (Machines::new(), Machines::new());
    machines.store.fault(StoreFault::Hangs);
    let usual = a_thousand(&well.process().await).await;
    let took = a_thousand(&machines.process().await).await;
    // Each call by itself has a bound of 50 ms for each of its commands.
    assert!(took < usual * 2 + Duration::from_millis(300), "{took:?}, without the fault {usual:?}");
    let commands = machines.store.commands();
    assert!(commands <= 1100, "one look of each at the most, and a few that see whether it is well: {commands}");
}

#[tokio::test]
async fn a_store_that_is_well_again_is_used_again() {
    for fault in FAULTS {
        let (machines, clock) = Machines::standing();
        machines.store.fault(fault);
        let client = machines.process().await;
        let bound = async {
            loop {
                tokio::task::yield_now().await;
                clock.advance(Duration::from_millis(1));
            }
        };
        let request = app();
        tokio::select! {
            _ = got(&client, &request) => {}
            () = bound => {}
        }
        machines.store.fault(None);
        for _ in 0..40 {
            clock.advance(Duration::from_secs(1));
            let anew = got(&client, &app().force_refresh()).await;
            assert_eq!(anew.1, Authority, "{fault:?}");
            for _ in 0..20 {
                tokio::task::yield_now().await;
            }
        }
        assert_eq!(got(&machines.process().await, &app()).await.1, SharedCache, "{fault:?}");
        assert!(client.status().shared_cache.unwrap().is_well(), "{fault:?}");
    }
}

/// A store of somebody's own, without locks.
#[derive(Debug)]
struct Own(store::FakeStore);

#[async_trait]
impl TokenStore for Own {
    async fn get(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.0.get(name).await
    }

    async fn set(&self, name: &str, value: Vec<u8>, life: Duration) -> Result<(), StoreError> {
        self.0.set(name, value, life).await
    }
}

#[tokio::test]
async fn a_store_without_locks_shares_all_the_same() {
    let machines = Machines::new();
    let cache = || store::SharedCache::new(Own(machines.store.clone()), keys(&["a"]));
    let one = Arc::new(machines.process_of("app1", cache()).await);
    got(&one, &app()).await;
    machines.settled(1).await;
    assert_eq!(got(&machines.process_of("app1", cache()).await, &app()).await.1, SharedCache);
}

/// A store that fails as it is told to.
#[derive(Debug)]
struct Told {
    store: store::FakeStore,
    /// Of the next reads, and the next writes, so many fail.
    reads: AtomicUsize,
    writes: AtomicUsize,
    error: fn(&'static str) -> StoreError,
}

impl Told {
    fn fails(&self, next: &AtomicUsize) -> Result<(), StoreError> {
        let less = |left: usize| left.checked_sub(1);
        match next.fetch_update(Ordering::SeqCst, Ordering::SeqCst, less) {
            Ok(_) => Err((self.error)("as it was told")),
            Err(_) => Ok(()),
        }
    }
}

#[async_trait]
impl TokenStore for Told {
    async fn get(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.fails(&self.reads)?;
        self.store.get(name).await
    }

    async fn set(&self, name: &str, value: Vec<u8>, life: Duration) -> Result<(), StoreError> {
        self.fails(&self.writes)?;
        self.store.set(name, value, life).await
    }
}

/// A process whose store fails so many of its reads and writes, and then works.
async fn told(machines: &Machines, reads: usize, writes: usize, error: fn(&'static str) -> StoreError) -> TokenClient {
    let (reads, writes) = (reads.into(), writes.into());
    let told = Told { store: machines.store.clone(), reads, writes, error };
    machines.process_of("app1", store::SharedCache::new(told, keys(&["a"]))).await
}

#[tokio::test(start_paused = true)]
async fn a_write_that_failed_once_is_made_a_moment_later() {
    let machines = Machines::paused();
    let client = told(&machines, 0, 1, StoreError::unreachable).await;
    got(&client, &app()).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(got(&machines.process().await, &app()).await.1, SharedCache);
}

#[tokio::test(start_paused = true)]
async fn something_foreign_under_one_name_keeps_nobody_from_the_others() {
    let machines = Machines::paused();
    let request = |nth: usize| app().extra_query("nth", nth.to_string());
    let other = machines.process().await;
    for nth in 1..4 {
        got(&other, &request(nth)).await;
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    let client = told(&machines, 2, 0, StoreError::foreign).await;
    assert_eq!(got(&client, &request(0)).await.1, Authority);
    for nth in 1..4 {
        assert_eq!(got(&client, &request(nth)).await.1, SharedCache, "{nth}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_store_that_is_well_again_is_used_by_all_at_once() {
    let request = |nth: usize| app().extra_query("nth", nth.to_string());
    let errors: [fn(&'static str) -> StoreError; 2] = [StoreError::unreachable, StoreError::refused];
    for error in errors {
        let machines = Machines::paused();
        let other = machines.process().await;
        for nth in 2..30 {
            got(&other, &request(nth)).await;
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
        let client = told(&machines, 1, 0, error).await;
        assert_eq!(got(&client, &request(0)).await.1, Authority);
        tokio::time::sleep(Duration::from_secs(1)).await;
        got(&client, &request(1)).await;
        let callers: Vec<_> = (2..30)
            .map(|nth| {
                let client = client.clone();
                tokio::spawn(async move { got(&client, &request(nth)).await.1 })
            })
            .collect();
        for caller in callers {
            assert_eq!(caller.await.unwrap(), SharedCache);
        }
    }
}
