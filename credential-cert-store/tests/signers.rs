//! What the local signers sign is what RFC 7518 says, and shows nothing of the key.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test that fails says where")]

mod golden;

use std::time::Duration;

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ECDSA_P521_SHA512_FIXED, RSA_PKCS1_2048_8192_SHA256,
    RSA_PSS_2048_8192_SHA256, UnparsedPublicKey, VerificationAlgorithm,
};
use credential_cert_store::{Material, algorithms_of, inspect};
use credential_core::credential::{SigningAlgorithm, SigningRequest};
use credential_core::testing::FakeWorld;
use credential_core::world::Moment;
use credential_core::{Credential, Secret, Severity};

/// The public key inside a certificate, as the verifier takes it.
fn public_key(der: &[u8]) -> Vec<u8> {
    use x509_parser::prelude::FromDer;
    let (_, certificate) = x509_parser::certificate::X509Certificate::from_der(der).unwrap();
    certificate.public_key().subject_public_key.data.to_vec()
}

fn verifier(algorithm: SigningAlgorithm) -> &'static dyn VerificationAlgorithm {
    match algorithm {
        SigningAlgorithm::Ps256 => &RSA_PSS_2048_8192_SHA256,
        SigningAlgorithm::Rs256 => &RSA_PKCS1_2048_8192_SHA256,
        SigningAlgorithm::Es256 => &ECDSA_P256_SHA256_FIXED,
        SigningAlgorithm::Es384 => &ECDSA_P384_SHA384_FIXED,
        _ => &ECDSA_P521_SHA512_FIXED,
    }
}

#[tokio::test]
async fn each_kind_of_key_signs_with_each_of_its_algorithms() {
    for (file, key, count, size) in [
        ("ossl-default.pfx", "RSA 2048", 2, 256),
        ("ossl-key-rsa3072.pfx", "RSA 3072", 2, 384),
        ("ossl-key-rsa4096.pfx", "RSA 4096", 2, 512),
        ("ossl-key-ec256.pfx", "EC P-256", 1, 64),
        ("ossl-key-ec384.pfx", "EC P-384", 1, 96),
        ("ossl-key-ec521.pfx", "EC P-521", 1, 132),
    ] {
        let content = golden::read(&format!("pfx/{file}"));
        let material = Material::from_bytes(&content, Some(&Secret::from("pw"))).unwrap();
        assert_eq!(material.facts().key, key);
        let credential = material.into_credential(file, golden::now()).unwrap();
        let Credential::Certificate(certificate) = credential else { panic!("no certificate") };
        let algorithms = certificate.signer().algorithms();
        let world = FakeWorld::new().world();
        assert_eq!(algorithms, algorithms_of(&certificate.chain()[0]).unwrap());
        assert_eq!(algorithms.len(), count, "{file}");
        for &algorithm in algorithms {
            let deadline = Moment::default().after(Duration::from_secs(5));
            let request = SigningRequest::new(algorithm, b"message", deadline, &world);
            let signature = certificate.signer().sign(request).await.unwrap();
            assert_eq!(signature.len(), size, "{file} {algorithm}");
            let public = UnparsedPublicKey::new(verifier(algorithm), public_key(&certificate.chain()[0]));
            public.verify(b"message", &signature).unwrap();
        }
        let other = if count == 1 { SigningAlgorithm::Rs256 } else { SigningAlgorithm::Es256 };
        let request = SigningRequest::new(other, b"message", Moment::default(), &world);
        assert_eq!(certificate.signer().sign(request).await.unwrap_err().code(), "algorithm-not-of-key");
    }
}

#[test]
fn debug_shows_the_certificate_and_nothing_of_the_key() {
    let material = Material::from_bytes(&golden::read("pfx/p-cert-first.pem"), None).unwrap();
    let shown = format!("{material:?}");
    assert!(shown.contains("CN=pfx-rsa") && shown.contains("has_key: true"), "{shown}");
    let credential = material.into_credential("golden", golden::now()).unwrap();
    let Credential::Certificate(certificate) = &credential else { panic!("no certificate") };
    assert_eq!(format!("{:?}", certificate.signer()), "LocalSigner { algorithms: [Ps256, Rs256], .. }");
}

#[test]
fn an_inspection_tells_everything_and_what_is_wrong() {
    let now = FakeWorld::new().world().clock.now();
    let chain = inspect(&golden::read("pfx/ossl-chain.pfx"), None, Some(&Secret::from("pw")), now).unwrap();
    let names: Vec<&str> = chain.chain.iter().map(|facts| facts.subject.as_str()).collect();
    assert_eq!(names, ["CN=pfx-leaf", "CN=pfx-int", "CN=pfx-root"]);
    assert!(chain.has_key && chain.algorithms == [SigningAlgorithm::Ps256, SigningAlgorithm::Rs256]);
    let codes = |file: &str, password: Option<&str>| {
        let password = password.map(Secret::from);
        let found = inspect(&golden::read(file), None, password.as_ref(), now).unwrap();
        found.findings.into_iter().map(|finding| (finding.severity, finding.code)).collect::<Vec<_>>()
    };
    assert_eq!(codes("store-certs/expired.store.pfx", None), [(Severity::Error, "certificate-expired")]);
    assert_eq!(codes("pfx/net-cert.cer", None), [(Severity::Error, "certificate-without-key")]);
    assert_eq!(codes("pfx/h-key-mismatch.pfx", Some("pw")), [(Severity::Error, "key-does-not-belong")]);
    assert_eq!(codes("pfx/ossl-default.pfx", Some("pw")), []);
    assert_eq!(codes("store-certs/ca-issued.store.pfx", None), [(Severity::Hint, "chain-incomplete")]);
    assert_eq!(inspect(b"", None, None, now).unwrap_err().code(), "empty-content");
}

#[test]
fn what_may_be_in_the_way_soon_or_elsewhere_is_a_warning() {
    use rcgen::{CertificateParams, ExtendedKeyUsagePurpose, KeyPair, KeyUsagePurpose, date_time_ymd};

    let key = KeyPair::generate().unwrap();
    let mut parameters = CertificateParams::new(vec!["app.example".to_owned()]).unwrap();
    parameters.not_before = date_time_ymd(2025, 6, 1);
    parameters.not_after = date_time_ymd(2026, 1, 11);
    parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    parameters.key_usages = vec![KeyUsagePurpose::KeyEncipherment];
    let certificate = parameters.self_signed(&key).unwrap();
    let pem = format!("{}{}", certificate.pem(), key.serialize_pem());
    let now = FakeWorld::new().world().clock.now();
    let findings = inspect(pem.as_bytes(), None, None, now).unwrap().findings;
    let codes: Vec<&str> = findings.iter().map(|finding| finding.code).collect();
    assert_eq!(codes, ["certificate-expires-soon", "not-for-client-authentication", "not-for-signing"]);
    assert!(findings[0].message.contains("expires in 10 days"), "{}", findings[0]);
    let early = inspect(pem.as_bytes(), None, None, now - Duration::from_secs(400 * 86_400)).unwrap().findings;
    assert!(early[0].message.contains("ahead of this machine's clock"), "{}", early[0]);
}
