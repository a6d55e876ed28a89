//! Certificates out of a vault: exportable or not, in which version, and with how many requests.

use std::sync::Arc;
use std::time::Duration;

use credential_core::credential::{SigningAlgorithm, SigningRequest};
use credential_core::source::LoadReason;
use credential_core::{Credential, CredentialSource, SourceType, World};
use credential_tests::vault::{Cloud, Key, Made, bind, entry, load};

/// The source `KeyVault`, or with `in_vault` `SignedAssertionFromVault`.
fn source(in_vault: bool) -> Arc<dyn CredentialSource> {
    credential_keyvault::sources().swap_remove(usize::from(in_vault))
}

/// A signature by the credential, checked with the certificate's own key.
async fn signs(credential: &Credential, made: &Made, algorithm: SigningAlgorithm, world: &World) -> bool {
    let Credential::Certificate(certificate) = credential else { return false };
    let deadline = world.clock.moment().after(Duration::from_secs(10));
    let signature =
        certificate.signer().sign(SigningRequest::new(algorithm, b"header.claims", deadline, world)).await.unwrap();
    certificate.chain().first() == Some(&made.der) && made.verifies(algorithm, b"header.claims", &signature)
}

#[tokio::test]
async fn an_exportable_certificate_takes_four_requests_once() {
    let cloud = Cloud::start().await;
    let made = Made::new("web", Key::Rsa);
    cloud.put("web", "v1", made.clone());
    let world = cloud.world(&Cloud::reader());
    let entry = bind(&source(false), entry(SourceType::KEY_VAULT));
    let first = load(&entry, &world, None).await.unwrap();
    assert_eq!(
        cloud.asked(),
        [
            "GET /certificates/web 401",
            "POST /kvtenant/oauth2/v2.0/token 200",
            "GET /certificates/web 200",
            "GET /secrets/web/v1 200"
        ]
    );
    assert!(signs(&first, &made, SigningAlgorithm::Ps256, &world).await);
    assert_eq!(first.id(), "https://myvault.vault.azure.net/certificates/web/v1");
    assert!(load(&entry, &world, Some((LoadReason::Refresh, &first))).await.unwrap().same_material(&first));
    assert!(cloud.asked().is_empty());
    // The authority refused it: one look, with the token that is there.
    assert!(load(&entry, &world, Some((LoadReason::Rejected, &first))).await.unwrap().same_material(&first));
    assert_eq!(cloud.asked(), ["GET /certificates/web 200"]);
}

#[tokio::test]
async fn a_certificate_kept_as_pem_is_read() {
    let cloud = Cloud::start().await;
    let made = Made::new("web", Key::P256);
    cloud.put("web", "v1", made.clone());
    cloud.edit(|state| state.certificates.get_mut("web").unwrap().content_type = "application/x-pem-file".to_owned());
    let world = cloud.world(&Cloud::reader());
    let credential = load(&bind(&source(false), entry(SourceType::KEY_VAULT)), &world, None).await.unwrap();
    assert!(signs(&credential, &made, SigningAlgorithm::Es256, &world).await);
}

#[tokio::test]
async fn a_key_that_may_not_leave_the_vault_signs_there() {
    for (key, algorithms) in [
        (Key::Rsa, vec![SigningAlgorithm::Ps256, SigningAlgorithm::Rs256]),
        (Key::P256, vec![SigningAlgorithm::Es256]),
        (Key::P384, vec![SigningAlgorithm::Es384]),
        (Key::P521, vec![SigningAlgorithm::Es512]),
    ] {
        let cloud = Cloud::start().await;
        let made = Made::new("web", key);
        cloud.put("web", "v1", made.clone());
        cloud.edit(|state| state.certificates.get_mut("web").unwrap().exportable = false);
        let world = cloud.world(&Cloud::reader());
        let credential = load(&bind(&source(false), entry(SourceType::KEY_VAULT)), &world, None).await.unwrap();
        assert_eq!(cloud.asked().len(), 3, "nothing is asked of the secret");
        for algorithm in algorithms {
            assert!(signs(&credential, &made, algorithm, &world).await, "{algorithm}");
        }
        assert!(cloud.asked().iter().all(|line| line == "POST /keys/web/v1/sign 200"));
    }
}

#[tokio::test]
async fn signed_assertion_from_vault_never_takes_the_key_out() {
    let cloud = Cloud::start().await;
    let made = Made::new("web", Key::Rsa);
    cloud.put("web", "v1", made.clone());
    let world = cloud.world(&Cloud::reader());
    let entry = bind(&source(true), entry(SourceType::SIGNED_ASSERTION_FROM_VAULT));
    let credential = load(&entry, &world, None).await.unwrap();
    assert!(signs(&credential, &made, SigningAlgorithm::Ps256, &world).await);
    let asked = cloud.asked();
    assert!(asked.iter().all(|line| !line.contains("/secrets/")), "{asked:?}");
    assert!(credential.id().ends_with("(signed by the vault)"));
}

#[tokio::test]
async fn without_the_right_to_the_secret_the_vault_signs_and_a_finding_says_so() {
    let cloud = Cloud::start().await;
    let made = Made::new("web", Key::Rsa);
    cloud.put("web", "v1", made.clone());
    cloud.edit(|state| state.refused.push(("secrets/get".to_owned(), "ForbiddenByRbac".to_owned())));
    let world = cloud.world(&Cloud::reader());
    let credential = load(&bind(&source(false), entry(SourceType::KEY_VAULT)), &world, None).await.unwrap();
    assert!(credential.findings().iter().any(|finding| finding.code == "vault-signs"), "{:?}", credential.findings());
    assert!(signs(&credential, &made, SigningAlgorithm::Ps256, &world).await);
    cloud.edit(|state| state.refused.push(("keys/sign".to_owned(), "ForbiddenByRbac".to_owned())));
    let error = load(&bind(&source(false), entry(SourceType::KEY_VAULT)), &world, None).await.unwrap_err();
    assert_eq!(error.code(), "vault-secret-forbidden");
    let remedy = error.remedy_text().unwrap();
    assert!(remedy.contains("Key Vault Certificate User") && remedy.contains("Key Vault Crypto User"), "{remedy}");
}

#[tokio::test]
async fn a_version_is_pinned_or_the_newest_usable_one_is_taken() {
    let cloud = Cloud::start().await;
    let made: Vec<Made> = (0..4).map(|nth| Made::new(&format!("web{nth}"), Key::P256)).collect();
    for (nth, made) in made.iter().enumerate() {
        cloud.put("web", &format!("v{nth}"), made.clone());
    }
    cloud.edit(|state| {
        let versions = &mut state.certificates.get_mut("web").unwrap().versions;
        versions[2].exp = 1_600_000_000;
        versions[3].nbf = 4_000_000_000;
    });
    let (world, source) = (cloud.world(&Cloud::reader()), source(false));
    let credential = load(&bind(&source, entry(SourceType::KEY_VAULT)), &world, None).await.unwrap();
    assert!(signs(&credential, &made[1], SigningAlgorithm::Es256, &world).await);
    assert!(credential.findings().iter().any(|finding| finding.code == "older-version-used"));
    for (pin, code) in [("v0", None), ("v2", Some("certificate-expired")), ("v3", Some("certificate-not-yet-valid"))] {
        let entry = bind(&source, entry(SourceType::KEY_VAULT).with("CertificateVersion", pin));
        let loaded = load(&entry, &world, None).await;
        assert_eq!(loaded.as_ref().err().map(|error| error.code()), code, "{pin}");
    }
    cloud.edit(|state| {
        let versions = &mut state.certificates.get_mut("web").unwrap().versions;
        versions.iter_mut().for_each(|version| version.enabled = false);
    });
    let error = load(&bind(&source, entry(SourceType::KEY_VAULT)), &world, None).await.unwrap_err();
    assert_eq!(error.code(), "certificate-disabled");
}

#[tokio::test]
async fn a_refused_token_is_replaced_once() {
    let cloud = Cloud::start().await;
    cloud.put("web", "v1", Made::new("web", Key::P256));
    let world = cloud.world(&Cloud::reader());
    let entry = bind(&source(false), entry(SourceType::KEY_VAULT));
    let first = load(&entry, &world, None).await.unwrap();
    cloud.asked();
    cloud.edit(|state| state.tokens.clear());
    load(&entry, &world, Some((LoadReason::Rejected, &first))).await.unwrap();
    assert_eq!(
        cloud.asked(),
        [
            "GET /certificates/web 401",
            "GET /certificates/web 401",
            "POST /kvtenant/oauth2/v2.0/token 200",
            "GET /certificates/web 200"
        ]
    );
}
