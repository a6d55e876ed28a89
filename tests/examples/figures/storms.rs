//! Fifty callers who ask as fast as they can, while the authority is unwell: requests per second that it gets.

use std::time::{Duration, Instant};

use credential_tests::memory_authority::SCOPE;
use token_client::TokenRequest;

use crate::authority::{Answer, Authority, user};

const CALLERS: usize = 50;
/// What an unwell host may get from one process.
const MOST: f64 = 10.0;

const BAD_SCOPE: &str = r#"{"error":"invalid_scope","error_codes":[70011]}"#;
const BAD_SECRET: &str = r#"{"error":"invalid_client","error_codes":[7000215]}"#;

const FAULTS: [(&str, Answer, bool); 7] = [
    ("500", Answer::Status(500, None, ""), true),
    ("no connection", Answer::NoConnection, true),
    ("429 without Retry-After", Answer::Status(429, None, ""), true),
    ("503 with Retry-After: 20", Answer::Status(503, Some(20), ""), true),
    // Not unwell: each user's request is one of its own.
    ("400", Answer::Status(400, None, BAD_SCOPE), false),
    ("wrong secret", Answer::Status(401, None, BAD_SECRET), false),
    ("no answer", Answer::Never, true),
];

/// Prints the table; gives whether what is bound holds.
pub(crate) async fn table(time: Duration) -> bool {
    println!("{CALLERS} callers in a loop for {} s: requests per second, calls per second", time.as_secs());
    println!("  {:<28}{:>18}{:>18}", "", "one key", "50 users");
    let storms = FAULTS.map(|(name, answer, is_bound)| {
        tokio::spawn(async move {
            let one = storm(answer, time, |_| TokenRequest::app(SCOPE));
            let (one, users) = tokio::join!(one, storm(answer, time, user));
            println!("  {name:<28}{:>9.2}{:>9.0}{:>9.2}{:>9.0}", one.0, one.1, users.0, users.1);
            !is_bound || (one.0 <= MOST && users.0 <= MOST)
        })
    });
    let mut holds = true;
    for storm in storms {
        holds &= storm.await.unwrap();
    }
    holds
}

async fn storm(answer: Answer, time: Duration, request: impl Fn(usize) -> TokenRequest) -> (f64, f64) {
    let authority = Authority::new(answer);
    let client = authority.client().await;
    let end = Instant::now() + time;
    let callers: Vec<_> = (0..CALLERS)
        .map(|nth| {
            let (client, request) = (client.clone(), request(nth));
            tokio::spawn(async move {
                let mut calls = 0;
                while Instant::now() < end {
                    let left = end.saturating_duration_since(Instant::now());
                    let _ = tokio::time::timeout(left, client.token(&request)).await;
                    calls += 1;
                    // All storms share this machine.
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
                calls
            })
        })
        .collect();
    let mut calls = 0;
    for caller in callers {
        calls += caller.await.unwrap();
    }
    let each_second = |count: usize| count as f64 / time.as_secs_f64();
    (each_second(authority.requests()), each_second(calls))
}
