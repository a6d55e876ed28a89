//! The source type `ClientSecret`.

use std::path::Path;

use async_trait::async_trait;
use credential_core::{
    Credential, CredentialDescription, CredentialSource, Finding, LoadRequest, Secret, Setting, SourceError, SourceType,
};

use crate::place::{FILE, INLINE, SETTINGS, VARIABLE, chosen};
use crate::text::{MAX_SECRET_LENGTH, from_bytes, from_text, is_guid};

/// Loads a client secret from the entry itself, from an environment variable or from a file.
///
/// Each load looks at the variable or the file again; while the secret is the same, the credential
/// of before is handed back.
#[derive(Clone, Copy, Debug, Default)]
pub struct ClientSecretSource;

#[async_trait]
impl CredentialSource for ClientSecretSource {
    fn source_type(&self) -> SourceType {
        SourceType::CLIENT_SECRET
    }

    fn settings(&self) -> &'static [Setting] {
        SETTINGS
    }

    fn validate(&self, description: &CredentialDescription) -> Result<(), SourceError> {
        chosen(description).map(drop)
    }

    /// # Errors
    /// All settled locally. `NotApplicable` when the variable or file is not there, `Denied` when the
    /// file may not be read, `Invalid` when there is no secret in it.
    async fn load(&self, request: &LoadRequest<'_>) -> Result<Credential, SourceError> {
        let description = request.description;
        let setting = chosen(description)?;
        let value = description.required(setting)?;
        let found = match setting {
            VARIABLE => from_variable(request, value.expose().trim()),
            FILE => from_file(request, value.expose().trim()).await,
            _ => Ok((format!("client secret ({INLINE})"), value.clone())),
        };
        let (id, secret) = found.map_err(|error| description.at_setting(setting, error))?;
        let findings = secret_id(description, setting, &secret);
        let credential = Credential::secret(id, secret).with_findings(findings);
        Ok(request.previous.filter(|previous| previous.same_material(&credential)).cloned().unwrap_or(credential))
    }
}

fn from_variable(request: &LoadRequest<'_>, name: &str) -> Result<(String, Secret), SourceError> {
    let place = format!("environment variable {name}");
    let environment = &request.world.environment;
    let value = environment.var(name).map(Secret::new).ok_or_else(|| {
        let error = if environment.not_unicode().iter().any(|other| other == name) {
            SourceError::invalid("variable-not-unicode", format!("{place} is not valid UTF-8"))
        } else {
            SourceError::not_applicable("variable-not-set", format!("{place} is not set"))
        };
        error.remedy("set it to the client secret").settled_locally()
    })?;
    let secret = from_text(value.expose(), &place).map_err(SourceError::settled_locally)?;
    Ok((format!("client secret in {place}"), secret))
}

async fn from_file(request: &LoadRequest<'_>, path: &str) -> Result<(String, Secret), SourceError> {
    // Reading so little costs no more than asking whether it changed would.
    let content = request.read_file(Path::new(path), MAX_SECRET_LENGTH).await?;
    let secret = from_bytes(&content, path).map_err(SourceError::settled_locally)?;
    Ok((format!("client secret in {path}"), secret))
}

fn secret_id(description: &CredentialDescription, setting: &str, secret: &Secret) -> Vec<Finding> {
    if !is_guid(secret.expose()) {
        return Vec::new();
    }
    let warning = Finding::warning("secret-is-an-id", "what stands here has the form of a secret's id")
        .remedy("use the secret's value; the portal shows it once, when the secret is made");
    vec![description.finding_at_setting(setting, warning)]
}
