//! What no machine may change of a downstream call's cost: the memory above that of the HTTP client alone.

use credential_core::world::HttpClient;
use credential_tests::canned_api::{self, CannedApi};
use token_client::DownstreamCall;

const CALLS: u64 = 1000;

/// Allocations and bytes of one call, of which each is polled to its end at once.
fn one_of(mut call: impl FnMut()) -> (u64, u64) {
    call();
    let measured = allocation_counter::measure(|| (0..CALLS).for_each(|_| call()));
    (measured.count_total / CALLS, measured.bytes_total / CALLS)
}

fn now<F: Future>(call: F) -> F::Output {
    let mut call = std::pin::pin!(call);
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    match call.as_mut().poll(&mut context) {
        std::task::Poll::Ready(output) => output,
        std::task::Poll::Pending => panic!("the canned API lets nobody wait"),
    }
}

#[tokio::test]
async fn a_call_costs_a_kilobyte_at_most() {
    let api = canned_api::api().await;
    let token = api.call(DownstreamCall::new()).await.unwrap();
    assert!(token.with_token());
    let (http, header) = (CannedApi, credential_core::Secret::new(format!("Bearer {}", "e".repeat(1500))));
    let http: &dyn HttpClient = &http;
    let bare = one_of(|| assert_eq!(now(canned_api::bare(http, &header)).status, 200));
    for (name, ours) in [
        ("a path", one_of(|| assert!(now(api.call(DownstreamCall::new().path("items/42"))).unwrap().is_success()))),
        (
            "a segment and a query",
            one_of(|| {
                let call = DownstreamCall::new().path("items").segment("42").query("expand", "all of it");
                assert!(now(api.call(call)).unwrap().is_success());
            }),
        ),
    ] {
        let (count, bytes) = (ours.0 - bare.0, ours.1 - bare.1);
        println!("{name}: {count} allocations and {bytes} bytes above {} and {} of the HTTP client", bare.0, bare.1);
        // Where requests are timed too (feature metrics), labels and all.
        assert!(bytes <= 1024 && count <= 24, "{name}: {count} allocations and {bytes} bytes more");
    }
}
