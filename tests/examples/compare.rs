//! How long this client takes for the first token of a new client, and for a cached one, in nanoseconds: what
//! `.ci/compare` puts beside other clients.
#![expect(clippy::disallowed_methods, reason = "this is a program, whose time and variables are this machine's")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use token_client::{ReqwestHttp, TokenClient, TokenRequest};

const FIRST: usize = 21;
const CACHED: u32 = 200_000;

/// A client that shares nothing with those before it.
async fn client() -> TokenClient {
    let variable = |name: &str| std::env::var(name).unwrap();
    TokenClient::builder()
        .authority(variable("REAL_AUTHORITY"))
        .client_id("app1")
        .client_secret(variable("REAL_SECRET"))
        .http(Arc::new(ReqwestHttp::new().unwrap()))
        .build()
        .await
        .unwrap()
}

fn request() -> TokenRequest {
    TokenRequest::app("api://demo/.default")
}

async fn first() -> Duration {
    let start = Instant::now();
    client().await.token(&request()).await.unwrap();
    start.elapsed()
}

#[tokio::main]
async fn main() {
    let mut all = Vec::new();
    for _ in 0..FIRST {
        all.push(first().await);
    }
    all.sort_unstable();
    let (client, request) = (client().await, request());
    client.token(&request).await.unwrap();
    let start = Instant::now();
    for _ in 0..CACHED {
        std::hint::black_box(client.token(&request).await.unwrap());
    }
    let cached = start.elapsed() / CACHED;
    println!("first {}\ncached {}", all[FIRST / 2].as_nanos(), cached.as_nanos());
}
