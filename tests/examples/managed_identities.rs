//! The hosts of managed identities of the tests, for clients of others (`.ci/real`): the identities in JSON are the
//! argument; the address is printed. They are there until standard input ends.

#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a tool of the tests: it stops when it cannot work")]

use std::io::Read;

use credential_tests::wire::Hosts;

#[tokio::main]
async fn main() {
    let identities = std::env::args().nth(1).unwrap();
    let hosts = Hosts::start(&serde_json::from_str(&identities).unwrap()).await;
    println!("{}", hosts.address());
    let ended = tokio::task::spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new()));
    ended.await.unwrap().unwrap();
}
