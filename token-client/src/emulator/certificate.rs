//! A certificate that is registered on an app: its thumbprints, validity and public key.

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};
use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, RSA_PSS_2048_8192_SHA256, RsaParameters, UnparsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::Value;
use x509_parser::oid_registry::OID_PKCS1_RSAENCRYPTION;
use x509_parser::prelude::{FromDer, Pem, X509Certificate};

use super::jwt::Jwt;

/// The most certificates in `x5c`.
const MAX_CHAIN: usize = 16;

/// What the emulator keeps of a certificate.
#[derive(Clone, Debug)]
pub(crate) struct RegisteredCertificate {
    der: Vec<u8>,
    /// RSAPublicKey (RFC 8017 §A.1.1).
    public_key: Vec<u8>,
    sha1: String,
    sha256: String,
    not_before: i64,
    not_after: i64,
}

impl RegisteredCertificate {
    /// Reads a certificate in DER or PEM.
    ///
    /// # Errors
    /// A sentence that says what is wrong with it.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, &'static str> {
        let der = if bytes.trim_ascii_start().starts_with(b"-----BEGIN") {
            let certificate = Pem::iter_from_buffer(bytes).flatten().find(|pem| pem.label == "CERTIFICATE");
            certificate.ok_or("the PEM text has no CERTIFICATE block")?.contents
        } else {
            bytes.to_vec()
        };
        let (_, certificate) = X509Certificate::from_der(&der).map_err(|_| "it is no X.509 certificate")?;
        let key = &certificate.tbs_certificate.subject_pki;
        if key.algorithm.algorithm != OID_PKCS1_RSAENCRYPTION {
            return Err("its key is not RSA, and Entra takes no other for client assertions");
        }
        let validity = certificate.validity();
        Ok(Self {
            public_key: key.subject_public_key.data.to_vec(),
            sha1: URL_SAFE_NO_PAD.encode(digest(&SHA1_FOR_LEGACY_USE_ONLY, &der)),
            sha256: URL_SAFE_NO_PAD.encode(digest(&SHA256, &der)),
            not_before: validity.not_before.timestamp(),
            not_after: validity.not_after.timestamp(),
            der,
        })
    }

    /// The SHA-256 thumbprint in base64url.
    pub(crate) fn thumbprint(&self) -> &str {
        &self.sha256
    }

    pub(crate) fn is_valid_at(&self, seconds: i64) -> bool {
        (self.not_before..=self.not_after).contains(&seconds)
    }

    /// Whether the header names this certificate: by `x5t#S256` or `x5t`, and by both where both are there.
    pub(crate) fn is_named_by(&self, jwt: &Jwt<'_>) -> bool {
        let named = [("x5t#S256", &self.sha256), ("x5t", &self.sha1)];
        let mut found =
            named.iter().filter_map(|(name, own)| jwt.header(name).map(|given| same(given, own))).peekable();
        found.peek().is_some() && found.all(|same| same)
    }

    /// Whether the key of this certificate made the signature, with PS256 or RS256.
    pub(crate) fn has_signed(&self, jwt: &Jwt<'_>) -> bool {
        let algorithm: &'static RsaParameters = match jwt.header("alg") {
            Some("PS256") => &RSA_PSS_2048_8192_SHA256,
            Some("RS256") => &RSA_PKCS1_2048_8192_SHA256,
            _ => return false,
        };
        let key = UnparsedPublicKey::new(algorithm, &self.public_key);
        key.verify(jwt.signed.as_bytes(), &jwt.signature).is_ok()
    }

    /// Whether `x5c` (RFC 7515 §4.1.6), where it is there, begins with this certificate and each next
    /// one is the issuer of the one before. One text in place of the array is taken, as Entra does, and base64
    /// with line breaks, as MSAL for Python sends it.
    pub(crate) fn begins(&self, x5c: Option<&Value>) -> bool {
        let chain: Vec<&str> = match x5c {
            None => return true,
            Some(Value::String(one)) => vec![one],
            Some(Value::Array(list)) => list.iter().map(|one| one.as_str().unwrap_or_default()).collect(),
            Some(_) => return false,
        };
        let decode = |one: &&str| {
            let text: String = one.chars().filter(|character| !character.is_ascii_whitespace()).collect();
            STANDARD.decode(text).unwrap_or_default()
        };
        let chain: Vec<Vec<u8>> = chain.iter().take(MAX_CHAIN + 1).map(decode).collect();
        let parsed: Vec<_> =
            chain.iter().filter_map(|der| X509Certificate::from_der(der).ok().map(|(_, one)| one)).collect();
        let linked = parsed.iter().zip(parsed.iter().skip(1)).all(|(one, next)| one.issuer() == next.subject());
        chain.first() == Some(&self.der) && parsed.len() == chain.len() && chain.len() <= MAX_CHAIN && linked
    }
}

/// Compares thumbprints as Entra does: the older alphabet of base64 and padding are taken too.
fn same(given: &str, own: &str) -> bool {
    given.trim_end_matches('=').replace('+', "-").replace('/', "_") == own
}
