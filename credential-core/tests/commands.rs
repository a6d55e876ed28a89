//! Programs run to their end within a bound, and nothing of them is left behind.
#![cfg(unix)]
#![expect(clippy::unwrap_used, clippy::panic, clippy::disallowed_methods, reason = "real programs, time and tasks")]

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use credential_core::World;
use credential_core::testing::{FakeHttp, FakeRun, FakeWorld};
use credential_core::world::{Command, CommandError, CommandErrorKind, CommandOutput, Commands};

fn world() -> World {
    World::new(Arc::new(FakeHttp::default()))
}

fn shell(script: &str) -> Command {
    Command::new("/bin/sh").argument("-c").argument(script).timeout(Duration::from_secs(20))
}

/// A file that no other test of this process has.
fn file(name: &str) -> PathBuf {
    std::env::temp_dir().join(format!("credential-core-{name}-{}", std::process::id()))
}

/// A script that writes its own number and its child's to the file and hangs in the child, as wrappers around a
/// program do.
fn hangs(file: &PathBuf) -> Command {
    let _ = std::fs::remove_file(file);
    shell(r#"sleep 600 & echo "$$ $!" > "$0.new" && mv "$0.new" "$0"; wait"#).argument(file)
}

/// The numbers that a script that hangs has written.
async fn numbers(file: &PathBuf) -> Vec<String> {
    let written = || std::fs::read_to_string(file).ok();
    for _ in 0..2000 {
        if let Some(text) = written() {
            return text.split_whitespace().map(str::to_owned).collect();
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("the script did not start");
}

/// Whether there is a process of that number; one whose end nobody has taken note of counts.
fn is_there(number: &str) -> bool {
    let kill = std::process::Command::new("/bin/sh").args(["-c", "kill -0 $0 2>/dev/null", number]).status();
    kill.unwrap().success()
}

/// Whether it still runs. The end of a child's child is for the machine's first process to note, which may not.
fn runs(number: &str) -> bool {
    let state = std::fs::read_to_string(format!("/proc/{number}/stat")).unwrap_or_default();
    is_there(number) && !state.rsplit(')').next().is_some_and(|after| after.trim_start().starts_with('Z'))
}

async fn all_gone(file: &PathBuf) {
    let numbers = numbers(file).await;
    let [script, child] = numbers.as_slice() else { panic!("{numbers:?}") };
    let end = Instant::now() + Duration::from_secs(10);
    while is_there(script) || runs(child) {
        assert!(Instant::now() < end, "still there: {numbers:?}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    std::fs::remove_file(file).unwrap();
}

#[tokio::test]
async fn a_program_gives_its_output_and_its_exit_status() {
    let script = r#"printf 'out:%s:%s' "$0" "$WORD"; echo complaint >&2; cat; exit 3"#;
    let output = world().run(shell(script).argument("a b;c").variable("WORD", "s3cret")).await.unwrap();
    assert_eq!((output.status, output.stdout.expose()), (Some(3), b"out:a b;c:s3cret".as_slice()));
    assert_eq!((output.stderr.as_str(), output.is_success()), ("complaint\n", false));
    assert!(world().run(Command::new("true")).await.unwrap().is_success());
    assert_eq!(world().run(shell("kill -s TERM $$")).await.unwrap().status, None);
}

#[tokio::test]
async fn both_pipes_are_read_while_the_program_writes_them() {
    let both = "head -c 300000 /dev/zero; head -c 300000 /dev/zero >&2; head -c 300000 /dev/zero";
    let output = world().run(shell(both)).await.unwrap();
    assert_eq!((output.stdout.len(), output.stderr.len()), (600_000, 300_000));
}

#[tokio::test]
async fn more_than_the_bound_is_an_error_on_either_pipe() {
    for (script, fits) in [
        ("head -c 100 /dev/zero", true),
        ("head -c 101 /dev/zero", false),
        ("head -c 100 /dev/zero >&2", true),
        ("head -c 101 /dev/zero >&2", false),
    ] {
        let kind = world().run(shell(script).max_output(100)).await.map(|_| ()).map_err(|error| error.kind());
        assert_eq!(kind, if fits { Ok(()) } else { Err(CommandErrorKind::TooLarge) }, "{script}");
    }
    let start = Instant::now();
    let endless = world().run(shell("while :; do echo more; done").max_output(100_000)).await.unwrap_err();
    assert_eq!(endless.kind(), CommandErrorKind::TooLarge);
    assert!(start.elapsed() < Duration::from_secs(10));
}

#[tokio::test]
async fn the_time_out_ends_the_program_and_what_it_has_started() {
    let file = file("time-out");
    let error = world().run(hangs(&file).timeout(Duration::from_millis(500))).await.unwrap_err();
    assert_eq!(error.kind(), CommandErrorKind::Timeout);
    assert!(error.to_string().contains("/bin/sh"), "{error}");
    all_gone(&file).await;
}

#[tokio::test]
async fn whoever_leaves_leaves_no_program_behind() {
    let file = file("left");
    let command = hangs(&file);
    let waits = tokio::spawn(async move { world().run(command).await });
    assert!(is_there(&numbers(&file).await[1]));
    waits.abort();
    all_gone(&file).await;
}

#[test]
fn a_runtime_that_ends_leaves_no_program_behind() {
    let runtime = || tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let file = file("runtime");
    let ends = runtime();
    let command = hangs(&file);
    ends.spawn(async move { world().run(command).await });
    ends.block_on(numbers(&file));
    ends.shutdown_timeout(Duration::from_secs(5));
    runtime().block_on(all_gone(&file));
}

#[tokio::test]
async fn what_cannot_be_run_says_so() {
    let absent = world().run(Command::new("no-such-program-of-ours").argument("s3cret")).await.unwrap_err();
    assert_eq!(absent.kind(), CommandErrorKind::NotFound);
    assert!(absent.to_string().contains("no-such-program-of-ours"), "{absent}");
    let plain = file("plain");
    std::fs::write(&plain, "no program").unwrap();
    let refused = world().run(Command::new(&plain)).await.unwrap_err();
    assert_eq!(refused.kind(), CommandErrorKind::NotPermitted);
    std::fs::remove_file(plain).unwrap();
    let broken = world().run(Command::new("true").argument("a\0b")).await.unwrap_err();
    assert_eq!(broken.kind(), CommandErrorKind::Broken);
    assert!(!format!("{absent} {absent:?} {refused:?} {broken:?}").contains("s3cret"));
}

#[test]
fn a_runtime_without_io_or_time_is_told_and_nothing_is_started() {
    let marker = file("marker");
    for time in [false, true] {
        let mut builder = tokio::runtime::Builder::new_current_thread();
        let runtime = if time { builder.enable_time().build() } else { builder.build() }.unwrap();
        let run = async { credential_core::world::ProcessCommands.run(shell("echo > \"$0\"").argument(&marker)).await };
        let error = runtime.block_on(run).unwrap_err();
        assert_eq!(error.kind(), CommandErrorKind::Broken);
        assert!(error.to_string().contains("enable_all"), "{error}");
    }
    std::thread::sleep(Duration::from_millis(100));
    assert!(!marker.exists());
}

/// Panics, or never ends.
#[derive(Debug)]
struct Foreign {
    panics: bool,
}

#[async_trait]
impl Commands for Foreign {
    async fn run(&self, _command: Command) -> Result<CommandOutput, CommandError> {
        assert!(!self.panics, "s3cret");
        std::future::pending().await
    }
}

#[tokio::test]
async fn whoever_runs_commands_is_guarded() {
    let run = |panics| {
        let world = world().with_commands(Arc::new(Foreign { panics }));
        async move { world.run(Command::new("az").timeout(Duration::from_millis(50))).await.unwrap_err() }
    };
    let (panicked, late) = (run(true).await, run(false).await);
    assert_eq!((panicked.kind(), late.kind()), (CommandErrorKind::Broken, CommandErrorKind::Timeout));
    assert!(panicked.to_string().contains("az") && late.to_string().contains("az"), "{panicked} {late}");
    assert!(!format!("{panicked} {panicked:?}").contains("s3cret"));
}

#[tokio::test]
async fn a_fake_answers_by_program_and_arguments() {
    let fake = FakeWorld::new();
    fake.commands.on("az", &[], FakeRun::ends(0, "any", ""));
    fake.commands.on(
        "az",
        &["login"],
        FakeRun::by(|command| CommandOutput::new(1, "", command.arguments.len().to_string())),
    );
    fake.commands.on("hangs", &[], FakeRun::Hang);
    fake.commands.on("fails", &[], FakeRun::Fail(CommandErrorKind::NotPermitted));
    let world = fake.world();
    assert_eq!(world.run(Command::new("az").argument("account")).await.unwrap().stdout.expose(), b"any");
    assert_eq!(world.run(Command::new("az").arguments(["login", "--tenant"])).await.unwrap().stderr, "2");
    let kind = |result: Result<CommandOutput, CommandError>| result.unwrap_err().kind();
    assert_eq!(kind(world.run(Command::new("az").max_output(2)).await), CommandErrorKind::TooLarge);
    assert_eq!(kind(world.run(Command::new("fails")).await), CommandErrorKind::NotPermitted);
    assert_eq!(kind(world.run(Command::new("other")).await), CommandErrorKind::NotFound);
    let hangs = tokio::time::timeout(Duration::from_millis(20), world.run(Command::new("hangs")));
    let (given_up, under_way) = tokio::join!(hangs, async { fake.commands.under_way() });
    assert!(given_up.is_err());
    assert_eq!((under_way, fake.commands.under_way(), fake.commands.ran().len()), (1, 0, 6));
}

#[test]
fn nothing_secret_is_shown() {
    let command = Command::new("az").argument("hunter2").variable("PASSWORD", "hunter2");
    let output = CommandOutput::new(0, "hunter2", "hunter2");
    let fake = FakeWorld::new();
    fake.commands.on("az", &[], FakeRun::Ends(output.clone()));
    for text in [format!("{command:?} {output:?} {fake:?}"), format!("{command:#?} {output:#?} {fake:#?}")] {
        assert!(!text.contains("hunter2") && text.contains("az"), "{text}");
    }
}
