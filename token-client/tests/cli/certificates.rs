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
        "Instance": "https://login.microsoftonline.com/", "TenantId": "contoso.example", "ClientId": "8c2b7a54-53c6-4d0e-8f0e-1c7a9b3d5e6f",
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
        ("/dev/zero", "file-is-pipe"),
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
fn a_password_is_asked_for_by_the_argument() {
    let program = Program::new("inspect-password").variable("PFX_PASSWORD", "wrong");
    let pfx = std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/golden/pfx/ossl-default.pfx")).unwrap();
    program.write("app.pfx", pfx);
    for (more, part) in [(&[][..], "in --password-env"), (&["--password-env", "PFX_PASSWORD"], "check --password-env")]
    {
        let ran = program.run(&[&["certificates", "inspect", "app.pfx"], more].concat());
        assert!(ran.status == 1 && ran.stdout.contains(part) && !ran.stdout.contains("CertificatePassword"), "{ran:?}");
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

/// A read that never ends, as of a dead network share: the pipe is open, and nobody writes into it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[expect(clippy::disallowed_methods, reason = "how long a process takes")]
async fn a_file_that_never_answers_keeps_no_program() {
    let emulator = emulator(None).await;
    let program = Program::new("silent");
    let credentials = json!([
        {"SourceType": "Path", "CertificateDiskPath": "/proc/self/fd/3"},
        {"SourceType": "ClientSecret", "ClientSecret": SECRET},
    ]);
    program.write("appsettings.json", settings(&emulator, &credentials));
    let script = format!(
        "mkfifo pipe && exec 3<>pipe && exec {} token --scope api://demo/.default",
        env!("CARGO_BIN_EXE_token-client")
    );
    let started = Instant::now();
    let output = Command::new("timeout").args(["60", "sh", "-c", &script]).current_dir(&program.folder).output();
    let output = output.unwrap();
    assert!(output.status.success() && output.stdout.starts_with(b"ey"), "{output:?}");
    assert!(started.elapsed() < Duration::from_secs(30), "{:?}", started.elapsed());
}

/// With `SendX5C` a gap in the chain matters: a warning wherever it is told, accepted or refused.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gap_in_a_chain_that_is_sent_is_a_warning_and_a_refusal_is_told_once() {
    let (issuer_key, key) = (KeyPair::generate().unwrap(), rsa());
    let issuer = rcgen::Issuer::new(CertificateParams::default(), issuer_key);
    let mut parameters = CertificateParams::default();
    parameters.distinguished_name = rcgen::DistinguishedName::new();
    parameters.distinguished_name.push(DnType::CommonName, "leaf");
    let pem = format!("{}{}", key.serialize_pem(), parameters.signed_by(&key, &issuer).unwrap().pem());
    for (known, ok) in [(Some(pem.as_str()), true), (None, false)] {
        let emulator = emulator(known).await;
        let credentials = json!([{"SourceType": "Path", "CertificateDiskPath": "leaf.pem"}]);
        let mut all: Value = serde_json::from_str(&settings(&emulator, &credentials)).unwrap();
        all["AzureAd"]["SendX5C"] = json!(true);
        let program = Program::with(&format!("gap-{ok}"), &all.to_string());
        program.write("leaf.pem", &pem);
        let commands = [vec!["token", "--scope", "api://demo/.default", "--json"], vec!["doctor", "--json"]];
        for command in commands {
            let object = program.run(&command).json();
            assert_eq!(object["ok"], ok, "{object:#}");
            let text = object.to_string();
            assert!(text.contains("chain-incomplete"), "{object:#}");
            let gaps = findings(&object).filter(|finding| finding["code"] == "chain-incomplete");
            assert!(gaps.map(|gap| &gap["severity"]).all(|severity| severity == "warning"), "{object:#}");
            if command[0] == "doctor" {
                let refusals = object["findings"].as_array().unwrap().iter();
                let refusals = refusals.filter(|finding| finding["code"] == "credential-rejected").count();
                assert_eq!(refusals, usize::from(!ok), "{object:#}");
            }
        }
    }
}

/// Every finding, of the whole and of each entry.
fn findings(object: &Value) -> impl Iterator<Item = &Value> {
    let entries = object["credentials"].as_array().into_iter().flatten();
    let lists = entries.map(|entry| &entry["findings"]).chain([&object["findings"], &object["credential"]["findings"]]);
    lists.filter_map(Value::as_array).flatten()
}

fn rsa() -> KeyPair {
    KeyPair::generate_rsa_for(&rcgen::PKCS_RSA_SHA256, rcgen::RsaKeySize::_2048).unwrap()
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
