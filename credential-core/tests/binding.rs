//! Every mistake in a list of entries gets one finding, all of them at once, before any I/O.
#![expect(clippy::panic, reason = "binding loads nothing")]

use std::sync::Arc;

use async_trait::async_trait;
use credential_core::chain::{Accepted, ChainError, Search, Verdict};
use credential_core::registry::{AbsentSource, MAX_CREDENTIALS};
use credential_core::source::Origin;
use credential_core::testing::FakeWorld;
use credential_core::*;

/// A source with a setting of each shape.
#[derive(Debug)]
struct Vault;

impl CredentialSource for Vault {
    fn source_type(&self) -> SourceType {
        SourceType::KEY_VAULT
    }

    fn settings(&self) -> &[Setting] {
        const SETTINGS: &[Setting] = &[
            Setting::new("KeyVaultUrl", SettingKind::Url, "The vault's address.").required().mistaken(&["VaultUrl"]),
            Setting::new("CertificateName", SettingKind::Text, "The certificate.").required(),
            Setting::new("Password", SettingKind::Text, "The password.").secret(),
            Setting::new("PollInterval", SettingKind::Integer, "Seconds between looks."),
            Setting::new("Strict", SettingKind::Flag, "Refuses weak keys."),
            Setting::new("Credential", SettingKind::Text, "Who asks.").one_of(&["Environment", "AzureCli"]),
        ];
        SETTINGS
    }

    fn bind(&self, entry: &CredentialDescription, cx: &mut BindContext<'_>) -> BindResult {
        match entry.text("CertificateName") {
            Some("bad") => Err(cx.error(SourceError::misconfigured("bad-name", "it is bad").about("CertificateName"))),
            _ => Ok(Arc::new(Never)),
        }
    }
}

#[derive(Debug)]
struct Never;

#[async_trait]
impl CredentialLoader for Never {
    async fn load(&self, _request: &LoadRequest<'_>) -> Result<Credential, SourceError> {
        panic!("binding loads nothing")
    }
}

#[derive(Debug)]
struct Other;

impl CredentialSource for Other {
    fn source_type(&self) -> SourceType {
        SourceType::CLIENT_SECRET
    }

    fn settings(&self) -> &'static [Setting] {
        const SETTINGS: &[Setting] =
            &[Setting::new("ClientSecret", SettingKind::Text, "The secret.").secret().required()];
        SETTINGS
    }

    fn bind(&self, _entry: &CredentialDescription, _cx: &mut BindContext<'_>) -> BindResult {
        Ok(Arc::new(Never))
    }
}

fn registry() -> SourceRegistry {
    let mut registry = SourceRegistry::new().with(Vault).with(Other);
    let absent = |source_type, feature, remedy| AbsentSource { source_type, crate_name: "some-crate", feature, remedy };
    registry.note_absent(absent(SourceType::PATH, Some("cert-store"), None));
    registry.note_absent(absent(SourceType::AUTO_DECRYPT_KEYS, None, Some("remove it")));
    registry
}

fn good() -> CredentialDescription {
    CredentialDescription::new("keyvault")
        .at("AzureAd:ClientCredentials:0", Origin::file("appsettings.json", 7, 5))
        .with("KeyVaultUrl", "https://v.vault.azure.net")
        .with("CertificateName", "c")
}

/// Severity, code and remedy of each finding.
fn findings(entries: Vec<CredentialDescription>) -> Vec<(Severity, &'static str, String)> {
    let found = match registry().bind(entries, FakeWorld::new().world()) {
        Ok(chain) => chain.findings().to_vec(),
        Err(error) => error.findings().to_vec(),
    };
    found.into_iter().map(|one| (one.severity, one.code, one.remedy.unwrap_or_default())).collect()
}

fn only(entry: CredentialDescription) -> (Severity, &'static str, String) {
    let mut found = findings(vec![entry]);
    assert_eq!(found.len(), 1, "{found:?}");
    found.remove(0)
}

#[test]
fn a_good_entry_has_no_findings() {
    assert_eq!(findings(vec![good()]), []);
}

#[test]
fn unknown_and_missing_source_types_are_told_what_was_meant() {
    let (severity, code, remedy) = only(CredentialDescription::new("KeyVolt"));
    assert_eq!((severity, code), (Severity::Error, "unknown-source-type"));
    assert!(remedy.starts_with("write \"KeyVault\""), "{remedy}");
    for (wanted, meant) in [("Key Vault", "KeyVault"), ("AzureKeyVault", "KeyVault"), ("key-vault", "KeyVault")] {
        assert_eq!(only(CredentialDescription::new(wanted)).2, format!("write \"{meant}\""), "{wanted}");
    }
    // By what the entry has.
    let (_, _, remedy) = only(CredentialDescription::new("Azure").with("KeyVaultUrl", "https://v"));
    assert_eq!(remedy, "write \"KeyVault\"");
    let (_, code, remedy) = only(CredentialDescription::new("").with("KeyVaultUrl", "https://v"));
    assert_eq!(code, "missing-source-type");
    assert!(remedy.contains("\"SourceType\": \"KeyVault\""), "{remedy}");
}

#[test]
fn a_source_that_is_not_in_the_build_names_its_feature_or_is_passed_over() {
    let (severity, code, remedy) = only(CredentialDescription::new("path"));
    assert_eq!((severity, code), (Severity::Error, "source-not-in-build"));
    assert!(remedy.contains("\"cert-store\""), "{remedy}");
    let (severity, code, remedy) = only(CredentialDescription::new("AutoDecryptKeys"));
    assert_eq!((severity, code, remedy.as_str()), (Severity::Warning, "source-not-in-build", "remove it"));
}

#[test]
fn each_wrong_setting_gets_its_finding() {
    let vault = || CredentialDescription::new("KeyVault");
    let url = || vault().with("KeyVaultUrl", "https://v.vault.azure.net");
    let cases = [
        (url(), Severity::Error, "missing-setting", "CertificateName"),
        (url().with("CertificateName", " "), Severity::Error, "empty-setting", "The certificate."),
        (good().with("CertificateName", "<name>"), Severity::Error, "placeholder", "real value"),
        (url().with("CertificatName", "c"), Severity::Error, "misspelt-setting", "CertificateName"),
        (
            vault().with("VaultUrl", "https://v").with("CertificateName", "c"),
            Severity::Error,
            "misspelt-setting",
            "KeyVaultUrl",
        ),
        (good().with("Strict", "yes"), Severity::Error, "wrong-type", "true or false"),
        (good().with("PollInterval", "-1"), Severity::Error, "wrong-type", "digits"),
        (good().with("Credential", "AzureCLl"), Severity::Error, "wrong-value", "AzureCli"),
        (good().with("KeyVaultUrl", "http://v.vault.azure.net"), Severity::Error, "insecure-url", "https"),
        (good().with("KeyVaultUrl", "http://foo.localhost/"), Severity::Error, "insecure-url", "https"),
        (good().with("KeyVaultUrl", "http://localhost:pw@evil.example/"), Severity::Error, "wrong-value", "password"),
        (good().with("KeyVaultUrl", "https://u@v.vault.azure.net"), Severity::Error, "wrong-value", "user name"),
        (good().with("KeyVaultUrl", "v.vault.azure.net"), Severity::Error, "wrong-type", "https"),
        (good().with("ClientSecret", "s"), Severity::Warning, "setting-of-another-source", "SourceType"),
        (good().with("Colour", "red"), Severity::Warning, "unknown-setting", "known:"),
        (good().with("CertificateName", "bad"), Severity::Error, "bad-name", ""),
    ];
    for (entry, severity, code, remedy) in cases {
        let shown = format!("{entry:?}");
        let found = findings(vec![entry]);
        let fits = |one: &(Severity, &str, String)| (one.0, one.1) == (severity, code) && one.2.contains(remedy);
        assert!(found.len() == 1 && found.iter().all(fits), "{shown}: {found:?}");
    }
}

#[test]
fn all_entries_are_checked_at_once_and_no_value_is_shown() {
    let entries = vec![
        good().with("Strict", "s3cret-flag"),
        CredentialDescription::new("Nope"),
        CredentialDescription::new("ClientSecret").with("ClientSecretx", "s3cret-value"),
    ];
    let error = registry().bind(entries, FakeWorld::new().world()).unwrap_err();
    assert_eq!(error.findings().len(), 3, "{error}");
    assert!(!format!("{error} {error:?}").contains("s3cret"), "{error}");
}

#[test]
fn the_number_of_credentials_is_bounded_by_name() {
    let error = registry().bind(vec![good(); MAX_CREDENTIALS + 1], FakeWorld::new().world()).unwrap_err();
    assert!(error.to_string().contains("at most 1024"), "{error}");
}

#[tokio::test]
async fn an_entry_that_is_passed_over_fails_with_its_remedy() {
    let chain = registry().bind(vec![CredentialDescription::new("AutoDecryptKeys")], FakeWorld::new().world()).unwrap();
    let deadline = chain.world().clock.moment().after(std::time::Duration::from_secs(1));
    let result: Result<Accepted<()>, ChainError<SourceError>> =
        chain.first_accepted(Search::new("https://login.example/t", deadline), |_| async { Verdict::Accept(()) }).await;
    let error = result.unwrap_err().to_string();
    assert!(error.contains("AutoDecryptKeys is not in this build (remove it)"), "{error}");
}
