//! `SignedAssertionFromHashiCorpVault`: what the vault is asked, which version signs, and what goes wrong. A real
//! server is asked in `.ci/real`.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests fail by panicking")]

use std::sync::LazyLock;
use std::time::Duration;

use aws_lc_rs::digest::{Digest, SHA256};
use aws_lc_rs::signature::{KeyPair, RSA_PSS_2048_8192_SHA256, RSA_PSS_SHA256, RsaKeyPair, UnparsedPublicKey};
use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use credential_core::credential::{SigningAlgorithm, SigningRequest};
use credential_core::source::{LoadReason, Origin};
use credential_core::testing::{Bound, Conformance, FakeReply, FakeWorld, application};
use credential_core::world::{HttpErrorKind, HttpRequest, HttpResponse, ServerTrust};
use credential_core::{Credential, CredentialDescription, LoadRequest, SourceError, SourceErrorKind};
use credential_keyvault::HashiCorpVaultSource;
use rcgen::{CertificateParams, PKCS_RSA_SHA256, PublicKeyData};
use serde_json::{Value, json};

const VAULT: &str = "https://vault.example:8200";

/// A key with the certificate that was issued for it.
struct Made {
    key: RsaKeyPair,
    public_pem: String,
    certificate: String,
}

fn made(name: &str) -> Made {
    let pair = rcgen::KeyPair::generate_for(&PKCS_RSA_SHA256).unwrap();
    let mut params = CertificateParams::new(Vec::<String>::new()).unwrap();
    params.distinguished_name.push(rcgen::DnType::CommonName, name);
    params.not_before = rcgen::date_time_ymd(2025, 1, 1);
    params.not_after = rcgen::date_time_ymd(2027, 1, 1);
    Made {
        key: RsaKeyPair::from_pkcs8(&pair.serialize_der()).unwrap(),
        public_pem: pem("PUBLIC KEY", &pair.subject_public_key_info()),
        certificate: pem("CERTIFICATE", params.self_signed(&pair).unwrap().der()),
    }
}

fn pem(label: &str, der: &[u8]) -> String {
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", BASE64_STANDARD.encode(der))
}

/// The versions of the vault's key, the first first.
static KEYS: LazyLock<[Made; 2]> = LazyLock::new(|| [made("first"), made("second")]);

fn entry() -> CredentialDescription {
    CredentialDescription::new("SignedAssertionFromHashiCorpVault")
        .at("AzureAd:ClientCredentials:0", Origin::file("a.json", 4, 5))
        .with("VaultAddress", VAULT)
        .with("VaultKeyName", "orders")
        .with("VaultTokenDiskPath", "/run/vault/token")
        .with("CertificateDiskPath", "/run/orders.crt")
}

/// Signs what is asked for, as Transit does with hashes.
fn sign(request: &HttpRequest) -> HttpResponse {
    let body: Value = serde_json::from_slice(request.body.expose()).unwrap();
    assert_eq!((&body["prehashed"], &body["marshaling_algorithm"]), (&json!(true), &json!("jws")));
    assert_eq!((&body["signature_algorithm"], &body["salt_length"]), (&json!("pss"), &json!("hash")));
    let version = usize::try_from(body["key_version"].as_u64().unwrap()).unwrap();
    let hash = BASE64_STANDARD.decode(body["input"].as_str().unwrap()).unwrap();
    assert_eq!(hash.len(), 32);
    let key = &KEYS[version - 1].key;
    let (hash, mut signature) = (Digest::import_less_safe(&hash, &SHA256).unwrap(), vec![0; key.public_modulus_len()]);
    key.sign_digest(&RSA_PSS_SHA256, &hash, &mut signature).unwrap();
    let signature = format!("vault:v{version}:{}", BASE64_URL_SAFE_NO_PAD.encode(signature));
    answer(&json!({"signature": signature, "key_version": version}))
}

const MESSAGE: &[u8] = b"header.claims";

fn answer(data: &Value) -> HttpResponse {
    HttpResponse::new(200, Vec::new(), json!({"request_id": "r", "data": data}).to_string())
}

fn versions(count: usize) -> HttpResponse {
    let keys: serde_json::Map<String, Value> = KEYS[..count]
        .iter()
        .enumerate()
        .map(|(place, made)| ((place + 1).to_string(), json!({"public_key": made.public_pem})))
        .collect();
    answer(&json!({"type": "rsa-2048", "latest_version": count, "keys": keys}))
}

/// A vault whose key has those versions, and the certificate of one of them.
fn furnish(world: &FakeWorld, count: usize, certificate: usize) {
    world.files.write("/run/vault/token", "hunter2-token\n");
    world.files.write("/run/orders.crt", KEYS[certificate - 1].certificate.clone());
    world.http.on("GET", "https://vault.example:8200/v1/transit/keys/orders", FakeReply::Answer(versions(count)));
    world.http.on("POST", "https://vault.example:8200/v1/transit/sign/orders", FakeReply::by(sign));
}

fn world(count: usize, certificate: usize) -> FakeWorld {
    let world = FakeWorld::new();
    furnish(&world, count, certificate);
    world
}

fn bound(entry: CredentialDescription) -> Bound {
    Bound::new(HashiCorpVaultSource, entry).unwrap_or_else(|error| panic!("{error}"))
}

async fn load(
    bound: &Bound,
    world: &FakeWorld,
    again: Option<(LoadReason, &Credential)>,
) -> Result<Credential, SourceError> {
    let (application, world) = (application(), world.world());
    let mut request = LoadRequest::new(&application, world.clock.moment().after(Duration::from_secs(10)), &world);
    if let Some((reason, previous)) = again {
        request = request.again(reason, previous);
    }
    bound.load(&request).await
}

async fn signature(credential: &Credential, world: &FakeWorld) -> Result<Vec<u8>, SourceError> {
    let Credential::Certificate(certificate) = credential else { panic!("{credential:?}") };
    let world = world.world();
    let deadline = world.clock.moment().after(Duration::from_secs(10));
    certificate.sign(SigningRequest::new(SigningAlgorithm::Ps256, MESSAGE, deadline, &world)).await
}

fn asked(world: &FakeWorld) -> Vec<String> {
    world.http.requests().iter().map(|one| format!("{} {}", one.method, one.url)).collect()
}

fn header(request: &HttpRequest, name: &str) -> Option<String> {
    let found = request.headers.iter().find(|(one, _)| one.eq_ignore_ascii_case(name));
    found.map(|(_, value)| value.expose().to_owned())
}

#[tokio::test]
async fn the_vault_signs_with_the_version_that_the_certificate_belongs_to() {
    for certificate in [1, 2] {
        let world = world(2, certificate);
        let credential = load(&bound(entry()), &world, None).await.unwrap();
        let signed = signature(&credential, &world).await.unwrap();
        let public = KEYS[certificate - 1].key.public_key().as_ref();
        UnparsedPublicKey::new(&RSA_PSS_2048_8192_SHA256, public).verify(MESSAGE, &signed).unwrap();
        let sent = world.http.requests();
        assert_eq!(
            asked(&world),
            [format!("GET {VAULT}/v1/transit/keys/orders"), format!("POST {VAULT}/v1/transit/sign/orders/sha2-256")]
        );
        for request in &sent {
            assert_eq!(header(request, "X-Vault-Token").as_deref(), Some("hunter2-token"));
            assert_eq!(header(request, "X-Vault-Namespace"), None);
        }
        assert!(!format!("{credential:?}").contains("hunter2"), "{credential:?}");
    }
}

#[tokio::test]
async fn a_key_that_is_rotated_before_its_certificate_signs_on_with_the_old_version() {
    let world = world(1, 1);
    let bound = bound(entry());
    let first = load(&bound, &world, None).await.unwrap();
    furnish(&world, 2, 1);
    let same = load(&bound, &world, Some((LoadReason::Refresh, &first))).await.unwrap();
    assert!(same.same_material(&first));
    assert_eq!(asked(&world).len(), 1, "the version of a certificate that is known is not looked for again");
    furnish(&world, 2, 2);
    let second = load(&bound, &world, Some((LoadReason::Refresh, &same))).await.unwrap();
    assert!(!second.same_material(&first));
    assert!(second.id().contains("version 2"), "{}", second.id());
    signature(&second, &world).await.unwrap();
}

#[tokio::test]
async fn a_pinned_version_is_taken_without_a_look() {
    let world = world(2, 1);
    let credential = load(&bound(entry().with("VaultKeyVersion", "1")), &world, None).await.unwrap();
    assert_eq!(asked(&world), Vec::<String>::new());
    signature(&credential, &world).await.unwrap();
}

#[tokio::test]
async fn the_certificate_may_be_in_the_entry_or_in_the_vault() {
    let encoded = BASE64_STANDARD.encode(&KEYS[0].certificate);
    let certificate = &KEYS[0].certificate;
    let inner = || CredentialDescription::new("SignedAssertionFromHashiCorpVault").with("VaultKeyName", "orders");
    for (entry, data) in [
        (inner().with("Base64EncodedValue", encoded), None),
        (
            inner().with("VaultCertificatePath", "secret/data/orders"),
            Some(json!({"data": {"certificate": certificate}, "metadata": {}})),
        ),
        (
            inner().with("VaultCertificatePath", "kv/orders").with("VaultCertificateField", "pem"),
            Some(json!({"pem": certificate})),
        ),
    ] {
        let world = world(1, 1);
        world.environment.set("VAULT_ADDR", VAULT);
        world.environment.set("VAULT_TOKEN", "hunter2-token");
        world.environment.set("VAULT_NAMESPACE", "team/a");
        if let Some(data) = &data {
            world.http.on("GET", "https://vault.example:8200/v1/secret/data/orders", FakeReply::Answer(answer(data)));
            world.http.on("GET", "https://vault.example:8200/v1/kv/orders", FakeReply::Answer(answer(data)));
        }
        let credential = load(&bound(entry), &world, None).await.unwrap();
        signature(&credential, &world).await.unwrap();
        assert!(world.http.requests().iter().all(|one| header(one, "X-Vault-Namespace").as_deref() == Some("team/a")));
        assert_eq!(asked(&world).len(), if data.is_some() { 3 } else { 2 });
    }
}

/// As the source `HashiCorpVault` and the vault's own program have it.
#[tokio::test]
async fn the_login_and_the_authorities_are_those_of_the_vaults_own_program() {
    let world = world(1, 1);
    world.environment.set("HOME", "/home/ada");
    world.environment.set("VAULT_CACERT", "/etc/vault/ca.pem");
    world.files.write("/home/ada/.vault-token", "of-the-home\n");
    world.files.write("/etc/vault/ca.pem", "an authority");
    let entry = CredentialDescription::new("SignedAssertionFromHashiCorpVault")
        .with("VaultAddress", VAULT)
        .with("VaultKeyName", "orders")
        .with("CertificateDiskPath", "/run/orders.crt");
    let credential = load(&bound(entry), &world, None).await.unwrap();
    world.environment.set("VAULT_TOKEN", "of-the-variable");
    signature(&credential, &world).await.unwrap();
    let sent = world.http.requests();
    let tokens: Vec<_> = sent.iter().filter_map(|request| header(request, "X-Vault-Token")).collect();
    assert_eq!(tokens, ["of-the-home", "of-the-variable"]);
    assert!(sent.iter().all(|request| request.trust == ServerTrust::authorities("an authority")));
}

#[tokio::test]
async fn an_agent_is_asked_by_its_socket() {
    let world = world(1, 1);
    world.http.on("GET", "http://localhost/v1/transit/keys/orders", FakeReply::Answer(versions(1)));
    load(&bound(entry().with("VaultAddress", "unix:///run/vault/agent.sock")), &world, None).await.unwrap();
    let request = &world.http.requests()[0];
    assert_eq!(request.unix_socket.as_deref(), Some("/run/vault/agent.sock".as_ref()));
}

#[tokio::test]
async fn the_vaults_words_are_told_with_what_to_do() {
    use SourceErrorKind::{Denied, Invalid, Transient};
    let errors = |status, said: &str| {
        FakeReply::Answer(HttpResponse::new(status, Vec::new(), json!({"errors": [said]}).to_string()))
    };
    for (reply, kind, code, word) in [
        (errors(403, "permission denied for hunter2-token"), Denied, "vault-forbidden", "capabilities = [\"read\"]"),
        (errors(404, ""), Denied, "vault-not-found", "VaultKeyName"),
        (errors(400, "no such engine"), Invalid, "vault-request-refused", "VaultKeyName"),
        (errors(503, "Vault is sealed"), Transient, "vault-sealed", "unseal"),
        (errors(500, "internal"), Transient, "vault-unwell", "asked again"),
        (FakeReply::Answer(HttpResponse::new(307, Vec::new(), "")), Denied, "vault-redirected", "active node"),
        (
            FakeReply::Answer(HttpResponse::new(200, Vec::new(), "<html>")),
            Invalid,
            "vault-answer-unreadable",
            "look at",
        ),
        (FakeReply::Answer(answer(&json!({}))), Invalid, "vault-answer-unreadable", "look at"),
        (FakeReply::Hang, Transient, "vault-timeout", "asked again"),
        (FakeReply::Fail(HttpErrorKind::Connect), Transient, "vault-unreachable", "VaultAddress"),
        (FakeReply::Fail(HttpErrorKind::Tls), Denied, "vault-tls-failed", "SSL_CERT_FILE"),
        (FakeReply::Fail(HttpErrorKind::TooLarge), Invalid, "vault-answer-too-large", "look at"),
    ] {
        let world = world(1, 1);
        world.http.on("GET", "https://vault.example:8200/v1/transit/keys/orders", reply);
        let error = in_time(&world, load(&bound(entry()), &world, None)).await.unwrap_err();
        assert_eq!((error.kind(), error.code()), (kind, code), "{error}");
        assert!(error.remedy_text().unwrap().contains(word), "{error:?}");
        assert!(error.path().is_some_and(|path| path.starts_with("AzureAd:ClientCredentials:0:")), "{error:?}");
        assert!(!format!("{error:?} {}", error.finding()).contains("hunter2"), "{error:?}");
    }
}

/// The work, while the fake clock goes on.
#[expect(clippy::disallowed_methods, reason = "lets other tasks run before time goes on")]
async fn in_time<T>(world: &FakeWorld, work: impl Future<Output = T>) -> T {
    let mut work = std::pin::pin!(work);
    loop {
        tokio::select! {
            biased;
            done = &mut work => return done,
            () = tokio::time::sleep(Duration::from_millis(3)) => world.clock.advance(Duration::from_millis(500)),
        }
    }
}

#[tokio::test]
async fn what_cannot_sign_says_why() {
    let other = made("other");
    let missing = |name: &str| {
        let world = world(1, 1);
        world.files.remove(name);
        world
    };
    let foreign = world(2, 1);
    foreign.files.write("/run/orders.crt", other.certificate);
    let garbage = world(1, 1);
    garbage.files.write("/run/orders.crt", "not a certificate");
    let expired = world(1, 1);
    expired.clock.advance(Duration::from_secs(400 * 86_400));
    for (world, code) in [
        (missing("/run/orders.crt"), "file-not-found"),
        (missing("/run/vault/token"), "vault-token-unreadable"),
        (foreign, "certificate-of-another-key"),
        (expired, "certificate-expired"),
    ] {
        let error = load(&bound(entry()), &world, None).await.unwrap_err();
        assert_eq!(error.code(), code, "{error}");
        assert!(error.remedy_text().is_some(), "{error:?}");
    }
    let error = load(&bound(entry()), &garbage, None).await.unwrap_err();
    assert!(error.path().is_some_and(|path| path.ends_with("CertificateDiskPath")), "{error:?}");
    // A signature that the version did not make is not passed on.
    let world = world(2, 1);
    let credential = load(&bound(entry()), &world, None).await.unwrap();
    for wrong in ["vault:v2:AAAA", "vault:v1:", "v1:AAAA", "vault:v1:!!"] {
        let reply = FakeReply::Answer(answer(&json!({"signature": wrong})));
        world.http.on("POST", "https://vault.example:8200/v1/transit/sign/orders", reply);
        let error = signature(&credential, &world).await.unwrap_err();
        assert_eq!(error.code(), "vault-answer-unreadable", "{wrong}");
    }
}

#[tokio::test]
async fn what_contradicts_itself_is_found_when_the_entry_is_bound() {
    let bare = || CredentialDescription::new("SignedAssertionFromHashiCorpVault").with("VaultKeyName", "orders");
    for (entry, code) in [
        (bare(), "missing-setting"),
        (entry().with("Base64EncodedValue", "AAAA"), "settings-disagree"),
        (entry().with("VaultToken", "hunter2"), "settings-disagree"),
        (entry().with("VaultAddress", "http://vault.example"), "vault-address"),
        (entry().with("VaultAddress", "unix://run/x"), "vault-address"),
        (entry().with("VaultKeyName", "../sys/seal"), "vault-path"),
        (entry().with("VaultKeyName", "a?b"), "vault-path"),
        (entry().with("VaultTransitMount", "a//b"), "vault-path"),
        (entry().with("VaultKeyVersion", "0"), "vault-key-version"),
    ] {
        let error = Bound::new(HashiCorpVaultSource, entry).unwrap_err();
        let [finding] = error.findings() else { panic!("{error}") };
        assert_eq!(finding.code, code, "{error}");
        assert!(finding.remedy.is_some(), "{error}");
    }
}

#[tokio::test]
async fn the_source_conforms() {
    Conformance::new(HashiCorpVaultSource, entry())
        .works_when(|world| furnish(world, 1, 1))
        .rotates_when(|world| furnish(world, 2, 2))
        .fails_when(|world| world.files.remove("/run/orders.crt"))
        .refuses("VaultAddress", "http://vault.example")
        .refuses("VaultKeyName", "a/../b")
        .never_shows(["hunter2-token".to_owned()])
        .check()
        .await
        .unwrap_or_else(|violations| panic!("{violations}"));
}
