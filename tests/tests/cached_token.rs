//! What the benches measure and no machine may change: a cached token costs no allocation, and any
//! number of first callers one request.
#![expect(clippy::disallowed_methods, reason = "the callers are tasks of the test itself")]

use std::sync::Arc;

use credential_core::Credential;
use credential_tests::memory_authority::{MemoryAuthority, SCOPE, client};
use token_client::{TokenClient, TokenOrigin, TokenRequest};

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
    let user = "ey".repeat(700);
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
