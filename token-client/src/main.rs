//! The program `token-client`; see `token-client --help`.

use std::io::Write;
use std::process::ExitCode;

fn main() -> ExitCode {
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "the program cannot start: {error}");
            return ExitCode::FAILURE;
        }
    };
    let status = runtime.block_on(token_client::cli::run());
    // A file that is never answered (a dead network share) must not keep the program.
    runtime.shutdown_background();
    status
}
