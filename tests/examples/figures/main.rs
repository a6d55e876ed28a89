//! What an operator asks first, in figures: requests to an authority that is unwell, crowds, hits, memory. Everything
//! but the authority is real. `cargo run --release -p credential-tests --example figures`; `-- --seconds 60` looks at
//! each fault for so long.
//!
//! The exit status is 0 when the bounds hold that there are; those of time only where the build is optimised.
#![expect(clippy::disallowed_methods, reason = "this is a program, whose time and tasks are this machine's")]

mod authority;
mod cache;
mod crowd;
mod storms;

use std::process::ExitCode;
use std::time::Duration;

fn main() -> ExitCode {
    let mut words = std::env::args().skip(1);
    let seconds = match (words.next().as_deref(), words.next().and_then(|value| value.parse().ok())) {
        (None, _) => 20,
        (Some("--seconds"), Some(seconds)) => seconds,
        _ => {
            eprintln!("there is --seconds NUMBER");
            return ExitCode::from(2);
        }
    };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let storms = runtime.block_on(storms::table(Duration::from_secs(seconds)));
    let crowd = runtime.block_on(crowd::of_one_key());
    runtime.block_on(cache::figures());
    if storms && crowd { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
