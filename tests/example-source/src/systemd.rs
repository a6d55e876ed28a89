//! A client secret that systemd hands to a service (`LoadCredential=orders:/etc/secrets/orders`, see
//! systemd.exec(5)): `{ "SourceType": "SystemdCredential", "CredentialName": "orders" }`

use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use credential_core::*;

const NAME: &str = "CredentialName";

/// Reads `$CREDENTIALS_DIRECTORY/NAME`.
#[derive(Debug)]
pub struct SystemdCredential;

impl CredentialSource for SystemdCredential {
    fn source_type(&self) -> SourceType {
        SourceType::known("SystemdCredential")
    }

    fn settings(&self) -> &[Setting] {
        const { &[Setting::new(NAME, SettingKind::Text, "The name in LoadCredential= of the unit.").required()] }
    }

    fn bind(&self, entry: &CredentialDescription, cx: &mut BindContext<'_>) -> BindResult {
        let name = cx.required(entry, NAME)?.expose();
        if name.contains('/') || name == ".." {
            let error = SourceError::misconfigured("not-a-name", format!("{NAME} is a path; a name alone is expected"));
            return Err(cx.error(error.about(NAME).remedy("write the name alone")));
        }
        Ok(Arc::new(Named(name.to_owned())))
    }
}

#[derive(Debug)]
struct Named(String);

#[async_trait]
impl CredentialLoader for Named {
    async fn load(&self, request: &LoadRequest<'_>) -> Result<Credential, SourceError> {
        let Self(name) = self;
        let Some(folder) = request.world.environment.var("CREDENTIALS_DIRECTORY") else {
            let error = SourceError::not_applicable("no-systemd", "CREDENTIALS_DIRECTORY is not set").about(NAME);
            return Err(error.remedy("add LoadCredential= to the unit of the service").settled_locally());
        };
        let path = Path::new(&folder).join(name);
        let content = request.read_file(&path, 8 * 1024).await.map_err(|error| error.about(NAME))?;
        let text = std::str::from_utf8(content.expose()).unwrap_or_default().trim_end();
        let id = format!("systemd credential {name}");
        if text.is_empty() {
            let error = SourceError::invalid("no-secret", format!("the {id} holds no text"));
            return Err(error.about(NAME).settled_locally());
        }
        Ok(request.unchanged(Credential::secret(id, text)))
    }
}
