//! Signing by the Transit engine, and which version of its key a certificate belongs to.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use aws_lc_rs::digest::{Algorithm, SHA256, SHA384, SHA512, digest};
use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use credential_cert_store::{algorithms_of, public_key_info};
use credential_core::SourceError;
use credential_core::credential::{Signer, SigningAlgorithm, SigningRequest};
use serde_json::{Value, json};

use super::plan::{KEY, Plan};
use super::server::{About, Server};

/// The most versions of a key that are looked at.
const MAX_VERSIONS: usize = 1024;

/// One version of a key.
pub(super) struct Transit {
    plan: Arc<Plan>,
    version: u64,
    algorithms: Vec<SigningAlgorithm>,
}

impl Transit {
    /// Signs as the leaf's key does.
    pub(super) fn new(plan: Arc<Plan>, version: u64, leaf: &[u8]) -> Result<Self, SourceError> {
        Ok(Self { plan, version, algorithms: algorithms_of(leaf)? })
    }

    /// The signature out of an answer: `vault:vVERSION:BASE64URL`.
    fn signature(&self, data: &Value) -> Option<Vec<u8>> {
        let text = data.get("signature")?.as_str()?;
        let (version, signature) = text.strip_prefix("vault:v")?.split_once(':')?;
        // One by another version would be refused by the authority, with a less clear word.
        let own = version.parse() == Ok(self.version);
        let signature = BASE64_URL_SAFE_NO_PAD.decode(signature.trim_end_matches('=')).ok()?;
        (own && !signature.is_empty()).then_some(signature)
    }
}

impl fmt::Debug for Transit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transit").field("key", &self.plan.key).field("version", &self.version).finish_non_exhaustive()
    }
}

#[async_trait]
impl Signer for Transit {
    fn algorithms(&self) -> &[SigningAlgorithm] {
        &self.algorithms
    }

    async fn sign(&self, request: SigningRequest<'_>) -> Result<Vec<u8>, SourceError> {
        let server = Server::new(&self.plan, request.world, request.deadline);
        let (hash, name, padding): (&Algorithm, _, _) = match request.algorithm {
            algorithm if !self.algorithms.contains(&algorithm) => return Err(not_of_key(algorithm)),
            SigningAlgorithm::Ps256 => (&SHA256, "sha2-256", Some("pss")),
            SigningAlgorithm::Rs256 => (&SHA256, "sha2-256", Some("pkcs1v15")),
            SigningAlgorithm::Es256 => (&SHA256, "sha2-256", None),
            SigningAlgorithm::Es384 => (&SHA384, "sha2-384", None),
            SigningAlgorithm::Es512 => (&SHA512, "sha2-512", None),
            algorithm => return Err(not_of_key(algorithm)),
        };
        let mut body = json!({
            "input": BASE64_STANDARD.encode(digest(hash, request.message)),
            "prehashed": true,
            "marshaling_algorithm": "jws",
            "key_version": self.version,
        });
        if let (Some(padding), Some(fields)) = (padding, body.as_object_mut()) {
            fields.insert("signature_algorithm".to_owned(), json!(padding));
            // As RFC 7518 §3.5 has it: as long as the hash.
            fields.insert("salt_length".to_owned(), json!("hash"));
        }
        let Plan { mount, key, .. } = &*self.plan;
        let path = format!("{mount}/sign/{key}/{name}");
        let (what, policy) = (
            format!("a signature of the key {key}"),
            format!("path \"{mount}/sign/{key}/*\" {{ capabilities = [\"update\"] }}"),
        );
        let data = server.ask(&path, Some(&body), About { what: &what, policy: &policy, setting: KEY }).await?;
        self.signature(&data).ok_or_else(|| {
            let version = self.version;
            server.unreadable(&format!("there is no signature by version {version} of the key in it"))
        })
    }
}

fn not_of_key(algorithm: SigningAlgorithm) -> SourceError {
    SourceError::invalid("algorithm-not-of-key", format!("the vault's key cannot sign {algorithm}"))
}

/// The version of a key that a certificate belongs to.
pub(super) enum VersionOf {
    Certificate(u64),
    /// None of these.
    Nobody(Vec<u64>),
}

/// Looks for the certificate's public key among the versions of the vault's key.
pub(super) async fn version_of(server: &Server<'_>, leaf: &[u8]) -> Result<VersionOf, SourceError> {
    let wanted = public_key_info(leaf)?;
    let Plan { mount, key, .. } = server.plan;
    let (what, policy) = (
        format!("the key {key}"),
        format!("path \"{mount}/keys/{key}\" {{ capabilities = [\"read\"] }}, or set VaultKeyVersion"),
    );
    let about = About { what: &what, policy: &policy, setting: KEY };
    let data = server.ask(&format!("{mount}/keys/{key}"), None, about).await?;
    let versions = data.get("keys").and_then(Value::as_object);
    let versions = versions.ok_or_else(|| server.unreadable("there are no versions of the key in it"))?;
    let known: Vec<(u64, &Value)> = versions
        .iter()
        .filter_map(|(version, facts)| Some((version.parse().ok()?, facts)))
        .take(MAX_VERSIONS)
        .collect();
    let fits = |facts: &Value| facts.get("public_key").and_then(Value::as_str).and_then(der).as_ref() == Some(&wanted);
    let found = known.iter().filter(|(_, facts)| fits(facts)).map(|(version, _)| *version).max();
    let mut all: Vec<u64> = known.into_iter().map(|(version, _)| version).collect();
    all.sort_unstable();
    Ok(found.map_or(VersionOf::Nobody(all), VersionOf::Certificate))
}

/// The content of PEM text with a public key (RFC 7468 §13).
fn der(pem: &str) -> Option<Vec<u8>> {
    let (_, rest) = pem.split_once("-----BEGIN PUBLIC KEY-----")?;
    let (body, _) = rest.split_once("-----END PUBLIC KEY-----")?;
    let body: String = body.split_whitespace().collect();
    BASE64_STANDARD.decode(body).ok()
}

pub(super) fn of_another_key(plan: &Plan, versions: &[u64]) -> SourceError {
    let (key, versions) = (&plan.key, versions.iter().map(u64::to_string).collect::<Vec<_>>().join(", "));
    let message = format!("the certificate belongs to no version of the key {key}: there are {versions}");
    SourceError::invalid("certificate-of-another-key", message)
        .remedy("have a certificate issued for the key (transit/keys/NAME/csr), or correct VaultKeyName")
        .about(plan.certificate.setting())
}
