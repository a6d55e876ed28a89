//! Hits, and what a full cache costs whoever comes next.

use std::time::{Duration, Instant};

use credential_tests::measure::readable;
use credential_tests::memory_authority::SCOPE;
use token_client::TokenRequest;

use crate::authority::{Answer, Authority, user};

const USERS: usize = 30_000;
const FULL: usize = 100_000;
const HITS: usize = 200_000;

pub(crate) async fn figures() {
    hits().await;
    eviction().await;
    short_lives().await;
}

async fn hits() {
    let client = Authority::new(Answer::Token(3600, Duration::ZERO)).client().await;
    let requests: Vec<TokenRequest> = (0..USERS).map(user).collect();
    for request in &requests {
        client.token(request).await.unwrap();
    }
    let bytes = client.cached_bytes() / USERS;
    let time = |requests: &[TokenRequest]| {
        let start = Instant::now();
        for nth in 0..HITS {
            // In no order that a cache of the processor's could foresee.
            let request = &requests[nth.wrapping_mul(7919) % requests.len()];
            std::hint::black_box(client.cached(request));
        }
        readable(start.elapsed().as_secs_f64() * 1e9 / HITS as f64)
    };
    let (one, many) = (time(&requests[..1]), time(&requests));
    println!(
        "a hit on behalf of a user: {one} for one, {many} among {USERS}; counted at {bytes} bytes a token of 1500"
    );
}

async fn eviction() {
    let client = Authority::new(Answer::Token(3600, Duration::ZERO)).client().await;
    let mut slowest = Duration::ZERO;
    for nth in 0..FULL + FULL / 2 {
        let request = TokenRequest::app(format!("api://{nth}/.default"));
        let start = Instant::now();
        client.token(&request).await.unwrap();
        if nth > FULL {
            slowest = slowest.max(start.elapsed());
        }
    }
    println!("beyond {FULL} tokens the slowest of {} callers waited {slowest:?}", FULL / 2);
}

async fn short_lives() {
    let authority = Authority::new(Answer::Token(300, Duration::ZERO));
    let client = authority.client().await;
    for _ in 0..1000 {
        client.token(&TokenRequest::app(SCOPE)).await.unwrap();
    }
    println!("1000 calls for a token that lives 300 s: {} request", authority.requests());
}
