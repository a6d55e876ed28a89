//! A batch over many tenants, named on stdin, one a line: a few at a time, and one that fails stops no other.
#![allow(clippy::print_stdout, reason = "an example")]

use std::error::Error;
use std::io::stdin;
use std::sync::Arc;

use token_client::{DownstreamApi, DownstreamCall, DownstreamError, TokenClient};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

/// How many tenants have their turn at the same time.
const AT_ONCE: usize = 8;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    // One client for all: a credential is loaded once, and what one tenant says of it is known for the others.
    let inventory = TokenClient::from_file("appsettings.json").await?.downstream("Inventory")?;
    let turns = Arc::new(Semaphore::new(AT_ONCE));
    let mut running = JoinSet::new();
    for tenant in stdin().lines() {
        let (inventory, turns, tenant) = (inventory.clone(), Arc::clone(&turns), tenant?);
        running.spawn(async move {
            let _turn = turns.acquire().await;
            let outcome = one(&inventory, &tenant).await;
            (tenant, outcome)
        });
    }
    let mut failed = 0;
    while let Some(ended) = running.join_next().await {
        match ended? {
            (tenant, Ok(answer)) => println!("{tenant}: {answer}"),
            (tenant, Err(error)) => {
                failed += 1;
                println!("{tenant}: {error}");
            }
        }
    }
    if failed == 0 { Ok(()) } else { Err(format!("{failed} tenants failed").into()) }
}

async fn one(inventory: &DownstreamApi, tenant: &str) -> Result<String, DownstreamError> {
    let answer = inventory.call(DownstreamCall::new().path("hello").tenant(tenant)).await?;
    Ok(answer.error_for_status()?.text())
}
