//! Ten thousand callers of one key: one request, and all of them have its token soon after it is there.

use std::time::{Duration, Instant};

use credential_tests::memory_authority::SCOPE;
use token_client::TokenRequest;

use crate::authority::{Answer, Authority};

const CALLERS: usize = 10_000;
const EXCHANGE: Duration = Duration::from_millis(100);
/// Of the exchange's time.
const MOST: f64 = 1.2;
const ROUNDS: usize = 5;

/// Prints the best of some rounds; gives whether it holds.
pub(crate) async fn of_one_key() -> bool {
    let mut best = f64::MAX;
    let mut requests = 0;
    for _ in 0..ROUNDS {
        let authority = Authority::new(Answer::Token(3600, EXCHANGE));
        let client = authority.client().await;
        let start = Instant::now();
        let callers: Vec<_> = (0..CALLERS)
            .map(|_| {
                let client = client.clone();
                tokio::spawn(async move { client.token(&TokenRequest::app(SCOPE)).await.is_ok() })
            })
            .collect();
        for caller in callers {
            assert!(caller.await.unwrap());
        }
        best = best.min(start.elapsed().as_secs_f64() / EXCHANGE.as_secs_f64());
        requests = requests.max(authority.requests());
    }
    println!(
        "{CALLERS} callers of one key: {requests} request, {best:.2} of the exchange's {} ms",
        EXCHANGE.as_millis()
    );
    requests == 1 && (cfg!(debug_assertions) || best <= MOST)
}
