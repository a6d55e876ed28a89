//! What the benches measure and no machine may change: a cached token costs no allocation, and any
//! number of first callers one request.
#![expect(clippy::disallowed_methods, reason = "the callers are tasks of the test itself")]

use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use credential_core::testing::FakeClock;
use credential_core::world::{Clock, HttpClient, HttpError, HttpRequest, HttpResponse, Moment, SystemClock};
use credential_core::{Credential, World};
use credential_tests::memory_authority::{MemoryAuthority, SCOPE, client, client_in};
use token_client::{TokenClient, TokenOrigin, TokenRequest, TokenSource};

async fn with_secret(authority: &Arc<MemoryAuthority>) -> TokenClient {
    client(authority, Credential::secret("test", "s3cret")).await
}

/// Allocations of this thread while the call is polled to its end, which takes no wait.
fn allocations(call: impl Future) -> u64 {
    let mut call = std::pin::pin!(call);
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    allocation_counter::measure(|| assert!(call.as_mut().poll(&mut context).is_ready())).count_total
}

#[tokio::test]
async fn a_cached_token_allocates_nothing() {
    let authority = Arc::default();
    let client = with_secret(&authority).await;
    // In the form of a JWT, and as long as one.
    let user = format!("e30.{}.{}", "ey".repeat(700), "ey".repeat(170));
    let requests = [
        TokenRequest::app(SCOPE),
        TokenRequest::app(SCOPE).tenant("fabrikam.com"),
        TokenRequest::app(SCOPE).fmi_path("a/b"),
        TokenRequest::on_behalf_of(user, ["user.read", "mail.read"]),
    ];
    for request in &requests {
        client.token(request).await.unwrap();
        let count = allocations(async {
            for _ in 0..1000 {
                let cached = client.acquire(request).await.unwrap();
                assert_eq!(cached.origin, TokenOrigin::Cache);
                assert!(!client.token(request).await.unwrap().authorization_header().is_empty());
            }
        });
        assert_eq!(count, 0, "{request:?}");
    }
    assert_eq!(authority.requests(), requests.len());
}

#[tokio::test]
async fn a_source_of_a_cached_token_allocates_nothing_and_is_ready_at_once() {
    let authority = Arc::default();
    let source = with_secret(&authority).await.token_source(TokenRequest::app(SCOPE));
    source.token().await.unwrap();
    let source: &dyn TokenSource = &source;
    assert_eq!(allocations(async { assert!(!source.token().await.unwrap().value().is_empty()) }), 0);
    assert_eq!(authority.requests(), 1);
}

/// Gives tokens that are to be renewed at once.
#[derive(Debug)]
struct Due;

#[async_trait]
impl HttpClient for Due {
    async fn send(&self, _request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let body = r#"{"token_type":"Bearer","expires_in":3599,"refresh_in":-1,"access_token":"due"}"#;
        Ok(HttpResponse::new(200, Vec::new(), body))
    }
}

#[test]
fn a_token_that_is_due_is_given_where_no_runtime_is() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (client, clock) = runtime.block_on(async {
        let clock = Arc::new(FakeClock::default());
        let world = World::new(Arc::new(Due)).with_clock(Arc::clone(&clock) as _);
        let client = client_in(world, Credential::secret("test", "s3cret")).await;
        client.token(&TokenRequest::app(SCOPE)).await.unwrap();
        (client, clock)
    });
    drop(runtime);
    // Renewals are spread; by now each is due.
    clock.advance(Duration::from_secs(600));
    let source = client.token_source(TokenRequest::app(SCOPE));
    let there = std::thread::spawn(move || {
        let cached = client.cached(&TokenRequest::app(SCOPE)).map(|token| token.value().expose().to_owned());
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        (cached, std::pin::pin!(source.token()).poll(&mut context).is_ready())
    });
    assert_eq!(there.join().unwrap(), (Some("due".to_owned()), true));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn any_number_of_first_callers_make_one_request() {
    for _ in 0..50 {
        let authority = Arc::default();
        let client = with_secret(&authority).await;
        let callers: Vec<_> = (0..200)
            .map(|_| {
                let client = client.clone();
                tokio::spawn(async move { client.token(&TokenRequest::app(SCOPE)).await.unwrap() })
            })
            .collect();
        for caller in callers {
            caller.await.unwrap();
        }
        assert_eq!(authority.requests(), 1);
    }
}

/// A clock during whose first reading of the moment another caller gets its token, from start to end.
#[derive(Debug, Default)]
struct Overtaken {
    clock: SystemClock,
    by: Mutex<Option<TokenClient>>,
}

#[async_trait]
impl Clock for Overtaken {
    fn now(&self) -> SystemTime {
        self.clock.now()
    }

    fn moment(&self) -> Moment {
        let other = self.by.lock().unwrap().take();
        if let Some(client) = other {
            std::thread::spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
                runtime.block_on(client.token(&TokenRequest::app(SCOPE))).unwrap();
            })
            .join()
            .unwrap();
        }
        self.clock.moment()
    }

    async fn sleep_until(&self, moment: Moment) {
        self.clock.sleep_until(moment).await;
    }
}

#[tokio::test]
async fn a_caller_who_was_overtaken_after_its_look_at_the_cache_asks_nobody() {
    let (authority, clock) = (Arc::<MemoryAuthority>::default(), Arc::<Overtaken>::default());
    let world = World::new(Arc::clone(&authority) as _).with_clock(Arc::clone(&clock) as _);
    let client = client_in(world, Credential::secret("test", "s3cret")).await;
    *clock.by.lock().unwrap() = Some(client.clone());
    client.token(&TokenRequest::app(SCOPE)).await.unwrap();
    assert!(clock.by.lock().unwrap().is_none(), "nobody overtook");
    assert_eq!(authority.requests(), 1);
}
