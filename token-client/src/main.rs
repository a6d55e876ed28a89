//! The program `token-client`; see `token-client --help`.

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    token_client::cli::run().await
}
