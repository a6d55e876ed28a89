//! The application's certificate in a file, and another one in its place every now and then.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use rcgen::{CertificateParams, KeyPair, PKCS_RSA_SHA256, RsaKeySize};

use crate::authority::Authority;
use crate::dice::Dice;

/// A file with a certificate and its key, and the certificate's SHA-256.
pub(crate) struct Rotating {
    file: PathBuf,
    thumbprint: String,
}

impl Rotating {
    pub(crate) fn new(file: &Path, authority: &Authority) -> Self {
        let thumbprint = write(file);
        authority.accept(&thumbprint);
        Self { file: file.to_path_buf(), thumbprint }
    }

    /// Again and again: the new one is registered, then it takes the old one's place, then that is taken back. Gives
    /// how often.
    pub(crate) async fn rotate(mut self, authority: &Authority, dice: &mut Dice, pace: Duration, end: Instant) -> u64 {
        let mut rotations = 0;
        loop {
            tokio::time::sleep(dice.between(pace / 2, pace)).await;
            if Instant::now() >= end {
                return rotations;
            }
            let file = self.file.with_extension("new");
            let (file, thumbprint) = tokio::task::spawn_blocking(move || (write(&file), file))
                .await
                .map(|(thumbprint, file)| (file, thumbprint))
                .unwrap();
            authority.accept(&thumbprint);
            std::fs::rename(&file, &self.file).unwrap();
            tokio::time::sleep(dice.between(Duration::ZERO, pace / 10)).await;
            authority.take_back(&self.thumbprint);
            self.thumbprint = thumbprint;
            rotations += 1;
        }
    }
}

/// Writes a new pair; gives its certificate's SHA-256 as assertions say it.
fn write(file: &Path) -> String {
    let key = KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048).unwrap();
    let certificate = CertificateParams::new(vec!["soak".to_owned()]).unwrap().self_signed(&key).unwrap();
    std::fs::write(file, format!("{}{}", key.serialize_pem(), certificate.pem())).unwrap();
    BASE64_URL_SAFE_NO_PAD.encode(digest(&SHA256, certificate.der()))
}
