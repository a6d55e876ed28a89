//! The sources of this build: the only place that knows the features.

use credential_core::registry::AbsentSource;
use credential_core::{SourceRegistry, SourceType};

/// Every source that this build has, and how to get the others.
pub fn registry() -> SourceRegistry {
    let mut registry = SourceRegistry::new();
    #[cfg(feature = "cert-store")]
    credential_cert_store::sources().into_iter().for_each(|source| registry.register(source));
    #[cfg(feature = "federated")]
    credential_federated::sources().into_iter().for_each(|source| registry.register(source));
    #[cfg(feature = "secret")]
    credential_secret::sources().into_iter().for_each(|source| registry.register(source));
    #[cfg(feature = "keyvault")]
    credential_keyvault::sources().into_iter().for_each(|source| registry.register(source));
    // What is registered is not absent: the registry leaves those out.
    ABSENT.iter().for_each(|absent| registry.note_absent(absent.clone()));
    registry
}

const fn of_feature(source_type: SourceType, crate_name: &'static str, feature: &'static str) -> AbsentSource {
    AbsentSource { source_type, crate_name, feature: Some(feature), remedy: None }
}

const fn of_nobody(source_type: SourceType, remedy: &'static str) -> AbsentSource {
    AbsentSource { source_type, crate_name: "", feature: None, remedy: Some(remedy) }
}

static ABSENT: &[AbsentSource] = &[
    of_feature(SourceType::CLIENT_SECRET, "credential-secret", "secret"),
    of_feature(SourceType::CERTIFICATE, "credential-cert-store", "cert-store"),
    of_feature(SourceType::PATH, "credential-cert-store", "cert-store"),
    of_feature(SourceType::BASE64_ENCODED, "credential-cert-store", "cert-store"),
    of_feature(SourceType::STORE_WITH_THUMBPRINT, "credential-cert-store", "cert-store"),
    of_feature(SourceType::STORE_WITH_DISTINGUISHED_NAME, "credential-cert-store", "cert-store"),
    of_feature(SourceType::STORE_WITH_SUBJECT_NAME, "credential-cert-store", "cert-store"),
    of_feature(SourceType::SIGNED_ASSERTION_FILE_PATH, "credential-federated", "federated"),
    of_feature(SourceType::SIGNED_ASSERTION_FROM_MANAGED_IDENTITY, "credential-federated", "federated"),
    of_feature(SourceType::CUSTOM_SIGNED_ASSERTION, "credential-federated", "federated"),
    of_feature(SourceType::known("Aws"), "credential-federated", "federated"),
    of_feature(SourceType::known("Spiffe"), "credential-federated", "federated"),
    of_feature(SourceType::known("SignedAssertionFromApplication"), "credential-federated", "federated"),
    of_feature(SourceType::known("AzurePipelines"), "credential-federated", "federated"),
    of_feature(SourceType::known("Command"), "credential-federated", "federated"),
    of_feature(SourceType::known("EnvironmentVariable"), "credential-federated", "federated"),
    of_feature(SourceType::known("GitHubActions"), "credential-federated", "federated"),
    of_feature(SourceType::known("GitLab"), "credential-federated", "federated"),
    of_feature(SourceType::known("GoogleCloud"), "credential-federated", "federated"),
    of_feature(SourceType::known("HashiCorpVault"), "credential-federated", "federated"),
    of_feature(SourceType::known("HttpGet"), "credential-federated", "federated"),
    of_feature(SourceType::known("HttpPost"), "credential-federated", "federated"),
    of_feature(SourceType::known("KubernetesTokenRequest"), "credential-federated", "federated"),
    of_feature(SourceType::KEY_VAULT, "credential-keyvault", "keyvault"),
    of_feature(SourceType::SIGNED_ASSERTION_FROM_VAULT, "credential-keyvault", "keyvault"),
    of_feature(SourceType::known("SignedAssertionFromHashiCorpVault"), "credential-keyvault", "keyvault"),
    of_nobody(
        SourceType::AUTO_DECRYPT_KEYS,
        "keys for decrypting tokens are no client credential: remove the entry from ClientCredentials",
    ),
    of_nobody(
        SourceType::MANAGED_CERTIFICATE,
        "use KeyVault or Path: managed certificates exist on Microsoft's own platform alone",
    ),
];

/// Which crate and feature bring a source type that this project has.
#[cfg(feature = "cli")]
pub(crate) fn known(source_type: &SourceType) -> Option<&'static AbsentSource> {
    ABSENT.iter().find(|known| known.source_type == *source_type && known.feature.is_some())
}
