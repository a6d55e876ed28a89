//! Each request of the flow with each fault: nothing hangs, every message names its cause, and a healed
//! fault heals without a restart.
#![expect(clippy::disallowed_methods, reason = "real time, tasks and files of the test itself")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use credential_core::credential::{SigningAlgorithm, SigningRequest};
use credential_core::{Credential, CredentialDescription, CredentialSource, SourceError, SourceType, World};
use credential_tests::vault::{Action, Cloud, Fault, Key, Made, bind, entry, load, load_within};

/// The requests of the flow: a part of `METHOD HOST PATH`, and whether it has a token.
const STAGES: [(&str, &str, Option<bool>); 5] = [
    ("challenge", "GET myvault.vault.azure.net /certificates/web", Some(false)),
    ("token", "/oauth2/v2.0/token", None),
    ("certificate", "GET myvault.vault.azure.net /certificates/web", Some(true)),
    ("secret", "/secrets/web/v1", None),
    ("sign", "/keys/web/v1/sign", None),
];

/// How long a load may take; a slow answer takes longer.
const LIMIT: Duration = Duration::from_secs(4);

fn actions() -> Vec<(&'static str, Action)> {
    vec![
        ("refused", Action::Refuse),
        ("unknown host", Action::UnknownHost),
        ("reset", Action::Reset),
        ("slow", Action::Slow(Duration::from_secs(600))),
        ("401", Action::status(401)),
        ("403", Action::status(403)),
        ("404", Action::status(404)),
        ("429", Action::status(429)),
        ("500", Action::status(500)),
        ("garbage", Action::Garbage),
        ("huge", Action::Huge),
    ]
}

/// The code that is expected; `None` where the load succeeds all the same.
fn expected(stage: &str, fault: &str) -> Option<&'static str> {
    let code = match (stage, fault) {
        ("token", "refused" | "unknown host" | "reset" | "slow" | "huge") => "vault-authority-unreachable",
        ("token", "429" | "500") => "vault-authority-unwell",
        ("token", _) => "vault-authority-unreadable",
        // The vault signs instead; and a challenge is what a vault begins with.
        ("secret", "403") | ("challenge", "401") => return None,
        (_, "refused") => "vault-connection-refused",
        (_, "unknown host") => "vault-host-unknown",
        (_, "reset") => "vault-connection-broken",
        (_, "slow") => "vault-timeout",
        (_, "huge") => "vault-answer-too-large",
        (_, "429") => "vault-throttled",
        (_, "500") => "vault-unwell",
        ("challenge", "404" | "garbage") => "not-a-vault",
        (_, "garbage") => "vault-answer-unreadable",
        (_, "401") => "vault-unauthorized",
        (_, "403") => "vault-forbidden",
        (_, "404") => "certificate-not-found",
        (stage, fault) => panic!("no expectation for {stage} {fault}"),
    };
    Some(code)
}

async fn work(source: &Arc<dyn CredentialSource>, world: &World, signs: bool) -> Result<Credential, SourceError> {
    let start = world.clock.moment();
    let credential = load_within(LIMIT, &bind(source, entry(SourceType::KEY_VAULT)), world, None).await?;
    if signs && let Credential::Certificate(certificate) = &credential {
        let request = SigningRequest::new(SigningAlgorithm::Es256, b"x", start.after(LIMIT), world);
        certificate.signer().sign(request).await?;
    }
    Ok(credential)
}

async fn case(stage: usize, fault: &'static str, action: Action) {
    let (name, part, authorized) = STAGES[stage];
    let cloud = Cloud::start().await;
    cloud.put("web", "v1", Made::new("web", Key::P256));
    let signs = name == "sign";
    cloud.edit(|state| {
        state.certificates.get_mut("web").unwrap().exportable = !signs;
        let fault = Fault::new(part, action);
        state.faults = vec![authorized.map_or(fault.clone(), |authorized| fault.authorized(authorized))];
    });
    let (world, source) = (cloud.world(&Cloud::reader()), credential_keyvault::sources().swap_remove(0));
    let start = Instant::now();
    let result = work(&source, &world, signs).await;
    assert!(start.elapsed() < LIMIT + Duration::from_secs(2), "{name} {fault}: took {:?}", start.elapsed());
    let code = result.as_ref().err().map(SourceError::code);
    assert_eq!(code, expected(name, fault), "{name} {fault}: {result:?}");
    if let Err(error) = result {
        let shown = error.to_string();
        let host = if name == "token" { "login.microsoftonline.com" } else { "myvault.vault" };
        assert!(shown.contains(host), "{name} {fault}: {shown}");
        assert!(error.remedy_text().is_some(), "{name} {fault}: {error:?}");
        let all = format!("{error:?} {:?}", error.finding());
        assert!(!all.contains("token-of") && !all.contains("kv-s3cret"), "{name} {fault}: shows a secret: {all}");
        assert_eq!(fault == "429", error.wait() == Some(Duration::from_secs(30)), "{name} {fault}");
    }
    cloud.edit(|state| state.faults.clear());
    let healed = work(&source, &world, signs).await;
    assert!(healed.is_ok(), "{name} {fault}: does not heal: {healed:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_request_with_every_fault() {
    let mut cases = Vec::new();
    for stage in 0..STAGES.len() {
        for (fault, action) in actions() {
            cases.push(tokio::spawn(case(stage, fault, action)));
        }
    }
    let mut failures = Vec::new();
    for case in cases {
        if let Err(error) = case.await {
            failures.push(error.to_string());
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// What the vault refuses, and the code, message and remedy that come of it.
#[tokio::test]
async fn each_refusal_has_its_code_and_remedy() {
    for (operation, inner, code, remedy) in [
        ("certificates/get", "ForbiddenByRbac", "vault-forbidden-by-role", "Key Vault Certificate User"),
        ("certificates/get", "AccessDenied", "vault-forbidden-by-access-policy", "--certificate-permissions get"),
        ("certificates/get", "ForbiddenByPolicy", "vault-forbidden-by-access-policy", "az keyvault set-policy"),
        ("certificates/get", "ForbiddenByFirewall", "vault-forbidden-by-firewall", "az keyvault network-rule add"),
        ("certificates/get", "", "vault-forbidden", "Key Vault Certificate User"),
    ] {
        let cloud = Cloud::start().await;
        cloud.put("web", "v1", Made::new("web", Key::P256));
        cloud.edit(|state| state.refused.push((operation.to_owned(), inner.to_owned())));
        let world = cloud.world(&Cloud::reader());
        let source: Arc<dyn CredentialSource> = credential_keyvault::sources().swap_remove(0);
        let error = load(&bind(&source, entry(SourceType::KEY_VAULT)), &world, None).await.unwrap_err();
        assert_eq!(error.code(), code, "{error}");
        assert!(error.remedy_text().unwrap().contains(remedy), "{error:?}");
        let text = error.to_string();
        for part in ["application kvapp", "tenant kvtenant", "request 11111111-2222"] {
            assert!(text.contains(part), "{text}");
        }
    }
}

#[tokio::test]
async fn a_missing_certificate_is_told_from_a_misspelt_and_a_deleted_one() {
    let cloud = Cloud::start().await;
    let world = cloud.world(&Cloud::reader());
    let source: Arc<dyn CredentialSource> = credential_keyvault::sources().swap_remove(0);
    let entry = bind(&source, entry(SourceType::KEY_VAULT));
    let error = load(&entry, &world, None).await.unwrap_err();
    assert_eq!((error.code(), error.path()), ("certificate-not-found", Some("KeyVault:KeyVaultCertificateName")));
    cloud.put("webb", "v1", Made::new("web", Key::P256));
    let error = load(&entry, &world, None).await.unwrap_err();
    assert_eq!((error.code(), error.remedy_text()), ("certificate-not-found", Some("write \"webb\"")));
    cloud.edit(|state| state.deleted.push("web".to_owned()));
    let error = load(&entry, &world, None).await.unwrap_err();
    assert_eq!(error.code(), "certificate-deleted");
    assert!(error.remedy_text().unwrap().contains("az keyvault certificate recover"));
}

#[tokio::test]
async fn a_challenge_that_is_not_to_be_trusted_costs_no_token() {
    let login = "https://login.microsoftonline.com/kvtenant";
    for (challenge, code) in [
        (format!(r#"Bearer authorization="{login}", resource="https://evil.example""#), "vault-challenge-resource"),
        (
            r#"Bearer authorization="https://evil.example/t", resource="https://vault.azure.net""#.to_owned(),
            "vault-challenge-authority",
        ),
        ("Basic realm=\"x\"".to_owned(), "not-a-vault"),
    ] {
        let cloud = Cloud::start().await;
        cloud.put("web", "v1", Made::new("web", Key::P256));
        cloud.edit(|state| state.challenge = Some(challenge.clone()));
        let world = cloud.world(&Cloud::reader());
        let source: Arc<dyn CredentialSource> = credential_keyvault::sources().swap_remove(0);
        let entry = bind(&source, entry(SourceType::KEY_VAULT));
        let error = load(&entry, &world, None).await.unwrap_err();
        assert_eq!(error.code(), code, "{challenge}");
        assert_eq!(cloud.asked(), ["GET /certificates/web 401"], "{challenge}");
        // Nothing of it was remembered.
        cloud.edit(|state| state.challenge = None);
        load(&entry, &world, None).await.unwrap();
    }
    let cloud = Cloud::start().await;
    let world = cloud.world(&Cloud::reader());
    let source: Arc<dyn CredentialSource> = credential_keyvault::sources().swap_remove(0);
    let entry = bind(&source, entry(SourceType::KEY_VAULT).with("CredentialTenantId", "othertenant"));
    let error = load(&entry, &world, None).await.unwrap_err();
    assert_eq!((error.code(), cloud.asked().len()), ("vault-tenant-differs", 1));
}

#[tokio::test]
async fn a_server_with_another_hosts_certificate_is_no_vault() {
    let cloud = Cloud::start().await;
    cloud.put("web", "v1", Made::new("web", Key::Rsa));
    let source = credential_keyvault::sources().swap_remove(0);
    let entry = CredentialDescription::new(SourceType::KEY_VAULT)
        .with("KeyVaultUrl", "https://myvault.vault.azure.cn")
        .with("KeyVaultCertificateName", "web");
    let error = load(&bind(&source, entry), &cloud.world(&Cloud::reader()), None).await.unwrap_err();
    assert_eq!(error.code(), "vault-tls-failed", "{error}");
    assert!(error.to_string().contains("myvault.vault.azure.cn"), "{error}");
    assert!(cloud.asked().is_empty(), "nothing was sent");
}
