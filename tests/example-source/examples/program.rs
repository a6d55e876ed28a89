//! The program `token-client` with sources of one's own in it: `doctor`, `token` and the others know them.

use std::process::ExitCode;
use std::sync::Arc;

use credential_core::CredentialSource;
use example_source::{LeasedSecret, SystemdCredential};

#[tokio::main]
async fn main() -> ExitCode {
    let own: [Arc<dyn CredentialSource>; 2] = [Arc::new(SystemdCredential), Arc::new(LeasedSecret)];
    token_client::cli::run_with(own).await
}
