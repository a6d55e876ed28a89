//! `Debug` of what this crate gives shows no key and no password.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that fails says where")]

mod golden;

use std::fmt::Debug;
use std::time::Duration;

use credential_cert_store::{Base64Source, Material, PathSource, inspect, sources};
use credential_core::testing::{Bound, FakeWorld, application};
use credential_core::{CredentialDescription, LoadRequest, Secret};

/// As numbers, the way bytes are shown.
fn numbers(bytes: &[u8]) -> String {
    format!("{bytes:?}").trim_matches(['[', ']']).replace(' ', "")
}

#[tokio::test]
async fn nothing_secret_is_shown() {
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
    let pem_text = std::str::from_utf8(pem).unwrap();
    let lines: Vec<&str> = pem_text.lines().filter(|line| line.len() > 40).collect();
    let of_pem = Material::from_bytes(pem, None);
    let in_a_file = CredentialDescription::new("Path").with("CertificateDiskPath", "a.pem");
    let in_the_entry = CredentialDescription::new("Base64Encoded").with("Base64EncodedValue", pem_text);
    let with_password = |entry: CredentialDescription| entry.with("CertificatePassword", "hunter2");
    let (fake, application) = (FakeWorld::new(), application());
    fake.files.write("a.pem", pem);
    fake.clock.advance(Duration::from_secs(400 * 86_400));
    let world = fake.world();
    let request = LoadRequest::new(&application, world.clock.moment().after(Duration::from_secs(30)), &world);
    let file = Bound::new(PathSource, with_password(in_a_file)).unwrap();
    let value = Bound::new(Base64Source, with_password(in_the_entry)).unwrap();
    let loaded = [file.load(&request).await.unwrap(), value.load(&request).await.unwrap()];
    let values: [&dyn Debug; 9] =
        [&inspection, &refused, &credential, &description, &of_pem, &sources(), &file, &value, &loaded];
    let texts = values.iter().flat_map(|value| [format!("{value:?}"), format!("{value:#?}")]).chain(shown_material);
    for text in texts {
        assert!(!text.contains("hunter2"), "{text}");
        let dense = text.replace([' ', '\n'], "");
        assert!(lines.iter().all(|line| !dense.contains(line) && !dense.contains(&numbers(line.as_bytes()))), "{text}");
        assert!(!dense.contains(&numbers(&pfx[100..116])), "{text}");
    }
}
