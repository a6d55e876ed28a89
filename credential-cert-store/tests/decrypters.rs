//! What others encrypt for a certificate is decrypted with its key, and shows nowhere.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test that fails says where")]

mod golden;

use std::time::Duration;

use aws_lc_rs::aead::{AES_128_GCM, AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::hmac::{self, HMAC_SHA256, HMAC_SHA384, HMAC_SHA512};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use credential_cert_store::Material;
use credential_core::credential::{
    CertificateCredential, DecryptionAlgorithm, DecryptionRequest, MAX_CIPHERTEXT, SecretBytes,
};
use credential_core::testing::FakeWorld;
use credential_core::world::Moment;
use credential_core::{Credential, Secret, SourceError};

fn certificate(file: &str, password: &str) -> CertificateCredential {
    let material = Material::from_bytes(&golden::read(file), Some(&Secret::from(password))).unwrap();
    match material.into_credential(file, golden::now()).unwrap() {
        Credential::Certificate(certificate) => certificate,
        other => panic!("{other:?}"),
    }
}

fn recorded(name: &str) -> CertificateCredential {
    certificate(&format!("decrypt/{name}.pfx"), &format!("pw-{name}"))
}

async fn decrypt(
    certificate: &CertificateCredential,
    algorithm: DecryptionAlgorithm,
    ciphertext: &[u8],
) -> Result<SecretBytes, SourceError> {
    let world = FakeWorld::new().world();
    let deadline = Moment::default().after(Duration::from_secs(5));
    certificate.decrypt(DecryptionRequest::new(algorithm, ciphertext, deadline, &world)).await
}

/// Whether the content key opens the token (RFC 7518 §5.2 and §5.3).
fn opens(key: &[u8], enc: &str, parts: &[&str]) -> bool {
    let [iv, text, tag] = [parts[2], parts[3], parts[4]].map(|part| URL_SAFE_NO_PAD.decode(part).unwrap());
    let header = parts[0].as_bytes();
    let mac = match enc {
        "A128GCM" | "A256GCM" => {
            let algorithm = if enc == "A128GCM" { &AES_128_GCM } else { &AES_256_GCM };
            let key = LessSafeKey::new(UnboundKey::new(algorithm, key).unwrap());
            let nonce = Nonce::try_assume_unique_for_key(&iv).unwrap();
            return key.open_in_place(nonce, Aad::from(header), &mut [text, tag].concat()).is_ok();
        }
        "A128CBC-HS256" => HMAC_SHA256,
        "A192CBC-HS384" => HMAC_SHA384,
        _ => HMAC_SHA512,
    };
    let half = key.len() / 2;
    let signed = [header, &iv, &text, &(header.len() as u64 * 8).to_be_bytes()].concat();
    half == tag.len() && hmac::sign(&hmac::Key::new(mac, &key[..half]), &signed).as_ref()[..half] == tag[..]
}

#[tokio::test]
async fn what_microsoft_s_library_encrypted_is_decrypted() {
    let mut seen = Vec::new();
    for row in golden::rows("decrypt/decrypt.jsonl") {
        let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
        let (name, token) = (text(&row["name"]), &row["token"]);
        let jwe = text(&row["jwe"]);
        let parts: Vec<&str> = jwe.split('.').collect();
        let ciphertext = URL_SAFE_NO_PAD.decode(parts[1]).unwrap();
        let certificate = recorded(&text(&token["cert"]));
        let Some(algorithm) = DecryptionAlgorithm::named(&text(&token["alg"])) else {
            // Made in another way: it looks as garbage does.
            for algorithm in certificate.decrypter().unwrap().algorithms() {
                let error = decrypt(&certificate, *algorithm, &ciphertext).await.unwrap_err();
                assert_eq!(error.code(), "decryption-failed", "{name}");
            }
            seen.push("refused");
            continue;
        };
        match decrypt(&certificate, algorithm, &ciphertext).await {
            Ok(key) => {
                assert!(opens(key.expose(), &text(&token["enc"]), &parts), "{name}");
                // The other algorithm does not, nor does another key.
                let other = certificate.decrypter().unwrap().algorithms().iter().find(|other| **other != algorithm);
                let wrong = [
                    decrypt(&certificate, *other.unwrap(), &ciphertext).await,
                    decrypt(&certificate_but(&token["cert"]), algorithm, &ciphertext).await,
                ];
                assert!(wrong.iter().all(|wrong| wrong.as_ref().unwrap_err().code() == "decryption-failed"), "{name}");
                seen.push(algorithm.as_str());
            }
            Err(error) => {
                assert_eq!((name.as_str(), error.code()), ("tampered: key", "decryption-failed"));
                seen.push("tampered");
            }
        }
    }
    seen.sort_unstable();
    let count = |what| seen.iter().filter(|seen| **seen == what).count();
    assert_eq!(["RSA-OAEP", "RSA-OAEP-256", "refused", "tampered"].map(count), [5, 3, 2, 1]);
}

fn certificate_but(name: &serde_json::Value) -> CertificateCredential {
    recorded(if name == "a" { "b" } else { "a" })
}

#[tokio::test]
async fn every_ciphertext_that_is_no_good_looks_the_same() {
    let certificate = recorded("a");
    for length in [0, 1, 255, 256, 257, MAX_CIPHERTEXT] {
        for byte in [0, 0x5a, 0xff] {
            let error = decrypt(&certificate, DecryptionAlgorithm::RsaOaep, &vec![byte; length]).await.unwrap_err();
            assert_eq!(error.code(), "decryption-failed", "{length} {byte}");
            assert_eq!(error.to_string(), "the key does not decrypt it");
        }
    }
    let long = vec![0; MAX_CIPHERTEXT + 1];
    let error = decrypt(&certificate, DecryptionAlgorithm::RsaOaep, &long).await.unwrap_err();
    assert_eq!(error.code(), "ciphertext-too-long");
}

#[tokio::test]
async fn an_ec_key_decrypts_nothing() {
    let certificate = certificate("pfx/ossl-key-ec256.pfx", "pw");
    assert!(certificate.decrypter().is_none());
    let error = decrypt(&certificate, DecryptionAlgorithm::RsaOaep, &[0; 64]).await.unwrap_err();
    assert_eq!(error.code(), "no-decrypter");
}

#[tokio::test]
async fn neither_key_nor_plaintext_is_shown() {
    let certificate = recorded("a");
    let row = &golden::rows("decrypt/decrypt.jsonl")[0];
    let ciphertext = URL_SAFE_NO_PAD.decode(row["jwe"].as_str().unwrap().split('.').nth(1).unwrap()).unwrap();
    let key = decrypt(&certificate, DecryptionAlgorithm::RsaOaep, &ciphertext).await.unwrap();
    let decrypter = certificate.decrypter().unwrap();
    assert_eq!(format!("{key:?} {decrypter:?}"), "*** LocalDecrypter { algorithms: [RsaOaep, RsaOaep256], .. }");
}

/// A key so large that it works off the runtime, on a runtime and without one.
#[test]
fn a_large_key_needs_no_runtime() {
    let certificate = recorded("big");
    let rows = golden::rows("decrypt/decrypt.jsonl");
    let row = rows.iter().find(|row| row["token"]["cert"] == "big").unwrap();
    let ciphertext = URL_SAFE_NO_PAD.decode(row["jwe"].as_str().unwrap().split('.').nth(1).unwrap()).unwrap();
    let world = FakeWorld::new().world();
    let request = DecryptionRequest::new(DecryptionAlgorithm::RsaOaep, &ciphertext, Moment::default(), &world);
    let mut decrypting = certificate.decrypter().unwrap().decrypt(request);
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    let std::task::Poll::Ready(key) = decrypting.as_mut().poll(&mut context) else { panic!("it waits") };
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let there = runtime.block_on(certificate.decrypter().unwrap().decrypt(request));
    assert_eq!(key.unwrap(), there.unwrap());
}
