//! A decrypter that hangs or panics is an error, whoever wrote it; so is what it is not asked.

#![expect(clippy::panic, reason = "others' code that panics")]

use std::future::pending;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use credential_core::credential::{
    CertificateCredential, CertificateFacts, Decrypter, DecryptionAlgorithm, DecryptionRequest, MAX_CIPHERTEXT,
    SecretBytes, Signer, SigningAlgorithm, SigningRequest,
};
use credential_core::testing::FakeWorld;
use credential_core::{Credential, SourceError, SourceErrorKind, async_trait};

/// By its first byte.
#[derive(Debug)]
struct Own;

#[async_trait]
impl Decrypter for Own {
    fn algorithms(&self) -> &[DecryptionAlgorithm] {
        &[DecryptionAlgorithm::RsaOaep256]
    }

    async fn decrypt(&self, request: DecryptionRequest<'_>) -> Result<SecretBytes, SourceError> {
        match request.ciphertext.first() {
            Some(b'h') => pending().await,
            Some(b'p') => panic!("hunter2"),
            _ => Ok(SecretBytes::new(request.ciphertext)),
        }
    }
}

#[async_trait]
impl Signer for Own {
    fn algorithms(&self) -> &[SigningAlgorithm] {
        &[SigningAlgorithm::Ps256]
    }

    async fn sign(&self, _request: SigningRequest<'_>) -> Result<Vec<u8>, SourceError> {
        pending().await
    }
}

fn certificate(decrypts: bool) -> CertificateCredential {
    let facts = CertificateFacts::new([0; 20], [0; 32], SystemTime::UNIX_EPOCH, SystemTime::UNIX_EPOCH);
    let credential = Credential::certificate("the certificate", vec![Vec::new()], facts, Arc::new(Own));
    let credential = if decrypts { credential.with_decrypter(Arc::new(Own)) } else { credential };
    match credential {
        Credential::Certificate(certificate) => certificate,
        other => panic!("{other:?}"),
    }
}

async fn decrypt(
    fake: &FakeWorld,
    certificate: &CertificateCredential,
    ciphertext: &[u8],
) -> Result<SecretBytes, SourceError> {
    let world = fake.world();
    let deadline = world.clock.moment().after(Duration::from_secs(5));
    let request = DecryptionRequest::new(DecryptionAlgorithm::RsaOaep256, ciphertext, deadline, &world);
    let late = async { fake.clock.advance(Duration::from_secs(5)) };
    tokio::join!(certificate.decrypt(request), late).0
}

#[tokio::test]
async fn whatever_a_decrypter_does_there_is_an_answer_in_time() {
    let fake = FakeWorld::new();
    let certificate = certificate(true);
    assert_eq!(decrypt(&fake, &certificate, b"key").await.unwrap().expose(), b"key");
    for (ciphertext, code) in [(b"hangs".as_slice(), "decrypter-timeout"), (b"panics", "decrypter-panicked")] {
        let error = decrypt(&fake, &certificate, ciphertext).await.unwrap_err();
        assert_eq!((error.kind(), error.code()), (SourceErrorKind::Transient, code));
        let shown = format!("{error} {error:?}");
        assert!(shown.contains("the certificate") && !shown.contains("hunter2"), "{shown}");
    }
}

#[tokio::test]
async fn a_decrypter_is_asked_for_no_more_than_a_key_can_have_encrypted() {
    let fake = FakeWorld::new();
    let certificate = certificate(true);
    assert!(decrypt(&fake, &certificate, &[b'x'; MAX_CIPHERTEXT]).await.is_ok());
    let error = decrypt(&fake, &certificate, &[b'p'; MAX_CIPHERTEXT + 1]).await.unwrap_err();
    assert_eq!(error.code(), "ciphertext-too-long");
}

#[tokio::test]
async fn a_certificate_that_only_signs_says_so() {
    let error = decrypt(&FakeWorld::new(), &certificate(false), b"key").await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (SourceErrorKind::Invalid, "no-decrypter"));
    // A secret has no key at all.
    let secret = Credential::secret("id", "hunter2").with_decrypter(Arc::new(Own));
    assert!(matches!(secret, Credential::Secret(_)));
}

#[test]
fn algorithms_have_the_names_of_the_rfc() {
    for algorithm in [DecryptionAlgorithm::RsaOaep, DecryptionAlgorithm::RsaOaep256] {
        assert_eq!(DecryptionAlgorithm::named(algorithm.as_str()), Some(algorithm));
    }
    assert_eq!(DecryptionAlgorithm::named("RSA1_5"), None);
}
