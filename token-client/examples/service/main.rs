//! A service: calls an API of its settings as itself, for as long as it runs.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "an example")]

use std::error::Error;

use serde::Deserialize;
use token_client::TokenClient;

#[derive(Debug, Deserialize)]
struct Greeting {
    hello: String,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    // Reads the files and variables, and fails with everything that is wrong with them. No request is sent.
    let client = TokenClient::from_file("appsettings.json").await?;
    for finding in &client.configuration().findings {
        eprintln!("{finding}");
    }
    // Made once, cheap to clone.
    let inventory = client.downstream("Inventory")?;
    for _ in 0..3 {
        // The token is cached, and renewed in time.
        let greeting: Greeting = inventory.get("hello").await?;
        println!("the API says hello to {}", greeting.hello);
    }
    println!("by entry {:?}", client.credentials().in_use().map(|entry| entry.index));
    Ok(())
}
