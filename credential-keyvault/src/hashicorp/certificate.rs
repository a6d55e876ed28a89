//! The certificate that belongs to the vault's key: from a file, from the entry, or from the vault.

use std::io;
use std::path::Path;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use credential_cert_store::MAX_CONTENT;
use credential_core::SourceError;
use credential_core::credential::SecretBytes;

use super::plan::{BASE64, FILE, IN_VAULT, Place, Plan};
use super::server::{About, Server};

/// What holds the certificate.
pub(super) async fn content(server: &Server<'_>) -> Result<SecretBytes, SourceError> {
    match &server.plan.certificate {
        Place::File(path) => {
            let read = server.world.read(Path::new(path), MAX_CONTENT).await;
            read.map_err(|error| unreadable(path, &error))
        }
        Place::Base64(value) => {
            let text: String = value.expose().split_whitespace().collect();
            let bytes = BASE64_STANDARD.decode(&text).map_err(|_| {
                SourceError::invalid("base64-invalid", format!("{BASE64} is not valid base64"))
                    .remedy("write it as base64 -w0 does")
                    .about(BASE64)
                    .settled_locally()
            })?;
            Ok(SecretBytes::new(bytes))
        }
        Place::Vault { path, field } => in_vault(server, path, field).await,
    }
}

/// A field of a secret, in either version of the key-value engine
/// (<https://developer.hashicorp.com/vault/api-docs/secret/kv>).
async fn in_vault(server: &Server<'_>, path: &str, field: &str) -> Result<SecretBytes, SourceError> {
    let (what, policy) = (format!("the secret {path}"), format!("path \"{path}\" {{ capabilities = [\"read\"] }}"));
    let data = server.ask(path, None, About { what: &what, policy: &policy, setting: IN_VAULT }).await?;
    // The second version has the fields one level deeper, beside the secret's metadata.
    let fields = data.get("data").filter(|inner| inner.is_object()).unwrap_or(&data);
    match fields.get(field).and_then(serde_json::Value::as_str).filter(|text| !text.trim().is_empty()) {
        Some(text) => Ok(SecretBytes::new(text)),
        None => {
            let message = format!("there is no field {field} in the secret {path}");
            Err(SourceError::invalid("vault-certificate-missing", message)
                .remedy("write the certificate there as PEM, or correct VaultCertificateField")
                .about(IN_VAULT))
        }
    }
}

fn unreadable(path: &str, error: &io::Error) -> SourceError {
    let failed = match error.kind() {
        io::ErrorKind::NotFound => SourceError::not_applicable("file-not-found", format!("{path}: file not found")),
        io::ErrorKind::PermissionDenied => SourceError::denied("file-unreadable", format!("{path}: permission denied")),
        _ => SourceError::denied("file-unreadable", format!("{path} cannot be read: {error}")),
    };
    failed.remedy("correct CertificateDiskPath, or let this user read the file").about(FILE).settled_locally()
}

/// What is wrong with the certificate, at the setting that led to it.
pub(super) fn blamed(plan: &Plan, error: SourceError) -> SourceError {
    let place = &plan.certificate;
    let error = error.about(place.setting());
    if matches!(place, Place::Vault { .. }) { error } else { error.settled_locally() }
}
