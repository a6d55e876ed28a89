//! A `TokenService` among other services: readiness, limits, callers that leave.

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use token_client::integrations::CallError;
use token_client::integrations::tower::{Cloned, TokenLayer};
use tokio::sync::Semaphore;
use tower::limit::ConcurrencyLimit;
use tower::{Layer, Service, ServiceExt};

use crate::fakes::{Api, Source, asks_for_claims, for_api, request};

const ORDERS: &str = "https://api.example/orders";

#[tokio::test]
async fn what_is_called_was_ready_the_second_time_too() {
    // `Api` panics when it is called without being ready.
    let api = Api::default();
    let mut service = TokenLayer::new(for_api(Source::new("t"))).resend(Cloned).layer(api.clone());
    for _ in 0..3 {
        api.answers(asks_for_claims());
        let answer = service.ready().await.unwrap().call(request(ORDERS)).await.unwrap();
        assert_eq!(answer.status(), 200);
    }
    assert_eq!(api.seen().len(), 6);
}

#[tokio::test]
async fn a_limit_below_holds_over_both_requests_and_is_free_afterwards() {
    let api = Api::default();
    let limited = ConcurrencyLimit::new(api.clone(), 1);
    let service = TokenLayer::new(for_api(Source::new("t"))).resend(Cloned).layer(limited);
    for _ in 0..5 {
        api.answers(asks_for_claims());
        let call = service.clone().oneshot(request(ORDERS));
        let answer = tokio::time::timeout(Duration::from_secs(5), call).await.expect("the limit is never free");
        assert_eq!(answer.unwrap().status(), 200);
    }
}

#[tokio::test]
async fn a_call_that_is_dropped_sends_nothing_and_holds_nothing() {
    let (api, gate) = (Api::default(), Arc::new(Semaphore::new(0)));
    let limited = ConcurrencyLimit::new(api.clone(), 1);
    let service = TokenLayer::new(for_api(Source::gated("t", &gate))).resend(Cloned).layer(limited);
    let mut waiting = service.clone();
    let mut call = waiting.ready().await.unwrap().call(request(ORDERS));
    assert!(call.as_mut().now_or_never().is_none());
    drop((call, waiting));
    assert!(api.seen().is_empty());
    gate.add_permits(1);
    let next = tokio::time::timeout(Duration::from_secs(5), service.oneshot(request(ORDERS)));
    assert_eq!(next.await.expect("what was dropped holds the limit").unwrap().status(), 200);
    assert_eq!(api.tokens(), ["Bearer t-1"]);
}

#[tokio::test]
async fn a_call_that_is_dropped_between_its_two_requests_leaves_the_next_one_whole() {
    let (api, gate) = (Api::default(), Arc::new(Semaphore::new(1)));
    let service = TokenLayer::new(for_api(Source::gated("t", &gate))).resend(Cloned).layer(api.clone());
    api.answers(asks_for_claims());
    let mut call = Box::pin(service.clone().oneshot(request(ORDERS)));
    assert!(call.as_mut().now_or_never().is_none());
    assert_eq!(api.seen().len(), 1);
    drop(call);
    gate.add_permits(1);
    assert_eq!(service.oneshot(request(ORDERS)).await.unwrap().status(), 200);
    assert_eq!(api.seen().len(), 2);
}

#[tokio::test]
async fn the_error_of_the_service_below_can_be_had() {
    let broken = tower::service_fn(|_: http::Request<crate::fakes::Body>| async {
        Err::<http::Response<()>, _>(std::io::Error::other("the line is cut"))
    });
    let service = TokenLayer::new(for_api(Source::new("t"))).layer(broken);
    let error = service.oneshot(request(ORDERS)).await.unwrap_err();
    let CallError::Service(below) = &error else { panic!("{error}") };
    assert!(below.downcast_ref::<std::io::Error>().is_some() && error.to_string().contains("the line is cut"));
}
