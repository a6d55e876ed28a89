//! What an entry asks for: its settings, read and checked together.

use std::time::Duration;

use credential_core::{
    CredentialDescription, Entry, Setting, SettingKind, SourceError, SourceType, Value, nearest, unreplaced,
};

use crate::address::{self, VaultAddress};

/// How often a vault is asked for a newer version when nothing else is said.
const POLL_INTERVAL: Duration = Duration::from_secs(12 * 3600);

pub(crate) const SETTINGS: &[Setting] = &[
    Setting::new(
        "KeyVaultUrl",
        SettingKind::Url,
        "The vault, https://NAME.vault.azure.net; /certificates/NAME/VERSION may follow.",
    )
    .required()
    .mistaken(&["VaultUrl", "VaultUri", "KeyVaultUri", "KeyVaultName"]),
    Setting::new("KeyVaultCertificateName", SettingKind::Text, "The certificate's name, unless KeyVaultUrl has it.")
        .mistaken(&["CertificateName", "KeyVaultSecretName", "KeyVaultCertificate"]),
    Setting::new(
        "CertificateVersion",
        SettingKind::Text,
        "Pins a version; without it the newest that is enabled and valid is used.",
    )
    .mistaken(&["KeyVaultCertificateVersion", "Version"]),
    Setting::new(
        "ManagedIdentityClientId",
        SettingKind::Text,
        "The client id of the user-assigned managed identity that reads the vault.",
    )
    .mistaken(&["UserAssignedManagedIdentityClientId", "UserAssignedClientId"]),
    Setting::new(
        "Credential",
        SettingKind::Map,
        "Who reads the vault: Environment, WorkloadIdentity, ManagedIdentity, AzureCli, or a further entry as an \
         object; without it the first of these that is there.",
    )
    .mistaken(&["KeyVaultCredential", "VaultCredential", "TokenCredential"]),
    Setting::new(
        "CredentialTenantId",
        SettingKind::Text,
        "The tenant that the vault belongs to; a vault that names another one is refused.",
    )
    .mistaken(&["KeyVaultTenantId", "VaultTenantId"]),
    Setting::new(
        "CredentialClientId",
        SettingKind::Text,
        "The application that reads the vault, for Credential as an object; without it this application itself.",
    ),
    Setting::new(
        "PollInterval",
        SettingKind::Integer,
        "Seconds between looks for a newer version: 43200 (12 hours) unless set.",
    ),
];

/// Who reads the vault.
#[derive(Clone, Debug)]
pub(crate) enum Choice {
    /// The first of the kinds that is there, in their order.
    First,
    /// This kind and no other.
    One(Kind),
    /// Another entry, exchanged for a token.
    Entry(Box<CredentialDescription>),
}

/// The kinds of credential that an environment brings, in the order in which they are looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Environment,
    WorkloadIdentity,
    ManagedIdentity,
    AzureCli,
}

impl Kind {
    pub(crate) const ALL: [Self; 4] =
        [Self::Environment, Self::WorkloadIdentity, Self::ManagedIdentity, Self::AzureCli];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Environment => "Environment",
            Self::WorkloadIdentity => "WorkloadIdentity",
            Self::ManagedIdentity => "ManagedIdentity",
            Self::AzureCli => "AzureCli",
        }
    }
}

/// An entry, understood.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) vault: VaultAddress,
    pub(crate) name: String,
    pub(crate) version: Option<String>,
    pub(crate) choice: Choice,
    pub(crate) managed_identity: Option<String>,
    pub(crate) tenant: Option<String>,
    pub(crate) client_id: Option<String>,
    pub(crate) poll: Duration,
}

impl Plan {
    /// Reads the entry.
    ///
    /// # Errors
    /// `Misconfigured`, naming the setting.
    pub(crate) fn read(entry: &CredentialDescription) -> Result<Self, SourceError> {
        let pasted = address::read(entry.required("KeyVaultUrl")?.expose())
            .map_err(|error| entry.at_setting("KeyVaultUrl", error))?;
        let checked = |setting: &'static str, check: fn(&str) -> Result<String, SourceError>| {
            entry.text(setting).map(check).transpose().map_err(|error| entry.at_setting(setting, error))
        };
        let name = one_of_both(
            entry,
            "KeyVaultCertificateName",
            checked("KeyVaultCertificateName", address::checked_name)?,
            pasted.name,
        )?;
        let version = one_of_both(
            entry,
            "CertificateVersion",
            checked("CertificateVersion", address::checked_version)?,
            pasted.version,
        )?;
        let name = name.ok_or_else(|| {
            let error = SourceError::misconfigured("missing-setting", "KeyVaultCertificateName is missing or empty")
                .remedy("add the certificate's name, or put it into KeyVaultUrl: .../certificates/NAME");
            entry.at_setting("KeyVaultCertificateName", error)
        })?;
        let text = |setting: &str| entry.text(setting).map(|text| text.trim().to_owned());
        Ok(Self {
            vault: pasted.vault,
            name,
            version,
            choice: choice(entry)?,
            managed_identity: text("ManagedIdentityClientId"),
            tenant: text("CredentialTenantId"),
            client_id: text("CredentialClientId"),
            poll: entry.integer("PollInterval").map_or(POLL_INTERVAL, Duration::from_secs),
        })
    }
}

/// A value that a setting and the URL may both have: they must agree.
fn one_of_both(
    entry: &CredentialDescription,
    setting: &str,
    set: Option<String>,
    pasted: Option<String>,
) -> Result<Option<String>, SourceError> {
    match (set, pasted) {
        (Some(set), Some(pasted)) if !set.eq_ignore_ascii_case(&pasted) => {
            let error = SourceError::misconfigured(
                "settings-disagree",
                format!("{setting} is {set:?} and KeyVaultUrl says {pasted:?}"),
            )
            .remedy("leave one of them out");
            Err(entry.at_setting(setting, error))
        }
        (set, pasted) => Ok(set.or(pasted)),
    }
}

fn choice(entry: &CredentialDescription) -> Result<Choice, SourceError> {
    let at = |error: SourceError| entry.at_setting("Credential", error);
    if let Some(settings) = entry.map("Credential") {
        return Ok(Choice::Entry(Box::new(nested(entry, settings)?)));
    }
    let Some(text) = entry.text("Credential").map(str::trim).filter(|text| !text.is_empty()) else {
        return Ok(Choice::First);
    };
    if let Some(kind) = Kind::ALL.into_iter().find(|kind| kind.as_str().eq_ignore_ascii_case(text)) {
        return Ok(Choice::One(kind));
    }
    if let Some(what) = unreplaced(text) {
        let error = SourceError::misconfigured("placeholder", format!("Credential is {what}"));
        return Err(at(error.remedy("put the real value in its place, or leave it out")));
    }
    let known = Kind::ALL.map(Kind::as_str);
    let meant = nearest(text, known).map(|name| format!("did you mean {name:?}? ")).unwrap_or_default();
    let error = SourceError::misconfigured("vault-credential-unknown", "Credential names no credential that there is");
    Err(at(error.remedy(format!("{meant}known: {}, or an object with SourceType", known.join(", ")))))
}

/// The object under `Credential` as an entry of its own.
fn nested(entry: &CredentialDescription, settings: &[Entry]) -> Result<CredentialDescription, SourceError> {
    let source_type = settings.iter().find(|one| one.name.eq_ignore_ascii_case("SourceType"));
    let text = match source_type.map(|one| &one.value) {
        Some(Value::Text(text)) if !text.expose().trim().is_empty() => text.expose().trim().to_owned(),
        _ => {
            let error =
                SourceError::misconfigured("missing-source-type", "the object under Credential has no SourceType")
                    .remedy("add \"SourceType\", as in every other entry");
            return Err(entry.at_setting("Credential", error));
        }
    };
    let origin = entry.setting_origin("Credential");
    let inner = CredentialDescription::new(SourceType::new(text)).at(entry.setting_path("Credential"), origin);
    let rest = settings.iter().filter(|one| !one.name.eq_ignore_ascii_case("SourceType"));
    Ok(rest.fold(inner, |inner, one| inner.with_entry(one.clone())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use credential_core::Origin;

    fn entry() -> CredentialDescription {
        CredentialDescription::new(SourceType::KEY_VAULT).with("KeyVaultUrl", "https://v.vault.azure.net")
    }

    fn code(entry: &CredentialDescription) -> Option<&'static str> {
        Plan::read(entry).err().map(|error| error.code())
    }

    #[test]
    fn name_and_version_come_from_the_settings_or_the_url() {
        let plan = Plan::read(&entry().with("KeyVaultCertificateName", " web ")).unwrap();
        assert_eq!((plan.name.as_str(), plan.version, plan.poll), ("web", None, Duration::from_secs(43_200)));
        let url = "https://v.vault.azure.net/certificates/web/0a1b";
        let plan = Plan::read(&entry().with("KeyVaultUrl", url).with("CertificateVersion", "0A1B")).unwrap();
        assert_eq!((plan.name.as_str(), plan.version.as_deref()), ("web", Some("0A1B")));
    }

    #[test]
    fn what_contradicts_itself_is_refused_with_the_settings_name() {
        let url = "https://v.vault.azure.net/certificates/web/0a1b";
        assert_eq!(code(&entry()), Some("missing-setting"));
        assert_eq!(
            code(&entry().with("KeyVaultUrl", url).with("KeyVaultCertificateName", "api")),
            Some("settings-disagree")
        );
        assert_eq!(code(&entry().with("KeyVaultUrl", url).with("CertificateVersion", "9")), Some("settings-disagree"));
        assert_eq!(code(&entry().with("KeyVaultCertificateName", "a/b")), Some("certificate-name-invalid"));
        let error = Plan::read(&entry()).unwrap_err();
        assert_eq!(error.path(), Some("KeyVault:KeyVaultCertificateName"));
    }

    #[test]
    fn who_reads_the_vault_is_a_name_or_an_entry() {
        let named = entry().with("KeyVaultCertificateName", "web");
        assert!(matches!(Plan::read(&named).unwrap().choice, Choice::First));
        let one = named.clone().with("Credential", "managedidentity");
        assert!(matches!(Plan::read(&one).unwrap().choice, Choice::One(Kind::ManagedIdentity)));
        assert_eq!(code(&named.clone().with("Credential", "ManagedIdentiy")), Some("vault-credential-unknown"));
        assert_eq!(code(&named.clone().with("Credential", "<credential>")), Some("placeholder"));
        let object = |entries| named.clone().with_entry(Entry::map("Credential", entries, Origin::Code));
        assert_eq!(code(&object(vec![])), Some("missing-source-type"));
        let inner = vec![
            Entry::text("SourceType", "ClientSecret", Origin::Code),
            Entry::text("ClientSecret", "s3cret", Origin::Code),
        ];
        let Choice::Entry(inner) = Plan::read(&object(inner)).unwrap().choice else { panic!("no entry") };
        assert_eq!(*inner.source_type(), SourceType::CLIENT_SECRET);
        assert_eq!((inner.path(), inner.text("ClientSecret")), ("KeyVault:Credential", Some("s3cret")));
    }
}
