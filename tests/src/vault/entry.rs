//! Entries for the cloud's vault, and their loads.

use std::time::Duration;

use credential_core::{
    Application, Credential, CredentialDescription, CredentialSource, LoadReason, LoadRequest, SourceError, SourceType,
    World,
};

use super::VAULT;

/// An entry for the certificate `web`.
pub fn entry(source_type: SourceType) -> CredentialDescription {
    CredentialDescription::new(source_type).with("KeyVaultUrl", VAULT).with("KeyVaultCertificateName", "web")
}

/// One load with 30 seconds to its deadline.
///
/// # Errors
/// Those of the source.
pub async fn load(
    source: &dyn CredentialSource,
    entry: &CredentialDescription,
    world: &World,
    again: Option<(LoadReason, &Credential)>,
) -> Result<Credential, SourceError> {
    load_within(Duration::from_secs(30), source, entry, world, again).await
}

/// One load with that time to its deadline.
///
/// # Errors
/// Those of the source.
pub async fn load_within(
    time: Duration,
    source: &dyn CredentialSource,
    entry: &CredentialDescription,
    world: &World,
    again: Option<(LoadReason, &Credential)>,
) -> Result<Credential, SourceError> {
    let application =
        Application::new("app1", "https://login.microsoftonline.com/contoso.example").tenant("contoso.example");
    let mut request = LoadRequest::new(entry, &application, world.clock.moment().after(time), world);
    if let Some((reason, previous)) = again {
        request = request.again(reason, previous);
    }
    source.load(&request).await
}
