//! The client assertion beside the bare RSA signature, same key, same length of message; goal: 1.05.
//!
//! Exchanges with an authority in memory: with a certificate, with the same certificate and a signer
//! that answers at once, with a secret. What a certificate takes longer than a secret is its assertion.
//! Two figures against the goal: the bare signature and what an assertion does around it, as multiples of
//! the bare signature; and the plain difference, in which the signature stands between other work.

use std::cell::RefCell;
use std::sync::{Arc, OnceLock};
use std::time::SystemTime;

use async_trait::async_trait;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{RSA_PSS_SHA256, RsaKeyPair};
use credential_cert_store::Material;
use credential_core::credential::{Signer, SigningAlgorithm, SigningRequest};
use credential_core::testing::FakeWorld;
use credential_core::world::Moment;
use credential_core::{Credential, SourceError, World};
use credential_tests::measure::{Subject, calls, for_real, readable, side_by_side};
use credential_tests::memory_authority::{SCOPE, client};
use criterion::Criterion;
use rcgen::{CertificateParams, KeyPair, PKCS_RSA_SHA256};
use token_client::{TokenClient, TokenRequest};
use tokio::runtime::{Builder, Runtime};

const ROUNDS: usize = 201;
const NAMES: [&str; 5] =
    ["bare RSA signature", "the certificate's signer", "certificate", "certificate, signed at once", "secret"];

/// Answers at once, with a signature that nobody checks, and remembers how long the message was.
#[derive(Debug, Default)]
struct AtOnce(OnceLock<usize>);

#[async_trait]
impl Signer for AtOnce {
    fn algorithms(&self) -> &[SigningAlgorithm] {
        &[SigningAlgorithm::Ps256]
    }

    async fn sign(&self, request: SigningRequest<'_>) -> Result<Vec<u8>, SourceError> {
        self.0.get_or_init(|| request.message.len());
        Ok(vec![0; 256])
    }
}

struct Subjects {
    runtime: Runtime,
    key: RsaKeyPair,
    message: Vec<u8>,
    signer: Arc<dyn Signer>,
    world: World,
    clients: [TokenClient; 3],
}

impl Subjects {
    fn new() -> Self {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let key = KeyPair::generate_for(&PKCS_RSA_SHA256).unwrap();
        let certificate = CertificateParams::new(["bench".to_owned()]).unwrap().self_signed(&key).unwrap();
        let bundle = format!("{}{}", certificate.pem(), key.serialize_pem());
        let material = Material::from_bytes(bundle.as_bytes(), None).unwrap();
        let at_once = Arc::new(AtOnce::default());
        let (chain, facts) = (material.chain().to_vec(), material.facts().clone());
        #[expect(clippy::disallowed_methods, reason = "the certificate is of this moment")]
        let now = SystemTime::now();
        let credentials = [
            material.into_credential("bench", now).unwrap(),
            Credential::certificate("bench", chain, facts, Arc::clone(&at_once) as _),
            Credential::secret("bench", "s3cret"),
        ];
        let Credential::Certificate(certificate) = &credentials[0] else { unreachable!("it was made from one") };
        let signer = Arc::clone(certificate.signer());
        let clients = credentials.map(|credential| runtime.block_on(client(&Arc::default(), credential)));
        let subjects = Self {
            runtime,
            key: RsaKeyPair::from_pkcs8(&key.serialize_der()).unwrap(),
            message: Vec::new(),
            signer,
            world: FakeWorld::new().world(),
            clients,
        };
        subjects.exchange(1);
        Self { message: vec![b'e'; *at_once.0.get().unwrap()], ..subjects }
    }

    fn exchange(&self, whose: usize) {
        let request = TokenRequest::app(SCOPE).force_refresh();
        self.runtime.block_on(self.clients[whose].token(&request)).unwrap();
    }

    fn sign(&self) {
        let request = SigningRequest::new(SigningAlgorithm::Ps256, &self.message, Moment::default(), &self.world);
        self.runtime.block_on(self.signer.sign(request)).unwrap();
    }

    fn bodies(&self) -> [Subject<'_>; 5] {
        let signature = RefCell::new(vec![0; self.key.public_modulus_len()]);
        [
            calls(move || {
                let signature = &mut signature.borrow_mut();
                self.key.sign(&RSA_PSS_SHA256, &SystemRandom::new(), &self.message, signature).unwrap();
            }),
            calls(|| self.sign()),
            calls(|| self.exchange(0)),
            calls(|| self.exchange(1)),
            calls(|| self.exchange(2)),
        ]
    }
}

fn main() {
    let subjects = Subjects::new();
    let mut criterion = Criterion::default().configure_from_args();
    let mut group = criterion.benchmark_group("exchange");
    for (name, mut body) in NAMES.iter().zip(subjects.bodies()) {
        group.bench_function(*name, |bencher| {
            bencher.iter_custom(|times| body(u32::try_from(times).unwrap_or(u32::MAX)));
        });
    }
    group.finish();
    if for_real() {
        criterion.final_summary();
        report(&subjects);
    }
}

fn report(subjects: &Subjects) {
    let figures = side_by_side(ROUNDS, 20, &mut subjects.bodies());
    println!("\none exchange, no cache (median of {ROUNDS} rounds side by side)");
    for (name, figure) in NAMES.iter().zip(figures) {
        println!("  {name:<28}{:>10}", readable(figure));
    }
    let [bare, _, certificate, at_once, secret] = figures;
    let around = at_once - secret;
    println!("  the assertion around its signature  {}", readable(around));
    println!(
        "  assertion / bare signature          {:.3} (signature + what is around it), {:.3} (certificate - secret); goal 1.05",
        (bare + around) / bare,
        (certificate - secret) / bare
    );
}
