//! What certificates cost: taking each shape apart, looking one up in stores of any size, signing.

#![expect(clippy::unwrap_used, clippy::panic, clippy::disallowed_methods, reason = "a bench fails by panicking")]

use std::hint::black_box;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeyPair;
use aws_lc_rs::signature::RSA_PSS_SHA256;
use credential_cert_store::{Material, StoreSource};
use credential_core::credential::{SigningAlgorithm, SigningRequest};
use credential_core::testing::{Bound, FakeWorld, application};
use credential_core::world::{LocalFiles, Moment};
use credential_core::{Credential, CredentialDescription, CredentialSource, LoadRequest, Secret, World};
use criterion::{BatchSize, Criterion, criterion_group, criterion_main};

fn golden(name: &str) -> Vec<u8> {
    let path = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/golden")).join(name);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn parse(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("parse");
    let password = Secret::from("pw");
    for (name, file) in [
        ("pfx-openssl-3", "pfx/ossl-default.pfx"),
        ("pfx-openssl-legacy", "pfx/ossl-legacy.pfx"),
        ("pfx-600000-iterations", "pfx/h-mac-iter-600000.pfx"),
        ("pfx-ec", "pfx/ossl-key-ec256.pfx"),
        ("pfx-chain", "pfx/ossl-chain.pfx"),
        ("pfx-ber", "pfx/h-ber-all.pfx"),
        ("pfx-of-dotnet-store", "store-certs/plain.store.pfx"),
        ("pem", "pfx/p-cert-first.pem"),
        ("pem-encrypted-key", "pfx/p-enc-aes256.pem"),
        ("der-certificate", "pfx/net-cert.cer"),
    ] {
        let content = golden(file);
        let password = (!name.contains("store")).then_some(&password);
        group.bench_function(name, |bencher| {
            bencher.iter(|| Material::from_bytes(black_box(&content), password).unwrap());
        });
    }
    group.finish();
}

/// A store with as many files as asked for, in a folder of its own.
struct Store(PathBuf);

impl Store {
    fn new(files: usize) -> Self {
        let home = std::env::temp_dir().join(format!("certificates-bench-{files}-{}", std::process::id()));
        let folder = home.join(".dotnet/corefx/cryptography/x509stores/my");
        std::fs::create_dir_all(&folder).unwrap();
        let certificates = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/golden/store-certs"));
        let names = std::fs::read_dir(certificates).unwrap().map(|entry| entry.unwrap().path());
        let mut stored: Vec<PathBuf> = names.filter(|path| path.to_string_lossy().ends_with(".store.pfx")).collect();
        stored.sort();
        for (number, path) in stored.iter().cycle().take(files).enumerate() {
            std::fs::copy(path, folder.join(format!("{number}.pfx"))).unwrap();
        }
        Self(home)
    }

    fn world(&self) -> World {
        let fake = FakeWorld::new();
        fake.environment.set("HOME", self.0.to_string_lossy());
        // A minute ahead of the files, which count as settled then.
        let later = SystemTime::now() + Duration::from_secs(60);
        let clock = credential_core::testing::FakeClock::starting_at(later);
        fake.world().with_files(Arc::new(LocalFiles::default())).with_clock(Arc::new(clock))
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn store(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
    let application = application();
    let mut group = criterion.benchmark_group("store");
    group.sample_size(20);
    for files in [10, 100, 1_000] {
        let store = Store::new(files);
        let world = store.world();
        let [_, _, source] = StoreSource::all();
        let entry = CredentialDescription::new(source.source_type())
            .with("CertificateStorePath", "CurrentUser/My")
            .with("CertificateSubjectName", "app-attrs");
        let bind = || Bound::new(source, entry.clone()).unwrap();
        let load = |bound: &Bound| {
            let request = LoadRequest::new(&application, Moment::default().after(Duration::MAX), &world);
            runtime.block_on(bound.load(&request)).unwrap()
        };
        let seen = bind();
        load(&seen);
        group.bench_function(format!("{files}-known"), |bencher| bencher.iter(|| load(black_box(&seen))));
        group.bench_function(format!("{files}-new"), |bencher| {
            bencher.iter_batched(bind, |fresh| load(black_box(&fresh)), BatchSize::PerIteration);
        });
    }
    group.finish();
}

/// The signature through the trait against the bare one with the same key.
fn sign(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let world = FakeWorld::new().world();
    let now = world.clock.now();
    let key = aws_lc_rs::rsa::KeyPair::generate(aws_lc_rs::rsa::KeySize::Rsa2048).unwrap();
    let content = golden("pfx/p-cert-first.pem");
    let credential = Material::from_bytes(&content, None).unwrap().into_credential("bench", now).unwrap();
    let Credential::Certificate(certificate) = credential else { panic!("no certificate") };
    let mut group = criterion.benchmark_group("sign");
    group.bench_function("ps256-bare", |bencher| {
        bencher.iter(|| bare(&key));
    });
    group.bench_function("ps256-signer", |bencher| {
        bencher.iter(|| {
            let message = black_box(b"message");
            let request = SigningRequest::new(SigningAlgorithm::Ps256, message, Moment::default(), &world);
            runtime.block_on(certificate.signer().sign(request)).unwrap()
        });
    });
    group.finish();
}

fn bare(key: &KeyPair) -> Vec<u8> {
    let mut signature = vec![0; key.public_modulus_len()];
    key.sign(&RSA_PSS_SHA256, &SystemRandom::new(), black_box(b"message"), &mut signature).unwrap();
    signature
}

criterion_group!(benches, parse, store, sign);
criterion_main!(benches);
