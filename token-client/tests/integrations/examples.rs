//! The examples as processes, beside the emulator: what they print is what their reader expects. Those for Azure
//! Storage run in `.ci/real`, where there is a storage service.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use token_client::emulator::Emulator;

use crate::emulated::{calls, emulator};
use crate::grpc_server;

/// The example, which cargo builds with the tests, in the folder of its settings.
fn program(name: &str) -> PathBuf {
    let tests = std::env::current_exe().unwrap();
    let built = tests.ancestors().nth(2).unwrap().join("examples").join(name);
    let program = built.with_extension(std::env::consts::EXE_EXTENSION);
    assert!(program.exists(), "not built: cargo build -p token-client --examples --all-features");
    program
}

async fn run(name: &str, emulator: &Emulator, arguments: &[&str]) -> Vec<String> {
    let mut command = Command::new(program(name));
    command.current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("examples").join("integrations")).env_clear();
    command.env("AzureAd__Instance", emulator.instance()).env("ORDERS_SECRET", "s3cret").args(arguments);
    let Output { status, stdout, stderr } =
        tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
    assert!(status.success(), "{name}: {}", String::from_utf8_lossy(&stderr));
    String::from_utf8(stdout).unwrap().lines().map(str::to_owned).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tower_stack() {
    let emulator = emulator().await;
    let lines = run("tower_stack", &emulator, &[&emulator.api_url()]).await;
    assert_eq!(lines[0], "200 OK");
    assert!(lines[1].contains(r#""body":"7 apples""#), "{lines:?}");
    assert_eq!((calls(&emulator).len(), emulator.token_requests().len()), (1, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reqwest_with_middleware() {
    let emulator = emulator().await;
    let user = emulator.mint_user_token("ada@contoso.example", "app1", "access_as_user").unwrap();
    let lines = run("reqwest_stack", &emulator, &[&emulator.api_url(), &user]).await;
    assert_eq!(lines[0], r#"{"hello":"app1"}"#);
    assert!(lines[1].contains(r#""user":"ada@contoso.example""#), "{lines:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_grpc_client() {
    let emulator = emulator().await;
    let server = grpc_server::start().await;
    let lines = run("grpc", &emulator, &[&server]).await;
    assert_eq!(lines, ["/orders.Orders/Place of api://demo: 7 apples"]);
    assert_eq!(emulator.token_requests().len(), 1);
}
