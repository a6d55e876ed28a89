//! Thousands of damaged files, the same ones every time: each gives an answer soon, and none a panic.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test that fails says where")]

mod golden;

use std::time::{Duration, Instant};

use credential_cert_store::{Material, StoreSource};
use credential_core::testing::FakeWorld;
use credential_core::{CredentialDescription, CredentialSource, Secret, SourceRegistry};

/// xorshift64*: the same numbers on every machine.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    fn below(&mut self, end: usize) -> usize {
        (self.next() >> 33) as usize % end.max(1)
    }
}

fn mutated(numbers: &mut Numbers, original: &[u8]) -> Vec<u8> {
    let mut content = original.to_vec();
    for _ in 0..=numbers.below(3) {
        let at = numbers.below(content.len());
        match numbers.below(6) {
            0 => content.truncate(at),
            1 => content.insert(at, numbers.next() as u8),
            2 if at < content.len() => content[at] ^= 1 << numbers.below(8),
            3 if at < content.len() => content[at] = [0, 0x7F, 0x80, 0xFF, 0x30, 0x24][numbers.below(6)],
            4 => {
                let end = (at + numbers.below(64)).min(content.len());
                let piece = content[at.min(end)..end].to_vec();
                let to = numbers.below(content.len());
                content.splice(to..to, piece);
            }
            _ => {
                // The head is where structure is: most of a file is noise to the parser.
                let near = numbers.below(64.min(content.len()));
                if let Some(byte) = content.get_mut(near) {
                    *byte = numbers.next() as u8;
                }
            }
        }
    }
    content
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the time that it takes in the real world")]
fn no_damaged_file_panics_or_takes_long() {
    let mut numbers = Numbers(0x5EED_0001);
    let password = Secret::from("pw");
    for file in [
        "ossl-default.pfx",
        "ossl-legacy.pfx",
        "ossl-3des.pfx",
        "ossl-plain-nomac.pfx",
        "ossl-chain.pfx",
        "ossl-key-ec256.pfx",
        "h-pbmac1.pfx",
        "h-ber-all.pfx",
        "h-ber-octets-nested.pfx",
        "h-nested-key-only.pfx",
        "h-keybag-plain.pfx",
        "h-secret-bag.pfx",
        "net-export-pw.pfx",
        "net-exportpkcs12-Default-null.pfx",
        "forge-nomac.p12",
        "java-ec.p12",
        "p-cert-first.pem",
        "p-enc-aes256.pem",
        "p-sec1.pem",
        "p-utf16.pem",
        "p-dekinfo-aes256.pem",
        "net-cert.cer",
        "net-p7b.p7b",
        "b-key.der",
        "java-jks.jks",
    ] {
        let original = golden::read(&format!("pfx/{file}"));
        for round in 0..200 {
            let content = mutated(&mut numbers, &original);
            let started = Instant::now();
            if let Ok(material) = Material::from_bytes(&content, Some(&password)) {
                let _ = material.into_credential("mutated", golden::now());
            }
            assert!(started.elapsed() < Duration::from_secs(3), "{file}, round {round}");
        }
    }
}

#[test]
fn no_damaged_text_panics() {
    let mut numbers = Numbers(0x5EED_0002);
    let texts: Vec<(String, String)> = golden::rows("lookup.jsonl")
        .iter()
        .flat_map(|row| row["find"].as_object().unwrap().clone())
        .filter(|(name, _)| name != "SourceType")
        .filter_map(|(name, value)| Some((name, value.as_str()?.to_owned())))
        .collect();
    let [thumbprint, distinguished_name, subject_name] = StoreSource::all();
    let (sources, world) = ([thumbprint, distinguished_name, subject_name], FakeWorld::new().world());
    let registry = sources.into_iter().fold(SourceRegistry::new(), SourceRegistry::with);
    for round in 0..4_000 {
        let (setting, text) = &texts[round % texts.len()];
        let text = String::from_utf8_lossy(&mutated(&mut numbers, text.as_bytes())).into_owned();
        let path = String::from_utf8_lossy(&mutated(&mut numbers, b"CurrentUser/My")).into_owned();
        for path in [path.as_str(), "CurrentUser/My"] {
            for source in &sources {
                let entry = CredentialDescription::new(source.source_type())
                    .with("CertificateStorePath", path)
                    .with(setting, text.as_str());
                let Err(error) = registry.bind(vec![entry], world.clone()) else { continue };
                // A registry catches a source's panic.
                assert!(error.findings().iter().all(|finding| finding.code != "source-panicked"), "{error}");
            }
        }
    }
}
