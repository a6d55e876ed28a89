//! Files as other tools than the recorded ones make them: GnuTLS `certtool`, NSS `pk12util`, Bouncy Castle,
//! Python's cryptography, `keytool` with other algorithms; and PEM text with the wrong labels.
//!
//! Made with Debian's packages of 2026 from one RSA key (2048 bits) with its certificate, or from keys of
//! their own where the error is expected; the names say with which algorithms.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test that fails says where")]

use std::collections::BTreeSet;
use std::path::PathBuf;

use credential_cert_store::Material;
use credential_core::Secret;

/// The certificate of the RSA key.
const RSA: &str = "F32C6F6E04916F2BC557195711A59B232D91553F";

/// File, password, the thumbprint of what loads or the error's code.
const FILES: &[(&str, &str, &str)] = &[
    ("gnutls-aes-256.p12", "pw", RSA),
    ("gnutls-rc2-40.p12", "pw", RSA),
    ("gnutls-null-3des.p12", "", RSA),
    ("gnutls-arcfour.p12", "pw", "algorithm-not-supported"),
    ("nss-aes-128-sha-256.p12", "pw", RSA),
    ("nss-aes-256-sha-512.p12", "pw", RSA),
    ("nss-3des-rc2-40.p12", "pw", RSA),
    ("nss-unicode-password.p12", "p\u{e4}\u{20ac}\u{1f600}", RSA),
    ("nss-camellia-256.p12", "pw", "algorithm-not-supported"),
    ("bouncycastle-pkcs12-def.p12", "pw", RSA),
    ("bouncycastle-3des-40rc2.p12", "pw", RSA),
    ("bouncycastle-bks.p12", "pw", "java-keystore"),
    ("bouncycastle-bcfks.p12", "pw", "java-keystore"),
    ("python-best.p12", "pw", RSA),
    ("python-3des-sha1.p12", "pw", RSA),
    ("python-none.p12", "", RSA),
    ("python-key-only.p12", "pw", "key-without-certificate"),
    ("keytool-aes-256-sha-512.p12", "password", RSA),
    ("keytool-no-mac.p12", "password", RSA),
    ("pkcs8-labelled-rsa.pem", "", RSA),
    ("sec1-labelled-pkcs8.pem", "", "2585DF42"),
    ("three-primes.pem", "", "key-not-supported"),
];

#[test]
fn each_file_loads_or_says_what_it_is() {
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/interop"));
    let mut wrong = Vec::new();
    for (name, password, expected) in FILES {
        let content = std::fs::read(folder.join(name)).unwrap();
        let read = Material::from_bytes(&content, Some(&Secret::from(*password)));
        let outcome = match read.map(|material| (material.key_error(), material.facts().thumbprint())) {
            Ok((None, thumbprint)) => thumbprint,
            Ok((Some(error), _)) | Err(error) => error.code().to_owned(),
        };
        if !outcome.starts_with(expected) {
            wrong.push(format!("{name}: {outcome} instead of {expected}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let here = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap());
    assert_eq!(here.collect::<BTreeSet<_>>(), FILES.iter().map(|(name, ..)| (*name).to_owned()).collect());
}
