//! A credential source of one's own: a client secret that systemd hands to a service
//! (`LoadCredential=orders:/etc/secrets/orders`, see systemd.exec(5)).
//!
//! `{ "SourceType": "SystemdCredential", "CredentialName": "orders" }`

use std::path::Path;

use async_trait::async_trait;
use credential_core::{
    Credential, CredentialDescription, CredentialSource, LoadRequest, Setting, SettingKind, SourceError, SourceType,
};

const NAME: &str = "CredentialName";
const MAX_LENGTH: u64 = 8 * 1024;

/// Reads `$CREDENTIALS_DIRECTORY/NAME`.
#[derive(Debug)]
pub struct SystemdCredential;

#[async_trait]
impl CredentialSource for SystemdCredential {
    fn source_type(&self) -> SourceType {
        SourceType::known("SystemdCredential")
    }

    fn settings(&self) -> &'static [Setting] {
        const SETTINGS: &[Setting] =
            &[Setting::new(NAME, SettingKind::Text, "The name in LoadCredential= of the unit.").required()];
        SETTINGS
    }

    fn validate(&self, description: &CredentialDescription) -> Result<(), SourceError> {
        let name = description.required(NAME)?.expose();
        let error = || SourceError::misconfigured("not-a-name", format!("{NAME} is a path; a name alone is expected"));
        let is_name = !name.contains('/') && name != "..";
        if is_name { Ok(()) } else { Err(description.at_setting(NAME, error().remedy("write the name alone"))) }
    }

    async fn load(&self, request: &LoadRequest<'_>) -> Result<Credential, SourceError> {
        let (world, description) = (request.world, request.description);
        let name = description.required(NAME)?.expose();
        let folder = world.environment.var("CREDENTIALS_DIRECTORY").ok_or_else(|| {
            let error = SourceError::not_applicable("no-systemd", "CREDENTIALS_DIRECTORY is not set").settled_locally();
            description.at_setting(NAME, error.remedy("add LoadCredential= to the unit of the service"))
        })?;
        let at_name = |error| description.at_setting(NAME, error);
        let content = request.read_file(&Path::new(&folder).join(name), MAX_LENGTH).await.map_err(at_name)?;
        let text = std::str::from_utf8(content.expose()).unwrap_or_default().trim_end();
        if text.is_empty() {
            let error = SourceError::invalid("no-secret", format!("the systemd credential {name} holds no text"));
            return Err(at_name(error.settled_locally()));
        }
        Ok(Credential::secret(format!("systemd credential {name}"), text))
    }
}
