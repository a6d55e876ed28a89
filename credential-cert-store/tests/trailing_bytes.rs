//! Bytes behind a certificate in its container are no part of it: thumbprint and chain are the registered ones.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that fails says where")]

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use credential_cert_store::{Material, certificate_alone, certificate_facts};
use credential_core::Secret;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, PKCS_RSA_SHA256, RsaKeySize};

/// A leaf with its key, and the certificate of its issuer.
struct Made {
    leaf: Vec<u8>,
    issuer: Vec<u8>,
    key: Vec<u8>,
}

fn made() -> Made {
    let key = || KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048).unwrap();
    let (ca_key, leaf_key) = (key(), key());
    let mut ca = CertificateParams::new(Vec::new()).unwrap();
    ca.distinguished_name.push(rcgen::DnType::CommonName, "issuer");
    ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let issuer = ca.self_signed(&ca_key).unwrap().der().to_vec();
    let ca = Issuer::new(ca, ca_key);
    let mut leaf = CertificateParams::new(Vec::new()).unwrap();
    leaf.distinguished_name.push(rcgen::DnType::CommonName, "leaf");
    let leaf = leaf.signed_by(&leaf_key, &ca).unwrap().der().to_vec();
    Made { leaf, issuer, key: leaf_key.serialize_der() }
}

fn and(der: &[u8], more: &[u8]) -> Vec<u8> {
    [der, more].concat()
}

fn pem(label: &str, content: &[u8]) -> String {
    let lines: Vec<String> = BASE64_STANDARD
        .encode(content)
        .as_bytes()
        .chunks(64)
        .map(|line| String::from_utf8_lossy(line).into())
        .collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}

#[test]
fn a_certificate_ends_where_it_says_whatever_it_came_in() {
    let Made { leaf, issuer, key } = made();
    let registered = certificate_facts(&leaf).unwrap();
    for more in [&[][..], &[0], &[0, 0], &[0x30, 0], b"behind it", issuer.as_slice()] {
        let (longer, issuer_longer) = (and(&leaf, more), and(&issuer, more));
        let pfx = p12::PFX::new(&longer, &key, Some(&issuer_longer), "pw", "leaf").unwrap().to_der();
        let text = format!("{}{}", pem("CERTIFICATE", &longer), pem("CERTIFICATE", &issuer_longer));
        let key_text = pem("PRIVATE KEY", &key);
        let password = Secret::from("pw");
        for (container, read, chain) in [
            ("PFX", Material::from_bytes(&pfx, Some(&password)), 2),
            ("PEM", Material::from_bytes(format!("{text}{key_text}").as_bytes(), None), 2),
            ("DER", Material::from_parts(&longer, Some(&key), None), 1),
            ("PEM and key", Material::from_parts(text.as_bytes(), Some(key_text.as_bytes()), None), 2),
        ] {
            let read = read.unwrap();
            let place = format!("{container}, {} bytes behind it", more.len());
            assert!(read.has_key(), "{place}");
            assert_eq!(read.facts(), &registered, "{place}");
            assert_eq!(read.chain(), &[leaf.clone(), issuer.clone()][..chain], "{place}");
        }
        assert_eq!(certificate_facts(&longer).unwrap(), registered);
        assert_eq!(certificate_alone(longer), leaf);
    }
}
