//! The source type `ClientSecret`.

use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use credential_core::world::near_variable;
use credential_core::{
    BindContext, BindResult, Credential, CredentialDescription, CredentialLoader, CredentialSource, LoadRequest,
    Secret, Setting, SourceError, SourceType,
};

use crate::doubt;
use crate::place::{INLINE, Place, SETTINGS};
use crate::text::{MAX_SECRET_LENGTH, from_bytes, from_text};

/// Loads a client secret from the entry itself, from an environment variable or from a file.
///
/// Each load looks at the variable or the file again; while the secret is the same, the credential
/// of before is handed back.
#[derive(Clone, Copy, Debug, Default)]
pub struct ClientSecretSource;

impl CredentialSource for ClientSecretSource {
    fn source_type(&self) -> SourceType {
        SourceType::CLIENT_SECRET
    }

    fn mistaken(&self) -> &[&'static str] {
        &["Secret", "AppSecret", "Password", "SharedSecret"]
    }

    fn settings(&self) -> &[Setting] {
        SETTINGS
    }

    fn bind(&self, entry: &CredentialDescription, cx: &mut BindContext<'_>) -> BindResult {
        let place = Place::of(entry, cx)?;
        // What stands in the settings themselves is known before anything is loaded.
        if let Place::Inline(secret) = &place {
            doubt::findings(secret, INLINE).into_iter().for_each(|finding| cx.say(INLINE, finding));
        }
        Ok(Arc::new(ClientSecret { place }))
    }
}

/// The secret of one entry.
#[derive(Debug)]
struct ClientSecret {
    place: Place,
}

#[async_trait]
impl CredentialLoader for ClientSecret {
    /// # Errors
    /// All settled locally. `NotApplicable` when the variable or file is not there, `Denied` when the
    /// file may not be read, `Invalid` when there is no secret in it.
    async fn load(&self, request: &LoadRequest<'_>) -> Result<Credential, SourceError> {
        let found = match &self.place {
            Place::Variable(name) => from_variable(request, name),
            Place::File(path) => from_file(request, path).await,
            Place::Inline(secret) => Ok((format!("client secret ({INLINE})"), secret.clone())),
        };
        let (id, secret) = found.map_err(|error| error.about(self.place.setting()))?;
        let findings = doubt::findings(&secret, self.place.setting());
        Ok(request.unchanged(Credential::secret(id, secret).with_findings(findings)))
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
        let remedy = match near_variable(&**environment, name) {
            Some(near) => format!("set it to the client secret, or write the name of {near}, which is set"),
            None => "set it to the client secret".to_owned(),
        };
        error.remedy(remedy).settled_locally()
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
