//! Clients are used on several runtimes, and on none: what one of them started harms nobody on another.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Waker};
use std::time::{Duration, Instant, SystemTime};

use async_trait::async_trait;
use credential_core::World;
use credential_core::world::{Clock, Moment, SystemClock};
use token_client::{TokenClient, TokenRequest};
use tokio::runtime::{Builder, Runtime};

use crate::authority::{Authority, GOOD, ONE_SECRET, SCOPE, builder, section};

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

fn client(authority: &Arc<Authority>) -> TokenClient {
    runtime().block_on(builder(authority, &section(ONE_SECRET)).build()).unwrap()
}

fn token(client: &TokenClient) -> Result<(), String> {
    let token = runtime().block_on(client.token(&TokenRequest::app(SCOPE)));
    token.map(drop).map_err(|error| error.to_string())
}

#[test]
fn a_runtime_that_ends_before_the_exchange_begins_leaves_the_client_whole() {
    let authority = Arc::new(Authority::good());
    let client = client(&authority);
    let ends = runtime();
    {
        let _inside = ends.enter();
        let request = TokenRequest::app(SCOPE);
        let mut asked = Box::pin(client.token(&request));
        assert!(asked.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    }
    drop(ends);
    assert_eq!(token(&client), Ok(()));
}

#[test]
fn runtimes_that_shut_down_in_the_middle_of_calls_leave_the_client_whole() {
    for nth in 0..20 {
        let authority = Arc::new(Authority::good().after(Duration::from_millis(30)));
        let client = client(&authority);
        let ends = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        for _ in 0..4 {
            let client = client.clone();
            ends.spawn(async move { client.token(&TokenRequest::app(SCOPE)).await.is_ok() });
        }
        std::thread::sleep(Duration::from_millis(nth * 3));
        ends.shutdown_background();
        assert_eq!(token(&client), Ok(()), "shut down after {} ms", nth * 3);
    }
}

#[test]
fn a_caller_whose_own_runtime_runs_begins_the_exchange_anew() {
    let authority = Arc::new(Authority::good().after(Duration::from_millis(200)));
    let client = client(&authority);
    let first = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    first.spawn({
        let client = client.clone();
        async move { client.token(&TokenRequest::app(SCOPE)).await.is_ok() }
    });
    while authority.seen().is_empty() {
        std::thread::yield_now();
    }
    let second = std::thread::spawn({
        let client = client.clone();
        move || token(&client)
    });
    std::thread::sleep(Duration::from_millis(50));
    first.shutdown_background();
    assert_eq!(second.join().unwrap(), Ok(()));
    assert_eq!(authority.seen().len(), 2);
}

#[test]
fn an_exchange_on_a_runtime_that_nobody_drives_is_begun_anew() {
    let authority = Arc::new(Authority::good().after(Duration::from_millis(50)));
    let client = client(&authority);
    let idle = runtime();
    idle.block_on(async {
        let client = client.clone();
        tokio::spawn(async move { client.token(&TokenRequest::app(SCOPE)).await.is_ok() });
        tokio::task::yield_now().await;
        tokio::task::yield_now().await;
    });
    let start = Instant::now();
    assert_eq!(token(&client), Ok(()));
    assert!(start.elapsed() < Duration::from_secs(8), "{:?}", start.elapsed());
    drop(idle);
}

/// The real clock, some minutes ahead once it is told so.
#[derive(Debug, Default)]
struct Ahead(SystemClock, AtomicU64);

#[async_trait]
impl Clock for Ahead {
    fn now(&self) -> SystemTime {
        self.0.now() + Duration::from_secs(self.1.load(Ordering::SeqCst))
    }

    fn moment(&self) -> Moment {
        self.0.moment()
    }

    async fn sleep_until(&self, moment: Moment) {
        self.0.sleep_until(moment).await;
    }
}

/// A token that is due for renewal is given without a runtime, too: no renewal begins, and nothing panics.
#[test]
fn a_cached_token_is_given_without_a_runtime() {
    let due = GOOD.replace("\"expires_in\":3599", "\"expires_in\":3599,\"refresh_in\":60");
    let (authority, clock) = (Arc::new(Authority::new(move |_| (200, due.clone()))), Arc::new(Ahead::default()));
    let world = World::new(Arc::clone(&authority) as _).with_clock(Arc::clone(&clock) as _);
    let client = runtime().block_on(builder(&authority, &section(ONE_SECRET)).world(world).build()).unwrap();
    assert_eq!(token(&client), Ok(()));
    clock.1.store(600, Ordering::SeqCst);
    for _ in 0..3 {
        assert!(client.cached(&TokenRequest::app(SCOPE)).is_some());
    }
    assert_eq!(authority.seen().len(), 1);
    // A renewal that found no runtime is not under way for ever.
    runtime().block_on(async {
        assert!(client.cached(&TokenRequest::app(SCOPE)).is_some());
        tokio::time::sleep(Duration::from_millis(50)).await;
    });
    assert_eq!(authority.seen().len(), 2, "the renewal begins once there is a runtime");
}

/// As FFI hosts do it: `block_on` for each call, on a runtime of its own.
#[test]
fn a_runtime_for_each_call_works_for_ever() {
    let authority = Arc::new(Authority::new(|_| (200, GOOD.replace("3599", "1"))));
    let client = client(&authority);
    for _ in 0..50 {
        assert_eq!(token(&client), Ok(()));
    }
}
