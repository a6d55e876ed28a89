//! A certificate with its key, out of a vault's secret.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use credential_cert_store::Material;
use credential_core::credential::SecretBytes;
use credential_core::{Credential, SourceError};

use crate::session::Session;

/// Reads the value of a certificate's secret: base64 of PKCS#12 without a password, or PEM with key and
/// chain. Which one is seen by the value; `contentType` is not needed.
pub(crate) async fn of_secret(session: &Session, id: String, value: &str) -> Result<Credential, SourceError> {
    let content = match value.trim_start().starts_with("-----BEGIN") {
        true => SecretBytes::new(value),
        false => SecretBytes::new(STANDARD.decode(value.trim()).map_err(|_| {
            let plan = session.plan();
            SourceError::invalid(
                "secret-unreadable",
                format!("the secret of certificate {:?} in {} is neither PKCS#12 nor PEM", plan.name, plan.vault),
            )
            .remedy("import the certificate with its key: az keyvault certificate import")
        })?),
    };
    let now = session.world().clock.now();
    Material::read(content, None).await?.into_credential(id, now)
}
