//! Certificates for the vault, made when the test runs.

use std::fmt;
use std::time::{Duration, SystemTime};

use aws_lc_rs::digest::{self, Digest};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED, ECDSA_P384_SHA384_FIXED_SIGNING,
    ECDSA_P521_SHA512_FIXED, ECDSA_P521_SHA512_FIXED_SIGNING, EcdsaKeyPair, EcdsaSigningAlgorithm, KeyPair as _,
    RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RSA_PSS_2048_8192_SHA256, RSA_PSS_SHA256, RsaEncoding, RsaKeyPair,
    UnparsedPublicKey, VerificationAlgorithm,
};
use credential_core::credential::SigningAlgorithm;
use rcgen::{
    BasicConstraints, Certificate, CertificateParams, DnType, IsCa, Issuer, KeyPair, PKCS_ECDSA_P256_SHA256,
    PKCS_ECDSA_P384_SHA384, PKCS_ECDSA_P521_SHA512, PKCS_RSA_SHA256,
};

/// Kinds of keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    /// RSA with 2048 bits.
    Rsa,
    /// P-256.
    P256,
    /// P-384.
    P384,
    /// P-521.
    P521,
}

/// A certificate with its key.
#[derive(Clone)]
pub struct Made {
    /// The certificate in DER.
    pub der: Vec<u8>,
    pkcs8: Vec<u8>,
    kind: Key,
}

impl fmt::Debug for Made {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Made").field("kind", &self.kind).finish_non_exhaustive()
    }
}

impl Made {
    /// A certificate of that name, valid from an hour ago for 90 days.
    pub fn new(name: &str, kind: Key) -> Self {
        let hour = Duration::from_secs(3600);
        let now = SystemTime::now();
        Self::valid(name, kind, now - hour, now + hour * 24 * 90)
    }

    /// A certificate that is valid in that time.
    pub fn valid(name: &str, kind: Key, from: SystemTime, to: SystemTime) -> Self {
        let algorithm = match kind {
            Key::Rsa => &PKCS_RSA_SHA256,
            Key::P256 => &PKCS_ECDSA_P256_SHA256,
            Key::P384 => &PKCS_ECDSA_P384_SHA384,
            Key::P521 => &PKCS_ECDSA_P521_SHA512,
        };
        let key = KeyPair::generate_for(algorithm).unwrap();
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        (params.not_before, params.not_after) = (from.into(), to.into());
        let certificate = params.self_signed(&key).unwrap();
        Self { der: certificate.der().to_vec(), pkcs8: key.serialize_der(), kind }
    }

    /// PKCS#12 without a password, as the vault exports it.
    pub fn pfx(&self) -> Vec<u8> {
        p12::PFX::new(&self.der, &self.pkcs8, None, "", "").unwrap().to_der()
    }

    /// Key and certificate as PEM, as the vault exports it.
    pub fn pem(&self) -> String {
        use base64::Engine;
        let block = |label: &str, der: &[u8]| {
            let text = base64::engine::general_purpose::STANDARD.encode(der);
            let lines: Vec<&str> = text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
            format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
        };
        block("PRIVATE KEY", &self.pkcs8) + &block("CERTIFICATE", &self.der)
    }

    /// `RSA` or `EC`.
    pub fn kty(&self) -> &'static str {
        if self.kind == Key::Rsa { "RSA" } else { "EC" }
    }

    /// Whether the signature over the message is this key's.
    pub fn verifies(&self, algorithm: SigningAlgorithm, message: &[u8], signature: &[u8]) -> bool {
        let (public, by): (Vec<u8>, &'static dyn VerificationAlgorithm) = match (algorithm, self.kind) {
            (SigningAlgorithm::Ps256, Key::Rsa) => (self.rsa_public(), &RSA_PSS_2048_8192_SHA256),
            (SigningAlgorithm::Rs256, Key::Rsa) => (self.rsa_public(), &RSA_PKCS1_2048_8192_SHA256),
            (SigningAlgorithm::Es256, Key::P256) => {
                (self.ec_public(&ECDSA_P256_SHA256_FIXED_SIGNING), &ECDSA_P256_SHA256_FIXED)
            }
            (SigningAlgorithm::Es384, Key::P384) => {
                (self.ec_public(&ECDSA_P384_SHA384_FIXED_SIGNING), &ECDSA_P384_SHA384_FIXED)
            }
            (SigningAlgorithm::Es512, Key::P521) => {
                (self.ec_public(&ECDSA_P521_SHA512_FIXED_SIGNING), &ECDSA_P521_SHA512_FIXED)
            }
            _ => return false,
        };
        UnparsedPublicKey::new(by, public).verify(message, signature).is_ok()
    }

    fn rsa_public(&self) -> Vec<u8> {
        RsaKeyPair::from_pkcs8(&self.pkcs8).unwrap().public_key().as_ref().to_vec()
    }

    fn ec_public(&self, signing: &'static EcdsaSigningAlgorithm) -> Vec<u8> {
        EcdsaKeyPair::from_pkcs8(signing, &self.pkcs8).unwrap().public_key().as_ref().to_vec()
    }

    /// A signature over a digest; `None` when the key cannot do the algorithm.
    pub fn sign(&self, algorithm: &str, hash: &[u8]) -> Option<Vec<u8>> {
        let rsa = |padding: &'static dyn RsaEncoding| {
            let key = RsaKeyPair::from_pkcs8(&self.pkcs8).ok()?;
            let mut signature = vec![0; key.public_modulus_len()];
            let hash = Digest::import_less_safe(hash, &digest::SHA256).ok()?;
            key.sign_digest(padding, &hash, &mut signature).ok()?;
            Some(signature)
        };
        let ec = |kind: Key| {
            let (signing, hashing) = match kind {
                Key::P256 => (&ECDSA_P256_SHA256_FIXED_SIGNING, &digest::SHA256),
                Key::P384 => (&ECDSA_P384_SHA384_FIXED_SIGNING, &digest::SHA384),
                _ => (&ECDSA_P521_SHA512_FIXED_SIGNING, &digest::SHA512),
            };
            let key = EcdsaKeyPair::from_pkcs8(signing, &self.pkcs8).ok()?;
            Some(key.sign_digest(&Digest::import_less_safe(hash, hashing).ok()?).ok()?.as_ref().to_vec())
        };
        match (algorithm, self.kind) {
            ("PS256", Key::Rsa) => rsa(&RSA_PSS_SHA256),
            ("RS256", Key::Rsa) => rsa(&RSA_PKCS1_SHA256),
            ("ES256", Key::P256) | ("ES384", Key::P384) | ("ES512", Key::P521) => ec(self.kind),
            _ => None,
        }
    }
}

/// A certificate authority and a server certificate for the cloud's hosts, with the server's key in PKCS#8.
pub fn ca_and_leaf() -> (Vec<u8>, Vec<u8>, Vec<u8>) {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca: Certificate = params.self_signed(&key).unwrap();
    let issuer = Issuer::new(params, key);
    let hosts = ["myvault.vault.azure.net", "login.microsoftonline.com", "localhost"].map(str::to_owned);
    let server_key = KeyPair::generate().unwrap();
    let server = CertificateParams::new(hosts).unwrap().signed_by(&server_key, &issuer).unwrap();
    (ca.der().to_vec(), server.der().to_vec(), server_key.serialize_der())
}
