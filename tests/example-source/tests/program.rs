//! The program with this crate's sources in it, as a process.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The example, which cargo builds with the tests.
fn program() -> PathBuf {
    let tests = std::env::current_exe().unwrap();
    tests
        .parent()
        .and_then(Path::parent)
        .unwrap()
        .join("examples")
        .join("program")
        .with_extension(std::env::consts::EXE_EXTENSION)
}

fn run(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(program());
    command.args(arguments).current_dir(folder).env("CREDENTIALS_DIRECTORY", folder);
    command.output().unwrap()
}

#[test]
fn every_command_knows_the_programs_own_sources() {
    let folder = std::env::temp_dir().join(format!("own-program-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let entry = r#"{"SourceType": "SystemdCredential", "CredentialName": "orders"}"#;
    let settings = format!(
        r#"{{"AzureAd": {{"Instance": "https://login.microsoftonline.com/", "TenantId": "t.example",
            "ClientId": "00000000-0000-4000-8000-000000000001", "ClientCredentials": [{entry}]}}}}"#
    );
    fs::write(folder.join("appsettings.json"), settings).unwrap();
    fs::write(folder.join("orders"), "s3cret").unwrap();

    let doctor = run(&folder, &["doctor", "--offline", "--json"]);
    let said = String::from_utf8(doctor.stdout).unwrap();
    assert!(
        doctor.status.success() && said.contains(r#""status": "loaded""#) | said.contains(r#""status":"loaded""#),
        "{said}"
    );
    assert!(!said.contains("s3cret"));
    for command in [["sources", "--json"].as_slice(), &["schema"]] {
        let said = String::from_utf8(run(&folder, command).stdout).unwrap();
        assert!(said.contains("SystemdCredential") && said.contains("LeaseUrl"), "{command:?}: {said}");
    }
    fs::remove_dir_all(&folder).unwrap();
}
