//! Entries for the cloud's vault, and their loads.

use std::sync::Arc;
use std::time::Duration;

use credential_core::testing::{Bound, application};
use credential_core::{
    Credential, CredentialDescription, CredentialSource, LoadReason, LoadRequest, SourceError, SourceType, World,
};

use super::VAULT;

/// An entry for the certificate `web`.
pub fn entry(source_type: SourceType) -> CredentialDescription {
    CredentialDescription::new(source_type).with("KeyVaultUrl", VAULT).with("KeyVaultCertificateName", "web")
}

/// The entry with its loader.
///
/// # Panics
/// When it cannot be bound.
pub fn bind(source: &Arc<dyn CredentialSource>, entry: CredentialDescription) -> Bound {
    Bound::new(Arc::clone(source), entry).unwrap_or_else(|error| panic!("{error}"))
}

/// One load with 30 seconds to its deadline.
///
/// # Errors
/// Those of the loader.
pub async fn load(
    bound: &Bound,
    world: &World,
    again: Option<(LoadReason, &Credential)>,
) -> Result<Credential, SourceError> {
    load_within(Duration::from_secs(30), bound, world, again).await
}

/// One load with that time to its deadline.
///
/// # Errors
/// Those of the loader.
pub async fn load_within(
    time: Duration,
    bound: &Bound,
    world: &World,
    again: Option<(LoadReason, &Credential)>,
) -> Result<Credential, SourceError> {
    let application = application();
    let mut request = LoadRequest::new(&application, world.clock.moment().after(time), world);
    if let Some((reason, previous)) = again {
        request = request.again(reason, previous);
    }
    bound.load(&request).await
}
