//! A key that is somewhere else: what a crate for PKCS#11, a platform's store or an HSM writes, with
//! nothing changed in ours. The certificate comes from [`credential_cert_store`]'s public functions,
//! the signature from wherever the key is.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test that fails says where")]

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, UnparsedPublicKey};
use credential_cert_store::{CertificateSource, algorithms_of, certificate_facts, judge};
use credential_core::credential::{Signer, SigningAlgorithm, SigningRequest};
use credential_core::testing::{Bound, Conformance, FakeWorld, application};
use credential_core::{
    BindContext, BindResult, Credential, CredentialDescription, CredentialLoader, CredentialSource, LoadRequest,
    Setting, SettingKind, SourceError, SourceType,
};

/// Stands for a token that signs and never gives its key away.
struct Token {
    certificate: Vec<u8>,
    key: EcdsaKeyPair,
    public: Vec<u8>,
}

impl Token {
    fn new() -> Arc<Self> {
        let key = rcgen::KeyPair::generate().unwrap();
        let parameters = rcgen::CertificateParams::new(vec!["token.example".to_owned()]).unwrap();
        let certificate = parameters.self_signed(&key).unwrap().der().to_vec();
        let public = key.public_key_raw().to_vec();
        let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &key.serialize_der()).unwrap();
        Arc::new(Self { certificate, key, public })
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token")
    }
}

#[derive(Debug)]
struct TokenSigner {
    token: Arc<Token>,
    algorithms: Vec<SigningAlgorithm>,
}

#[async_trait]
impl Signer for TokenSigner {
    fn algorithms(&self) -> &[SigningAlgorithm] {
        &self.algorithms
    }

    async fn sign(&self, request: SigningRequest<'_>) -> Result<Vec<u8>, SourceError> {
        if !self.algorithms.contains(&request.algorithm) {
            return Err(SourceError::invalid("token-algorithm", "the token's key cannot do that"));
        }
        let signature = self.token.key.sign(&SystemRandom::new(), request.message);
        signature
            .map(|signature| signature.as_ref().to_vec())
            .map_err(|_| SourceError::transient("token-gone", "the token does not answer"))
    }
}

/// A source type of somebody else's.
#[derive(Debug)]
struct TokenSource(Arc<Token>);

impl CredentialSource for TokenSource {
    fn source_type(&self) -> SourceType {
        SourceType::known("Pkcs11")
    }

    fn settings(&self) -> &[Setting] {
        const SETTINGS: &[Setting] =
            &[Setting::new("TokenLabel", SettingKind::Text, "The token that holds certificate and key.").required()];
        SETTINGS
    }

    fn bind(&self, entry: &CredentialDescription, cx: &mut BindContext<'_>) -> BindResult {
        let label = cx.required(entry, "TokenLabel")?.expose().to_owned();
        Ok(Arc::new(TokenLoader { token: Arc::clone(&self.0), label }))
    }
}

#[derive(Debug)]
struct TokenLoader {
    token: Arc<Token>,
    label: String,
}

#[async_trait]
impl CredentialLoader for TokenLoader {
    async fn load(&self, request: &LoadRequest<'_>) -> Result<Credential, SourceError> {
        let label = &self.label;
        if label != "app" {
            let error = SourceError::not_applicable("no-token", format!("there is no token {label}"));
            return Err(error.about("TokenLabel"));
        }
        credential(&self.token, request.world.clock.now(), label)
    }
}

fn credential(token: &Arc<Token>, now: std::time::SystemTime, label: &str) -> Result<Credential, SourceError> {
    let facts = certificate_facts(&token.certificate)?;
    let findings = judge(&token.certificate, &facts, now)?;
    let algorithms = algorithms_of(&token.certificate)?;
    let signer = Arc::new(TokenSigner { token: Arc::clone(token), algorithms });
    let chain = vec![token.certificate.clone()];
    Ok(Credential::certificate(format!("token {label}"), chain, facts, signer).with_findings(findings))
}

async fn assert_signs(credential: &Credential, token: &Token) {
    let Credential::Certificate(certificate) = credential else { panic!("no certificate") };
    let world = FakeWorld::new().world();
    let deadline = world.clock.moment().after(Duration::from_secs(5));
    let request = SigningRequest::new(certificate.signer().algorithms()[0], b"message", deadline, &world);
    let signature = certificate.signer().sign(request).await.unwrap();
    UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, &token.public).verify(b"message", &signature).unwrap();
}

#[tokio::test]
async fn a_source_of_somebody_else_keeps_to_the_contract() {
    let entry = CredentialDescription::new("Pkcs11").with("TokenLabel", "app");
    Conformance::new(TokenSource(Token::new()), entry).check().await.unwrap();
}

#[tokio::test]
async fn a_certificate_with_a_foreign_signer_is_given_in_code() {
    let (token, world) = (Token::new(), FakeWorld::new().world());
    let made = credential(&token, world.clock.now(), "app").unwrap();
    let entry = CredentialDescription::new(SourceType::CERTIFICATE).given(made);
    let application = application();
    let deadline = world.clock.moment().after(Duration::from_secs(5));
    let bound = Bound::new(CertificateSource, entry).unwrap();
    let loaded = bound.load(&LoadRequest::new(&application, deadline, &world)).await.unwrap();
    assert_signs(&loaded, &token).await;
}
