//! Every file of the matrix gives what .NET makes of it, or stands in the table of differences.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test that fails says where")]

mod golden;

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use credential_cert_store::Material;
use credential_core::{Credential, Secret, SourceError};
use golden::Difference;
use serde_json::Value;

const NOT_SIGNING: &str = "keys that sign no client assertion are refused when they are loaded";
const MISMATCH: &str = "a key that does not belong to the certificate is refused when it is loaded";
const JOINED: &str = "keys join certificates by being their keys; ids and attributes of bags are not looked at";
const WORK: &str = "more key derivation than MAX_ROUNDS is refused before it is begun";
const PEM: &str = "PEM text is read with its key, encrypted or not, and however its lines were treated";
const LOCKED: &str = "a key in PEM text that does not open fails the entry, which would be useless without it";

/// File, password (`null` for none), what comes of it here, why.
const DIFFERENCES: &[Difference<'_>] = &[
    ("ossl-iter-3000000.pfx", "\"pw\"", "too-much-work", WORK),
    ("ossl-key-rsa1024.pfx", "\"pw\"", "key-too-weak", NOT_SIGNING),
    ("ossl-key-dsa.pfx", "\"pw\"", "key-not-supported", NOT_SIGNING),
    ("ossl-key-brainpool.pfx", "\"pw\"", "key-not-supported", NOT_SIGNING),
    ("h-pbmac1.pfx", "\"pw\"", "48F398A8A7CC88955BB6D24A8F73A97221A8CDBD", "PBMAC1 (RFC 9579) is read"),
    (
        "h-nested-key-only.pfx",
        "\"pw\"",
        "48F398A8A7CC88955BB6D24A8F73A97221A8CDBD",
        "nested SafeContents are read, as OpenSSL and Java do",
    ),
    ("h-lkid-points-elsewhere.pfx", "\"pw\"", "48F398A8A7CC88955BB6D24A8F73A97221A8CDBD", JOINED),
    ("h-one-key-two-certs.pfx", "\"pw\"", "48F398A8A7CC88955BB6D24A8F73A97221A8CDBD", JOINED),
    ("h-lkid-not-octets.pfx", "\"pw\"", "48F398A8A7CC88955BB6D24A8F73A97221A8CDBD", JOINED),
    ("h-key-mismatch.pfx", "\"pw\"", "key-does-not-belong", MISMATCH),
    ("h-key-mismatch-nolkid.pfx", "\"pw\"", "key-does-not-belong", MISMATCH),
    ("h-key-mismatch-type.pfx", "\"pw\"", "key-does-not-belong", MISMATCH),
    ("h-key-mismatch-size.pfx", "\"pw\"", "key-does-not-belong", MISMATCH),
    (
        "h-key-trailing.pfx",
        "\"pw\"",
        "48F398A8A7CC88955BB6D24A8F73A97221A8CDBD",
        "bytes behind a key are ignored, as OpenSSL does",
    ),
    ("p-cert-first.pem", "null", "48F398A8A7CC88955BB6D24A8F73A97221A8CDBD", PEM),
    ("p-two-certs.pem", "null", "69A5FB310C3D9495EB4B3BE9124B1C20C5F49557", PEM),
    ("p-chain-key-middle.pem", "null", "69A5FB310C3D9495EB4B3BE9124B1C20C5F49557", PEM),
    ("p-two-keys.pem", "null", "48F398A8A7CC88955BB6D24A8F73A97221A8CDBD", PEM),
    ("p-two-keys-good-first.pem", "null", "48F398A8A7CC88955BB6D24A8F73A97221A8CDBD", PEM),
    ("p-sec1.pem", "null", "627FCDF5D87FB0B2C30066103E9E974A4CD0899C", PEM),
    ("p-ec-pkcs8.pem", "null", "627FCDF5D87FB0B2C30066103E9E974A4CD0899C", PEM),
    ("p-enc-aes256.pem", "\"pw\"", "48F398A8A7CC88955BB6D24A8F73A97221A8CDBD", PEM),
    ("p-enc-aes256.pem", "\"wrong\"", "wrong-password", LOCKED),
    ("p-enc-aes256.pem", "null", "password-missing", LOCKED),
    ("p-enc-aes256.pem", "\"\"", "password-missing", LOCKED),
    ("p-enc-sha512.pem", "\"pw\"", "48F398A8A7CC88955BB6D24A8F73A97221A8CDBD", PEM),
    ("p-enc-v1-des-md5.pem", "\"pw\"", "48F398A8A7CC88955BB6D24A8F73A97221A8CDBD", PEM),
    ("p-enc-scrypt.pem", "\"pw\"", "algorithm-not-supported", LOCKED),
    ("p-enc-iter-1e7.pem", "\"pw\"", "too-much-work", WORK),
    ("p-dekinfo-aes256.pem", "\"pw\"", "pem-legacy-encryption", LOCKED),
    ("p-dekinfo-des3.pem", "\"pw\"", "pem-legacy-encryption", LOCKED),
    ("p-dekinfo-aes128.pem", "\"pw\"", "pem-legacy-encryption", LOCKED),
    ("p-enc-and-plain.pem", "\"pw\"", "48F398A8A7CC88955BB6D24A8F73A97221A8CDBD", PEM),
    ("p-plain-and-enc.pem", "\"pw\"", "48F398A8A7CC88955BB6D24A8F73A97221A8CDBD", PEM),
    ("p-leading-text.pem", "null", "48F398A8A7CC88955BB6D24A8F73A97221A8CDBD", PEM),
    ("p-bom.pem", "null", "48F398A8A7CC88955BB6D24A8F73A97221A8CDBD", PEM),
    ("p-utf16.pem", "null", "48F398A8A7CC88955BB6D24A8F73A97221A8CDBD", PEM),
    ("p-no-final-newline.pem", "null", "48F398A8A7CC88955BB6D24A8F73A97221A8CDBD", PEM),
    ("p-76.pem", "null", "48F398A8A7CC88955BB6D24A8F73A97221A8CDBD", PEM),
    ("p-header-indented.pem", "null", "48F398A8A7CC88955BB6D24A8F73A97221A8CDBD", PEM),
    ("p-blank-lines.pem", "null", "48F398A8A7CC88955BB6D24A8F73A97221A8CDBD", PEM),
    ("p-literal-n.pem", "null", "48F398A8A7CC88955BB6D24A8F73A97221A8CDBD", PEM),
    ("p-bad-key.pem", "null", "key-unreadable", LOCKED),
];

/// What kind of file each refused one is said to be.
const NAMED: &[(&str, &str)] = &[
    ("b-cert-base64.cer", "base64-text"),
    ("b-key.der", "key-without-certificate"),
    ("b-p7b.der", "pkcs7"),
    ("d-armor-pkcs12.pfx", "pfx-in-armour"),
    ("d-base64.pfx", "base64-text"),
    ("d-deep.pfx", "corrupt"),
    ("d-empty.pfx", "empty-content"),
    ("d-text.pfx", "unknown-content"),
    ("d-truncated-half.pfx", "corrupt"),
    ("d-zeros.pfx", "unknown-content"),
    ("h-authsafe-signeddata.pfx", "algorithm-not-supported"),
    ("h-mac-iter-1e9.pfx", "too-much-work"),
    ("h-mac-raw-utf8.pfx", "wrong-password"),
    ("java-ed25519.p12", "key-not-supported"),
    ("java-jks.jks", "java-keystore"),
    ("net-cert.cer", "certificate-without-key"),
    ("net-p7b.p7b", "pkcs7"),
    ("ossl-key-only.pfx", "key-without-certificate"),
    ("ossl-mac-sm3.pfx", "algorithm-not-supported"),
    ("ossl-rc4-40.pfx", "algorithm-not-supported"),
    ("p-bad-base64.pem", "pem-broken"),
    ("p-csr.pem", "certificate-request"),
    ("p-end-missing.pem", "pem-broken"),
    ("p-four-dashes.pem", "pem-broken"),
    ("p-key-only.pem", "key-without-certificate"),
    ("p-lower-label.pem", "pem-broken"),
];

fn load(content: &[u8], password: Option<&Secret>) -> Result<Credential, SourceError> {
    Material::from_bytes(content, password)?.into_credential("golden", golden::now())
}

/// A thumbprint, or an error's code.
fn outcome(loaded: &Result<Credential, SourceError>) -> String {
    match loaded {
        Ok(Credential::Certificate(certificate)) => certificate.facts().thumbprint(),
        Ok(_) => panic!("no certificate"),
        Err(error) => error.code().to_owned(),
    }
}

/// The thumbprint of what .NET can sign with; else why not.
fn theirs(row: &Value) -> String {
    let dotnet = &row["dotnet"];
    match (&dotnet["ok"], &dotnet["has_key"], &dotnet["key_matches"]) {
        (Value::Bool(true), Value::Bool(true), Value::Bool(false)) => "signs with another key".to_owned(),
        (Value::Bool(true), Value::Bool(true), _) => dotnet["thumbprint"].as_str().unwrap().to_owned(),
        (Value::Bool(true), ..) => "certificate-without-key".to_owned(),
        _ => "error".to_owned(),
    }
}

#[test]
fn each_file_gives_what_dotnet_makes_of_it_or_a_listed_difference() {
    let mut seen = BTreeSet::new();
    let mut wrong = Vec::new();
    for row in golden::rows("pfx/matrix.jsonl") {
        let file = row["file"].as_str().unwrap();
        let password = row["password"].as_str().map(Secret::from);
        let content = golden::read(&format!("pfx/{file}"));
        let ours = outcome(&load(&content, password.as_ref()));
        let shown = row["password"].to_string();
        let key = (file.to_owned(), shown.clone());
        match DIFFERENCES.iter().find(|difference| difference.0 == file && difference.1 == shown) {
            Some(difference) if difference.2 == ours && ours != theirs(&row) => {
                seen.insert(key);
            }
            Some(difference) => wrong.push(format!("{file} {shown}: {ours}, listed as {}", difference.2)),
            None => {
                let theirs = theirs(&row);
                let same = ours == theirs || (theirs == "error" && ours.len() != 40);
                if !same {
                    wrong.push(format!("{file} {shown}: {ours}, the reference: {theirs}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(seen.len(), DIFFERENCES.len(), "a difference is listed that is none");
    golden::assert_documented(DIFFERENCES);
}

#[test]
fn each_refused_file_is_named_for_what_it_is() {
    for (file, code) in NAMED {
        let row = golden::rows("pfx/matrix.jsonl").into_iter().find(|row| row["file"] == *file).unwrap();
        let password = row["password"].as_str().map(Secret::from);
        let error = load(&golden::read(&format!("pfx/{file}")), password.as_ref()).unwrap_err();
        assert_eq!(error.code(), *code, "{file}: {error}");
    }
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the time that it takes in the real world")]
fn a_file_that_asks_for_endless_work_is_refused_at_once() {
    for row in golden::rows("pfx/matrix.jsonl") {
        let file = row["file"].as_str().unwrap();
        if !(file.contains("1e9") || file.contains("2p") || file.contains("iter-1e7")) {
            continue;
        }
        let started = Instant::now();
        let loaded = load(&golden::read(&format!("pfx/{file}")), row["password"].as_str().map(Secret::from).as_ref());
        assert!(loaded.is_err(), "{file}");
        assert!(started.elapsed() < Duration::from_secs(2), "{file} took {:?}", started.elapsed());
    }
}

#[test]
fn a_chain_is_ordered_by_issuer_with_the_leaf_first() {
    for file in ["ossl-chain.pfx", "ossl-chain-root-first.pfx", "h-chain-leaf-last.pfx", "p-chain-key-middle.pem"] {
        let password = file.ends_with(".pfx").then(|| Secret::from("pw"));
        let material = Material::from_bytes(&golden::read(&format!("pfx/{file}")), password.as_ref()).unwrap();
        let names: Vec<_> = material.chain().iter().map(|der| subject(der)).collect();
        let expected = ["CN=pfx-leaf", "CN=pfx-int", "CN=pfx-root"];
        assert!(
            names.len() > 1 && expected.starts_with(&names.iter().map(String::as_str).collect::<Vec<_>>()),
            "{file}: {names:?}"
        );
    }
}

fn subject(der: &[u8]) -> String {
    credential_cert_store::certificate_facts(der).unwrap().subject
}
