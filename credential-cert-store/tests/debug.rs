//! `Debug` of what this crate gives shows no key and no password.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that fails says where")]

mod golden;

use std::fmt::Debug;

use credential_cert_store::{Material, inspect, sources};
use credential_core::{CredentialDescription, Secret};

/// As numbers, the way bytes are shown.
fn numbers(bytes: &[u8]) -> String {
    format!("{bytes:?}").trim_matches(['[', ']']).replace(' ', "")
}

#[test]
fn nothing_secret_is_shown() {
    let password = Secret::from("hunter2");
    let pfx = golden::read("pfx/ossl-default.pfx");
    let inspection = inspect(&pfx, None, Some(&Secret::from("pw")), golden::now()).unwrap();
    let refused = Material::from_bytes(&pfx, Some(&password));
    let material = Material::from_bytes(&pfx, Some(&Secret::from("pw"))).unwrap();
    let shown_material = [format!("{material:?}"), format!("{material:#?}")];
    let credential = material.into_credential("id", golden::now()).unwrap();
    let description = CredentialDescription::new("Path").with("CertificatePassword", "hunter2");
    // The key in the clear, as a PEM file has it.
    let pem = include_bytes!("interop/pkcs8-labelled-rsa.pem");
    let lines: Vec<&str> = std::str::from_utf8(pem).unwrap().lines().filter(|line| line.len() > 40).collect();
    let of_pem = Material::from_bytes(pem, None);
    let values: [&dyn Debug; 6] = [&inspection, &refused, &credential, &description, &of_pem, &sources()];
    let texts = values.iter().flat_map(|value| [format!("{value:?}"), format!("{value:#?}")]).chain(shown_material);
    for text in texts {
        assert!(!text.contains("hunter2"), "{text}");
        let dense = text.replace([' ', '\n'], "");
        assert!(lines.iter().all(|line| !dense.contains(line) && !dense.contains(&numbers(line.as_bytes()))), "{text}");
        assert!(!dense.contains(&numbers(&pfx[100..116])), "{text}");
    }
}
