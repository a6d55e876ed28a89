//! The vault is read by the account of the Azure CLI.
#![cfg(unix)]
#![expect(clippy::disallowed_methods, reason = "real time, programs and files of the test itself")]

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use credential_core::testing::{FakeCommands, FakeRun};
use credential_core::world::{Command, CommandError, CommandErrorKind, CommandOutput, Commands, ProcessCommands};
use credential_core::{SourceError, SourceType, World};
use credential_tests::vault::{BoundEntry, Cloud, Key, Made, bind, entry, load, load_within};

async fn cloud() -> Cloud {
    let cloud = Cloud::start().await;
    cloud.put("web", "v1", Made::new("web", Key::P256));
    cloud
}

/// A world that has an Azure CLI; the SDK runs it through the shell.
fn with_cli(cloud: &Cloud, run: FakeRun) -> (World, Arc<FakeCommands>) {
    let commands = Arc::<FakeCommands>::default();
    commands.on("/bin/sh", &["-c"], run);
    (cloud.world(&[]).with_commands(commands.clone()), commands)
}

fn by_cli() -> BoundEntry {
    let source = credential_keyvault::sources().swap_remove(0);
    bind(&source, entry(SourceType::KEY_VAULT).with("Credential", "AzureCli"))
}

#[tokio::test]
async fn the_azure_cli_is_used_where_it_is_chosen() {
    let token = r#"{"accessToken": "token-of-cli", "expires_on": 4000000000, "tokenType": "Bearer"}"#;
    for (cli, code) in [
        (FakeRun::ends(0, token, ""), None),
        (FakeRun::ends(127, "", "sh: 1: az: not found"), Some("azure-cli-absent")),
        (FakeRun::Fail(CommandErrorKind::NotFound), Some("azure-cli-absent")),
        (FakeRun::ends(1, "", "ERROR: Please run 'az login' to setup account."), Some("azure-cli-failed")),
        (FakeRun::ends(0, " ".repeat(100_000), ""), Some("azure-cli-failed")),
        (FakeRun::Fail(CommandErrorKind::NotPermitted), Some("azure-cli-failed")),
        (FakeRun::Fail(CommandErrorKind::Timeout), Some("azure-cli-timeout")),
        (FakeRun::Fail(CommandErrorKind::Broken), Some("azure-cli-abandoned")),
    ] {
        let cloud = cloud().await;
        cloud.edit(|state| state.tokens.push("token-of-cli".to_owned()));
        let (world, commands) = with_cli(&cloud, cli);
        let loaded = load(&by_cli(), &world, None).await;
        assert_eq!(loaded.as_ref().err().map(SourceError::code), code, "{loaded:?}");
        let ran = commands.ran();
        let [command] = ran.as_slice() else { panic!("{ran:?}") };
        let script = command.arguments[1].to_string_lossy();
        let asked = "az account get-access-token -o json --scope https://vault.azure.net/.default --tenant kvtenant";
        assert!(script.ends_with(asked), "{script}");
    }
}

#[tokio::test]
async fn an_azure_cli_that_hangs_is_waited_for_until_the_deadline_and_none_is_left_behind() {
    let cloud = cloud().await;
    let ((world, commands), entry) = (with_cli(&cloud, FakeRun::Hang), by_cli());
    for nth in 1..=3 {
        let start = Instant::now();
        let error = load_within(Duration::from_millis(300), &entry, &world, None).await.unwrap_err();
        assert!(start.elapsed() < Duration::from_secs(2));
        assert!(error.code() == "vault-timeout" && error.to_string().contains("Azure CLI"), "{error}");
        assert_eq!((commands.ran().len(), commands.under_way()), (nth, 0));
    }
}

/// The real programs of this machine, with an `az` of the test's own.
#[derive(Debug)]
struct WithAz(PathBuf);

#[async_trait]
impl Commands for WithAz {
    async fn run(&self, command: Command) -> Result<CommandOutput, CommandError> {
        let path = format!("{}:/usr/bin:/bin", self.0.display());
        ProcessCommands.run(command.variable("PATH", path)).await
    }
}

/// Whether a process of that number runs; one that ended need not have been taken note of.
fn runs(number: &str) -> bool {
    let there = std::process::Command::new("/bin/sh").args(["-c", "kill -0 $0 2>/dev/null", number]).status();
    let state = std::fs::read_to_string(format!("/proc/{number}/stat")).unwrap_or_default();
    let ended = state.rsplit(')').next().is_some_and(|after| after.trim_start().starts_with('Z'));
    there.unwrap().success() && !ended
}

#[tokio::test]
async fn the_processes_of_an_azure_cli_that_hangs_are_ended() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("hanging-az");
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    let (az, numbers) = (folder.join("az"), folder.join("numbers"));
    // As the real one: a script around a program.
    std::fs::write(&az, format!("#!/bin/sh\nsleep 600 &\necho $$ $! > {}\nwait\n", numbers.display())).unwrap();
    std::fs::set_permissions(&az, PermissionsExt::from_mode(0o755)).unwrap();
    let cloud = cloud().await;
    let world = cloud.world(&[]).with_commands(Arc::new(WithAz(folder)));
    let error = load_within(Duration::from_secs(1), &by_cli(), &world, None).await.unwrap_err();
    assert!(error.to_string().contains("Azure CLI"), "{error}");
    let numbers = std::fs::read_to_string(numbers).unwrap();
    let end = Instant::now() + Duration::from_secs(10);
    while numbers.split_whitespace().any(runs) {
        assert!(Instant::now() < end, "still there: {numbers}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Commands that panic.
#[derive(Debug, Default)]
struct Broken(AtomicUsize);

#[async_trait]
impl Commands for Broken {
    async fn run(&self, _command: Command) -> Result<CommandOutput, CommandError> {
        self.0.fetch_add(1, Ordering::SeqCst);
        panic!("in a test")
    }
}

#[tokio::test]
async fn an_azure_cli_that_panics_is_a_failure_and_may_be_run_again() {
    let (cloud, cli) = (cloud().await, Arc::<Broken>::default());
    let (entry, world) = (by_cli(), cloud.world(&[]).with_commands(cli.clone()));
    for nth in 1..=2 {
        let error = load(&entry, &world, None).await.unwrap_err();
        assert_eq!((error.code(), cli.0.load(Ordering::SeqCst)), ("azure-cli-abandoned", nth));
    }
}
