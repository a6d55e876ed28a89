//! What an entry of a vault can say.

use credential_core::{Setting, SettingKind};

use crate::identity::choice::Kind;

pub(crate) const URL: &str = "KeyVaultUrl";
pub(crate) const NAME: &str = "KeyVaultCertificateName";
pub(crate) const CREDENTIAL: &str = "Credential";
pub(crate) const TENANT: &str = "CredentialTenantId";
pub(crate) const VERSION: &str = "CertificateVersion";

pub(crate) const SETTINGS: &[Setting] = &[
    Setting::new(
        URL,
        SettingKind::Url,
        "The vault, `https://NAME.vault.azure.net`; `/certificates/NAME/VERSION` may follow.",
    )
    .required()
    .mistaken(&["VaultUrl", "VaultUri", "KeyVaultUri", "KeyVaultName"]),
    Setting::new(NAME, SettingKind::Text, "The certificate's name, unless KeyVaultUrl has it.").mistaken(&[
        "CertificateName",
        "KeyVaultSecretName",
        "KeyVaultCertificate",
    ]),
    Setting::new(
        VERSION,
        SettingKind::Text,
        "Pins a version; without it the newest that is enabled and valid is used.",
    )
    .mistaken(&["KeyVaultCertificateVersion", "Version"]),
    Setting::new(
        "ManagedIdentityClientId",
        SettingKind::Identifier,
        "The client id of the user-assigned managed identity that reads the vault.",
    )
    .mistaken(&["UserAssignedManagedIdentityClientId", "UserAssignedClientId"]),
    Setting::new(
        CREDENTIAL,
        SettingKind::Entry,
        "Who reads the vault: one of these by name, or a further entry as an object; without it the first of these \
         that is there.",
    )
    .one_of(&Kind::NAMES)
    .mistaken(&["KeyVaultCredential", "VaultCredential", "TokenCredential"]),
    Setting::new(
        TENANT,
        SettingKind::Identifier,
        "The tenant that the vault belongs to; a vault that names another one is refused.",
    )
    .mistaken(&["KeyVaultTenantId", "VaultTenantId"]),
    Setting::new(
        "CredentialClientId",
        SettingKind::Identifier,
        "The application that reads the vault, for Credential as an object; without it this application itself.",
    ),
    Setting::new(
        "PollInterval",
        SettingKind::Integer,
        "Seconds between looks for a newer version; the default is 12 hours.",
    )
    .default("43200"),
];
