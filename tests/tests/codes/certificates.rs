//! What a certificate's content can be instead: the recorded files, and a few texts.

use std::time::{Duration, SystemTime};

use credential_cert_store::Material;
use credential_core::{Finding, Secret};
use rcgen::{
    CertificateParams, DnType, ExtendedKeyUsagePurpose, KeyPair, KeyUsagePurpose, PKCS_RSA_SHA256, RsaKeySize,
};

use crate::given::golden;
use crate::shown::Row;

/// Contents in a few letters.
const TEXTS: [(&str, &str); 12] = [
    ("empty-content", ""),
    ("certificate-request", "-----BEGIN CERTIFICATE REQUEST-----\nMIIB\n-----END CERTIFICATE REQUEST-----\n"),
    ("public-key", "-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----\n"),
    ("ssh-key", "ssh-rsa AAAAB3NzaC1yc2E= ada@contoso"),
    ("revocation-list", "-----BEGIN X509 CRL-----\nMIIB\n-----END X509 CRL-----\n"),
    ("pfx-in-armour", "-----BEGIN PKCS12-----\nMIIB\n-----END PKCS12-----\n"),
    ("pem-broken", "-----BEGIN CERTIFICATE-----\nMIIB"),
    ("archive", "PK\u{3}\u{4}"),
    ("json", "{\"certificate\": 1}"),
    ("pgp", "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nmQEN\n-----END PGP PUBLIC KEY BLOCK-----\n"),
    ("web-page", "<!DOCTYPE html><html>Sign in</html>"),
    ("unknown-content", "orders"),
];

pub(crate) async fn rows() -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    let mut add = |input: String, found: Vec<Finding>| {
        for finding in found {
            if rows.iter().all(|row| row.code != finding.code) {
                let code = finding.code.to_owned();
                rows.push(Row { code, input: input.clone(), finding, instead: None });
            }
        }
    };
    for (_, text) in TEXTS {
        add(format!("a file: {text}"), read(text.as_bytes(), None));
    }
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/golden/pfx");
    let mut names: Vec<String> =
        std::fs::read_dir(folder).unwrap().map(|one| one.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    for name in names.into_iter().filter(|name| is_quick(name)) {
        let content = golden(&format!("pfx/{name}"));
        for password in [None, Some("pw")] {
            let with = password.map(|_| " with a password").unwrap_or_default();
            add(format!("golden/pfx/{name}{with}"), read(&content, password));
        }
    }
    for (input, content) in made() {
        add(input.to_owned(), read(content.as_bytes(), None));
    }
    rows
}

/// Some take long on purpose.
fn is_quick(name: &str) -> bool {
    !["00000", "00001", "1e6", "1e7", "iter", "mac", "legacy"].iter().any(|part| name.contains(part))
        || name == "h-kdf-iter-1e9.pfx"
}

fn read(content: &[u8], password: Option<&str>) -> Vec<Finding> {
    // 2026-12-01, when each certificate that is meant to be valid is.
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_796_083_200);
    let password = password.map(Secret::from);
    match Material::from_bytes(content, password.as_ref()).and_then(|found| found.into_credential("orders", now)) {
        Ok(credential) => credential.findings().to_vec(),
        Err(error) => vec![error.finding()],
    }
}

/// Certificates for something else, and one that ends soon, each with its key.
fn made() -> Vec<(&'static str, String)> {
    let mut list = Vec::new();
    let key = KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048).unwrap();
    let mut make = |input, change: &dyn Fn(&mut CertificateParams)| {
        let mut parameters = CertificateParams::default();
        parameters.distinguished_name.push(DnType::CommonName, "orders");
        parameters.not_before = rcgen::date_time_ymd(2026, 1, 1);
        parameters.not_after = rcgen::date_time_ymd(2030, 1, 1);
        change(&mut parameters);
        list.push((input, format!("{}{}", parameters.self_signed(&key).unwrap().pem(), key.serialize_pem())));
    };
    make("a certificate for servers alone", &|one| {
        one.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    });
    make("a certificate whose key may only encipher keys", &|one| {
        one.key_usages = vec![KeyUsagePurpose::KeyEncipherment];
    });
    make("a certificate that ends in two weeks", &|one| one.not_after = rcgen::date_time_ymd(2026, 12, 15));
    list
}
