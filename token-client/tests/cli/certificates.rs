//! `certificates inspect`, and what certificates can do to the program.

use std::process::Command;
use std::time::{Duration, Instant};

use rcgen::{CertificateParams, DnType, KeyPair};
use serde_json::{Value, json};

use crate::program::{Program, SECRET, certificate, emulator, settings};

fn codes(object: &Value) -> Vec<&str> {
    object["findings"].as_array().unwrap().iter().map(|one| one["code"].as_str().unwrap()).collect()
}

/// Settings of an application of Microsoft Entra ID with one certificate.
fn entra(path: &str) -> String {
    json!({"AzureAd": {
        "Instance": "https://login.microsoftonline.com/", "TenantId": "contoso.example", "ClientId": "app1",
        "ClientCredentials": [{"SourceType": "Path", "CertificateDiskPath": path}],
    }})
    .to_string()
}

fn elliptic(name: &str) -> String {
    let key = KeyPair::generate().unwrap();
    let mut parameters = CertificateParams::default();
    parameters.distinguished_name.push(DnType::CommonName, name);
    format!("{}{}", key.serialize_pem(), parameters.self_signed(&key).unwrap().pem())
}

#[test]
fn inspect_and_doctor_say_the_same_about_a_file() {
    let program = Program::new("same");
    program.write("empty.pfx", "");
    program.write("large.pfx", vec![0x30; 1024 * 1024 + 1]);
    std::fs::create_dir(program.folder.join("folder")).unwrap();
    assert!(Command::new("mkfifo").arg(program.folder.join("pipe")).status().unwrap().success());
    for (file, code) in [
        ("none.pfx", "file-not-found"),
        ("folder", "file-is-folder"),
        ("large.pfx", "file-too-large"),
        ("/dev/zero", "file-too-large"),
        ("pipe", "file-is-pipe"),
        ("empty.pfx", "empty-content"),
    ] {
        let inspected = program.run(&["certificates", "inspect", file, "--json"]);
        assert_eq!((inspected.status, codes(&inspected.json())), (1, vec![code]), "{inspected:?}");
        assert!(inspected.json()["findings"][0]["remedy"].is_string(), "{inspected:?}");
        program.write("appsettings.json", entra(file));
        let doctor = program.run(&["doctor", "--offline", "--json"]);
        assert_eq!((doctor.status, codes(&doctor.json())), (1, vec![code]), "{doctor:?}");
    }
}

#[test]
fn a_key_of_its_own_is_looked_at_with_its_certificate() {
    let program = Program::new("key");
    // The key stands first in the text.
    let split = |both: &str| both.split_once("-----BEGIN CERT").map(|(key, rest)| (key.to_owned(), rest.to_owned()));
    let (key, rest) = split(&certificate()).unwrap();
    program.write("tls.key", key);
    program.write("tls.crt", format!("-----BEGIN CERT{rest}"));
    program.write("other.key", split(&certificate()).unwrap().0);
    let joined = program.run(&["certificates", "inspect", "tls.crt", "--key", "tls.key"]);
    assert!(joined.status == 0 && joined.stdout.contains("present, signs PS256"), "{joined:?}");
    let alone = program.run(&["certificates", "inspect", "tls.crt"]);
    assert!(alone.status == 1 && alone.stdout.contains("not in the file"), "{alone:?}");
    let other = program.run(&["certificates", "inspect", "tls.crt", "--key", "other.key"]);
    assert!(other.status == 1 && other.stdout.contains("there, but cannot be used"), "{other:?}");
}

/// Opening a pipe waits for a writer; neither the token nor the end of the program waits for that.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[expect(clippy::disallowed_methods, reason = "how long a process takes")]
async fn a_pipe_holds_up_nothing() {
    let emulator = emulator(None).await;
    let program = Program::new("pipe");
    assert!(Command::new("mkfifo").arg(program.folder.join("app.pfx")).status().unwrap().success());
    let credentials = json!([
        {"SourceType": "Path", "CertificateDiskPath": "app.pfx"},
        {"SourceType": "ClientSecret", "ClientSecret": SECRET},
    ]);
    program.write("appsettings.json", settings(&emulator, &credentials));
    let started = Instant::now();
    let ran = program.run(&["token", "--scope", "api://demo/.default"]);
    assert!(ran.status == 0 && ran.stdout.starts_with("ey"), "{ran:?}");
    assert!(started.elapsed() < Duration::from_secs(10), "{:?}", started.elapsed());
}

#[test]
fn a_key_that_the_authority_does_not_take_is_told_offline_with_the_kind_of_authority() {
    let program = Program::with("elliptic", &entra("ec.pem"));
    program.write("ec.pem", elliptic("app"));
    let ran = program.run(&["doctor", "--offline", "--json"]);
    let message = ran.json()["findings"][0]["message"].as_str().unwrap().to_owned();
    assert_eq!((ran.status, codes(&ran.json())), (1, vec!["key-type-not-accepted"]), "{ran:?}");
    assert!(message.contains("EC P-256") && message.contains("Microsoft Entra ID"), "{message}");
}

#[test]
fn a_name_in_a_certificate_forges_no_line() {
    let program = Program::with("forged", &entra("app.pem"));
    program.write("app.pem", elliptic("app\u{1b}[31m\nerror  AzureAd: forged\u{202e}"));
    for command in [vec!["certificates", "inspect", "app.pem"], vec!["doctor", "--offline"]] {
        let ran = program.run(&command);
        let text = ran.text();
        assert!(
            !text.contains('\u{1b}') && !text.contains('\u{202e}') && !text.contains("\nerror  AzureAd"),
            "{ran:?}"
        );
    }
}
