//! Files that are replaced while they are read: no call fails that has a valid credential of before.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]
#![allow(clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]
#![allow(clippy::disallowed_methods, reason = "its callers are tasks of the test itself, beside real files")]

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
use credential_cert_store::PathSource;
use credential_core::chain::{Candidate, Search, Verdict};
use credential_core::credential::{SigningAlgorithm, SigningRequest};
use credential_core::testing::FakeWorld;
use credential_core::world::LocalFiles;
use credential_core::{Credential, CredentialChain, CredentialDescription, SourceRegistry, World};

const ROTATIONS: usize = 1_000;
const AUTHORITY: &str = "https://login.example/contoso";

/// Certificate, key and public key.
struct Pair {
    certificate: String,
    key: String,
    public: Vec<u8>,
}

fn pair(name: &str) -> Pair {
    let key = rcgen::KeyPair::generate().unwrap();
    let certificate = rcgen::CertificateParams::new(vec![name.to_owned()]).unwrap().self_signed(&key).unwrap();
    Pair { certificate: certificate.pem(), key: key.serialize_pem(), public: key.public_key_raw().to_vec() }
}

/// A folder of this test's own, removed at its end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("cert-store-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn replace(path: &Path, content: &str) {
    let beside = path.with_extension("new");
    std::fs::write(&beside, content).unwrap();
    std::fs::rename(&beside, path).unwrap();
}

fn chain_over(folder: &Path, split: bool) -> (CredentialChain, World) {
    let world = FakeWorld::new().world().with_files(Arc::new(LocalFiles::relative_to(folder)));
    let mut registry = SourceRegistry::new();
    registry.register(Arc::new(PathSource));
    let mut entry = CredentialDescription::new("Path").with("CertificateDiskPath", "tls.crt");
    if split {
        entry = entry.with("CertificateKeyDiskPath", "tls.key");
    }
    (registry.bind(vec![entry], world.clone()).unwrap(), world)
}

/// Signs with the candidate as an exchange does; gives the certificate and the signature.
async fn sign(candidate: Candidate, world: World) -> Verdict<(Vec<u8>, Vec<u8>), std::io::Error> {
    let Credential::Certificate(certificate) = candidate.credential else { panic!("no certificate") };
    let deadline = world.clock.moment().after(Duration::from_secs(30));
    let request = SigningRequest::new(SigningAlgorithm::Es256, b"message", deadline, &world);
    let signature = certificate.signer().sign(request).await.unwrap();
    Verdict::Accept((certificate.chain()[0].clone(), signature))
}

/// Rotates while four callers go on exchanging; gives how many calls there were.
async fn rotate_under_load(name: &str, split: bool, rotate: impl Fn(&Path, &Pair)) -> usize {
    let folder = Folder::new(name);
    let pairs: Vec<Pair> = (0..4).map(|number| pair(&format!("app{number}.example"))).collect();
    rotate(&folder.0, &pairs[0]);
    let (chain, world) = chain_over(&folder.0, split);
    let (chain, done, calls) = (Arc::new(chain), Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let publics: Arc<Vec<Vec<u8>>> = Arc::new(pairs.iter().map(|pair| pair.public.clone()).collect());
    let mut callers = Vec::new();
    for _ in 0..4 {
        let (chain, world, done) = (Arc::clone(&chain), world.clone(), Arc::clone(&done));
        let (calls, publics) = (Arc::clone(&calls), Arc::clone(&publics));
        callers.push(tokio::spawn(async move {
            while !done.load(Ordering::Relaxed) {
                let (deadline, outside) = (world.clock.moment().after(Duration::from_secs(60)), world.clone());
                let accepted = chain.first_accepted(Search::new(AUTHORITY, deadline), move |candidate| {
                    sign(candidate, outside.clone())
                });
                let (certificate, signature) = accepted.await.unwrap().value;
                let signer = publics.iter().find(|public| {
                    UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, public).verify(b"message", &signature).is_ok()
                });
                let signer = signer.expect("a key of one of the pairs signed");
                let carried = certificate.windows(signer.len()).any(|part| part == signer.as_slice());
                assert!(carried, "the certificate is another's than the key");
                calls.fetch_add(1, Ordering::Relaxed);
                // Leaves the machine's other tests a share of it.
                tokio::time::sleep(Duration::from_micros(500)).await;
            }
        }));
    }
    while calls.load(Ordering::Relaxed) == 0 {
        tokio::task::yield_now().await;
    }
    for round in 1..=ROTATIONS {
        rotate(&folder.0, &pairs[round % pairs.len()]);
        tokio::task::yield_now().await;
    }
    done.store(true, Ordering::Relaxed);
    for caller in callers {
        caller.await.unwrap();
    }
    calls.load(Ordering::Relaxed)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_is_renamed_into_place_is_rotated_without_a_failed_call() {
    let calls = rotate_under_load("renamed", false, |folder, pair| {
        replace(&folder.join("tls.crt"), &format!("{}{}", pair.certificate, pair.key));
    });
    let calls = calls.await;
    assert!(calls > 100);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn certificate_and_key_replaced_one_after_the_other_are_rotated_without_a_failed_call() {
    let calls = rotate_under_load("two-steps", true, |folder, pair| {
        replace(&folder.join("tls.crt"), &pair.certificate);
        std::thread::sleep(Duration::from_micros(300));
        replace(&folder.join("tls.key"), &pair.key);
    });
    let calls = calls.await;
    assert!(calls > 100);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_that_are_written_over_in_place_are_rotated_without_a_failed_call() {
    let calls = rotate_under_load("in-place", true, |folder, pair| {
        std::fs::write(folder.join("tls.crt"), &pair.certificate).unwrap();
        std::fs::write(folder.join("tls.key"), &pair.key).unwrap();
    });
    let calls = calls.await;
    assert!(calls > 100);
}

#[tokio::test]
async fn what_keeps_the_new_one_from_being_used_is_reported_with_the_old_one() {
    let folder = Folder::new("reported");
    let (old, new) = (pair("old.example"), pair("new.example"));
    std::fs::write(folder.0.join("tls.crt"), &old.certificate).unwrap();
    std::fs::write(folder.0.join("tls.key"), &old.key).unwrap();
    let (chain, world) = chain_over(&folder.0, true);
    let exchange = || {
        let outside = world.clone();
        let deadline = world.clock.moment().after(Duration::from_secs(60));
        chain.first_accepted(Search::new(AUTHORITY, deadline), move |candidate| sign(candidate, outside.clone()))
    };
    let first = exchange().await.unwrap();
    std::fs::write(folder.0.join("tls.crt"), &new.certificate).unwrap();
    let second = exchange().await.unwrap();
    assert_eq!(second.value.0, first.value.0, "the old certificate goes on working");
    let reported = second.attempts[0].degraded_by.as_ref().unwrap();
    assert_eq!(reported.code(), "key-does-not-belong");
    std::fs::write(folder.0.join("tls.key"), &new.key).unwrap();
    let third = exchange().await.unwrap();
    assert_ne!(third.value.0, first.value.0, "the new one is used at the next exchange");
}
