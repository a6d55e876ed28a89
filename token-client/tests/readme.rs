//! What README.md shows of the program is what the program prints.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "tests fail by panicking, and a process has real files"
)]

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use credential_cert_store::Material;
use credential_core::Secret;
use token_client::emulator::{EmulatedApp, EmulatedResource, Emulator};

const README: &str = include_str!("../../README.md");

/// The block of that kind which begins so.
fn block(kind: &str, begin: &str) -> String {
    let start = README.find(&format!("```{kind}\n{begin}")).unwrap_or_else(|| panic!("README.md has no {begin:?}"));
    let block = README.get(start + kind.len() + 4..).unwrap();
    block.split("\n```").next().unwrap().to_owned()
}

/// What the block shows after its command.
fn shown(command: &str) -> String {
    block("console", &format!("$ {command}\n")).split_once('\n').unwrap().1.to_owned()
}

/// Lines without what differs between runs and machines: ports, times, the days that have gone by.
fn steady(text: &str) -> Vec<String> {
    let line = |line: &str| {
        let line = line.split("in the cache in ").next().unwrap_or_default().split("from the cache in ").next();
        let digits = |one: char| if one.is_ascii_digit() { '0' } else { one };
        let mut text: String = line.unwrap_or_default().trim_end().chars().map(digits).collect();
        while text.contains("00") {
            text = text.replace("00", "0");
        }
        text
    };
    text.lines().map(line).collect()
}

/// Each line that is shown is printed, in that order; `...` stands for any.
fn same(shown: &str, printed: &str) {
    let (shown, printed) = (steady(shown), steady(printed));
    let mut left = printed.iter();
    let mut any = false;
    for line in &shown {
        if line == "..." {
            any = true;
            continue;
        }
        let found = if any { left.by_ref().any(|one| one == line) } else { left.next() == Some(line) };
        assert!(found, "README.md shows {line:?}, printed is\n{}", printed.join("\n"));
        any = false;
    }
    assert!(any || left.next().is_none(), "README.md ends before\n{}", printed.join("\n"));
}

fn program(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_token-client"));
    command.current_dir(folder).env_clear();
    command
}

fn print(command: &mut Command) -> String {
    String::from_utf8(command.output().unwrap().stdout).unwrap()
}

/// A folder with the settings that are shown, and with a certificate.
fn folder() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("readme");
    fs::create_dir_all(folder.join("certs")).unwrap();
    fs::write(folder.join("appsettings.json"), block("jsonc", "{\n  \"AzureAd\"")).unwrap();
    folder
}

#[test]
fn the_demo_prints_what_is_shown() {
    same(&shown("cargo demo"), &print(program(&folder()).arg("demo")));
}

#[test]
fn config_prints_what_is_shown() {
    same(&shown("cargo token-client config"), &print(program(&folder()).arg("config")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn doctor_prints_what_is_shown() {
    let folder = folder();
    let pfx = fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/golden/pfx/ossl-default.pfx")).unwrap();
    fs::write(folder.join("certs/orders.pfx"), &pfx).unwrap();
    let material = Material::from_bytes(&pfx, Some(&Secret::from("pw"))).unwrap();
    let settings = block("jsonc", "{\n  \"AzureAd\"");
    let value = |key: &str| {
        let after = settings.split(&format!("\"{key}\": \"")).nth(1).unwrap();
        after.split('"').next().unwrap().to_owned()
    };
    let app = EmulatedApp::new(value("ClientId")).certificate(material.chain().first().unwrap().clone());
    let builder = Emulator::builder().app(app).tenant(value("TenantId"));
    let emulator = builder.resource(EmulatedResource::new("api://inventory")).start().await.unwrap();
    let mut command = program(&folder);
    command.arg("doctor").env("AzureAd__Instance", emulator.instance());
    command.env("AzureAd__ClientCredentials__1__CertificatePassword", "pw");
    let printed = tokio::task::spawn_blocking(move || print(&mut command)).await.unwrap();
    same(&shown("cargo token-client doctor"), &printed);
}

/// The commands of a block, each with the lines that follow it.
fn steps(block: &str) -> Vec<(String, Vec<String>)> {
    let mut steps: Vec<(String, Vec<String>)> = Vec::new();
    for line in block.lines().skip(1) {
        match (line.strip_prefix("$ "), steps.last_mut()) {
            (Some(command), _) => steps.push((command.to_owned(), Vec::new())),
            (None, Some((_, lines))) => lines.push(line.to_owned()),
            (None, None) => panic!("{line:?} belongs to no command"),
        }
    }
    steps
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_steps_lead_where_they_are_shown_to_lead() {
    let steps = steps(&block("console", "$ cargo new orders"));
    let of = |start: &str| steps.iter().find(|(command, _)| command.starts_with(start)).unwrap();
    let (_, secret) = of("export ORDERS_SECRET").0.split_once('=').unwrap();
    let emulator = Emulator::builder().tenant("contoso.example").app(EmulatedApp::new("app1").secret(secret));
    let emulator = emulator.start().await.unwrap();
    let here = |text: &str| {
        let text = text.replace("http://127.0.0.1:8400/", &emulator.instance());
        text.replace("http://127.0.0.1:8401/", &format!("{}/", emulator.api_url().trim_end_matches('/')))
    };
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("first-steps");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    let (init, lines) = of("token-client init");
    let (questions, rest): (Vec<&String>, Vec<&String>) = lines.iter().partition(|line| line.ends_with(':'));
    let answers: String = rest.iter().take(questions.len()).map(|line| here(line) + "\n").collect();
    let said: Vec<&str> =
        questions.iter().copied().chain(rest.iter().skip(questions.len()).copied()).map(String::as_str).collect();
    let (told, _) = run(&folder, secret, &here(init), &answers).await;
    assert_eq!(told.lines().collect::<Vec<_>>(), said);
    for start in ["token-client doctor", "token-client call"] {
        let (command, lines) = of(start);
        let (told, printed) = run(&folder, secret, command, "").await;
        same(&lines.join("\n"), &format!("{told}{printed}"));
    }
}

/// A command of the program as it is typed: what it says on stderr, and what it prints.
async fn run(folder: &Path, secret: &str, command: &str, answers: &str) -> (String, String) {
    let mut program = program(folder);
    program.args(command.split_whitespace().skip(1)).env("ORDERS_SECRET", secret);
    program.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let answers = answers.to_owned();
    let work = move || {
        let mut child = program.spawn().unwrap();
        child.stdin.take().unwrap().write_all(answers.as_bytes()).unwrap();
        child.wait_with_output().unwrap()
    };
    let ran = tokio::task::spawn_blocking(work).await.unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (text(ran.stderr), text(ran.stdout))
}

#[test]
fn the_sample_and_its_dependencies_stand_on_the_first_screen() {
    let first: Vec<&str> = README.lines().take(40).collect();
    for wanted in ["[dependencies]", "token-client = ", "TokenClient::from_file"] {
        assert!(first.iter().any(|line| line.contains(wanted)), "{wanted}");
    }
}
