//! What an entry asks for: its settings, read and checked together.

use credential_core::world::{Login, check_address};
use credential_core::{BindContext, CredentialDescription, Secret, Setting, SettingKind, SourceError, Unbound};

pub(super) const ADDRESS: &str = "VaultAddress";
pub(super) const KEY: &str = "VaultKeyName";
const TOKEN: &str = "VaultToken";
const TOKEN_FILE: &str = Login::VAULT.setting;
pub(super) const FILE: &str = "CertificateDiskPath";
pub(super) const BASE64: &str = "Base64EncodedValue";
pub(super) const IN_VAULT: &str = "VaultCertificatePath";
const MOUNT: &str = "VaultTransitMount";
const VERSION: &str = "VaultKeyVersion";
const NAMESPACE: &str = "VaultNamespace";
const FIELD: &str = "VaultCertificateField";

pub(super) const SETTINGS: &[Setting] = &[
    Setting::new(
        ADDRESS,
        SettingKind::Text,
        "The vault, `https://HOST:8200` or `unix:///PATH` of an agent; without it the variable VAULT_ADDR.",
    )
    .mistaken(&["VaultAddr", "VAULT_ADDR", "VaultUrl", "VaultUri"]),
    Setting::new(NAMESPACE, SettingKind::Identifier, "The vault's namespace; without it the variable VAULT_NAMESPACE."),
    Setting::new(
        TOKEN,
        SettingKind::Text,
        "The token that the vault is asked with; better in a file or in VAULT_TOKEN.",
    )
    .secret(),
    Setting::new(
        TOKEN_FILE,
        SettingKind::FilePath,
        "The file with the vault's token; without it VAULT_TOKEN, or else ~/.vault-token.",
    )
    .mistaken(&["VaultTokenFile", "VaultTokenPath", "TokenFile"]),
    Setting::new(KEY, SettingKind::Identifier, "The key's name in the Transit engine.").required().mistaken(&[
        "KeyName",
        "TransitKeyName",
        "VaultKey",
    ]),
    Setting::new(
        VERSION,
        SettingKind::Integer,
        "Pins a version of the key; without it the one that the certificate belongs to.",
    )
    .mistaken(&["KeyVersion"]),
    Setting::new(MOUNT, SettingKind::Identifier, "Where the Transit engine is mounted.")
        .default("transit")
        .mistaken(&["TransitMount", "VaultMount"]),
    Setting::new(FILE, SettingKind::FilePath, "The certificate's file, PEM or DER, with its chain."),
    Setting::new(BASE64, SettingKind::Text, "The certificate with its chain, in base64.").secret(),
    Setting::new(
        IN_VAULT,
        SettingKind::Identifier,
        "Where the certificate is in the vault's key-value engine: `secret/data/orders`.",
    ),
    Setting::new(FIELD, SettingKind::Identifier, "The field there that holds it.").default("certificate"),
];

/// An entry, understood. What is secret is a [`Secret`]; the file is a path.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) address: Option<Address>,
    pub(super) namespace: Option<String>,
    pub(super) token: Option<Secret>,
    pub(super) token_file: Option<String>,
    pub(super) mount: String,
    pub(super) key: String,
    pub(super) version: Option<u64>,
    pub(super) certificate: Place,
}

/// Where the certificate is.
#[derive(Debug)]
pub(super) enum Place {
    File(String),
    Base64(Secret),
    Vault { path: String, field: String },
}

impl Place {
    pub(super) fn setting(&self) -> &'static str {
        match self {
            Self::File(_) => FILE,
            Self::Base64(_) => BASE64,
            Self::Vault { .. } => IN_VAULT,
        }
    }
}

/// Where a vault is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Address {
    Http(String),
    Socket(String),
}

impl Address {
    /// Reads an address.
    ///
    /// # Errors
    /// When no token may go there; names what named it.
    pub(super) fn read(text: &str, named_by: &'static str) -> Result<Self, SourceError> {
        if let Some(path) = text.strip_prefix("unix://") {
            return match path.starts_with('/') {
                true => Ok(Self::Socket(path.to_owned())),
                false => Err(SourceError::misconfigured(
                    "vault-address",
                    format!("{named_by} is not valid: the absolute path of its socket is missing"),
                )
                .remedy("write three slashes: unix:///PATH")),
            };
        }
        match check_address(text) {
            Ok(()) => Ok(Self::Http(text.trim_end_matches('/').to_owned())),
            Err(fault) => {
                Err(SourceError::misconfigured("vault-address", format!("{named_by} {fault}")).remedy(fault.remedy()))
            }
        }
    }
}

impl Plan {
    /// Reads the entry.
    ///
    /// # Errors
    /// When it cannot work; what is wrong has been reported.
    pub(super) fn read(entry: &CredentialDescription, cx: &mut BindContext<'_>) -> Result<Self, Unbound> {
        let text = |name| entry.text(name).map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned);
        let address = text(ADDRESS).map(|text| Address::read(&text, ADDRESS)).transpose();
        let address = address.map_err(|error| cx.error(error.about(ADDRESS)))?;
        let key = cx.required(entry, KEY)?.expose().trim().to_owned();
        let (mount, field) = (text(MOUNT), text(FIELD));
        let mount = mount.unwrap_or_else(|| "transit".to_owned());
        for (name, part) in [(KEY, Some(&key)), (MOUNT, Some(&mount)), (IN_VAULT, text(IN_VAULT).as_ref())] {
            if part.is_some_and(|part| !is_path(part)) {
                let message = format!("{name} is not valid: it is a name, or names with / between them");
                let error = SourceError::misconfigured("vault-path", message).about(name);
                return Err(cx.error(error.remedy("write letters, digits, dots, hyphens and underscores")));
            }
        }
        let version = entry.integer(VERSION);
        if version == Some(0) {
            let error =
                SourceError::misconfigured("vault-key-version", "VaultKeyVersion is not valid: versions begin at 1");
            return Err(cx.error(error.about(VERSION).remedy("remove it to use the certificate's own version")));
        }
        if text(TOKEN_FILE).is_some() && entry.secret(TOKEN).is_some() {
            let message = format!("{TOKEN} and {TOKEN_FILE} both give the vault's token");
            let error = SourceError::misconfigured("settings-disagree", message).about(TOKEN);
            return Err(cx.error(error.remedy("keep one of them")));
        }
        Ok(Self {
            address,
            namespace: text(NAMESPACE),
            token: entry.secret(TOKEN).cloned(),
            token_file: text(TOKEN_FILE),
            mount,
            key,
            version,
            certificate: place(entry, cx, field.unwrap_or_else(|| "certificate".to_owned()))?,
        })
    }
}

/// The one place that the certificate comes from.
fn place(entry: &CredentialDescription, cx: &mut BindContext<'_>, field: String) -> Result<Place, Unbound> {
    let text = |name| entry.text(name).map(str::trim).filter(|text| !text.is_empty());
    let all = [
        text(FILE).map(|path| Place::File(path.to_owned())),
        entry.secret(BASE64).map(|value| Place::Base64(value.clone())),
        text(IN_VAULT).map(|path| Place::Vault { path: path.to_owned(), field }),
    ];
    let mut said = all.into_iter().flatten();
    match (said.next(), said.next()) {
        (Some(one), None) => Ok(one),
        (Some(one), Some(other)) => {
            let message = format!("{} and {} both name the certificate", one.setting(), other.setting());
            let error = SourceError::misconfigured("settings-disagree", message).about(other.setting());
            Err(cx.error(error.remedy("keep one of them")))
        }
        (None, _) => {
            let message =
                format!("{FILE}, {BASE64} or {IN_VAULT} is missing: the vault's key has no certificate in it");
            let error = SourceError::misconfigured("missing-setting", message).about(FILE);
            Err(cx.error(error.remedy("add the certificate that was issued for the key")))
        }
    }
}

/// Whether it can be a part of an address as it is: names with `/` between them, none of which leads elsewhere.
fn is_path(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
    text.len() <= 512
        && text
            .split('/')
            .all(|name| !name.is_empty() && name.bytes().all(fits) && !name.bytes().all(|byte| byte == b'.'))
}
