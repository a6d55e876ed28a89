//! Entries for the cloud's vault, and their loads.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use credential_core::registry::Binding;
use credential_core::source::LoadReason;
use credential_core::testing::{Bound, application};
use credential_core::{
    Credential, CredentialDescription, CredentialSource, LoadRequest, SourceError, SourceRegistry, SourceType, World,
};
use token_client::Engine;

use super::VAULT;

/// An entry for the certificate `web`.
pub fn entry(source_type: SourceType) -> CredentialDescription {
    CredentialDescription::new(source_type).with("KeyVaultUrl", VAULT).with("KeyVaultCertificateName", "web")
}

/// An entry that is bound in the world of its first load: beside the other sources, with the engine that
/// exchanges who reads the vault.
#[derive(Debug)]
pub struct BoundEntry {
    source: Arc<dyn CredentialSource>,
    entry: CredentialDescription,
    bound: OnceLock<Bound>,
}

impl BoundEntry {
    fn within(&self, world: &World) -> &Bound {
        self.bound.get_or_init(|| {
            let binding = Binding::new(world.clone()).application(application()).tokens(&Engine);
            let bound = Bound::among(&registry(&self.source), self.entry.clone(), binding);
            bound.unwrap_or_else(|error| panic!("{error}"))
        })
    }
}

/// The sources of a program, and that one.
pub fn registry(source: &Arc<dyn CredentialSource>) -> SourceRegistry {
    token_client::sources::registry().with(Arc::clone(source))
}

/// The entry with its loader; loading panics when it cannot be bound.
pub fn bind(source: &Arc<dyn CredentialSource>, entry: CredentialDescription) -> BoundEntry {
    BoundEntry { source: Arc::clone(source), entry, bound: OnceLock::new() }
}

/// One load with 30 seconds to its deadline.
///
/// # Errors
/// Those of the loader.
pub async fn load(
    bound: &BoundEntry,
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
    bound: &BoundEntry,
    world: &World,
    again: Option<(LoadReason, &Credential)>,
) -> Result<Credential, SourceError> {
    let application = application();
    let mut request = LoadRequest::new(&application, world.clock.moment().after(time), world);
    if let Some((reason, previous)) = again {
        request = request.again(reason, previous);
    }
    bound.within(world).load(&request).await
}

/// A token as a platform projects it, good until 2096; its signature is nobody's.
pub fn projected_token() -> String {
    let claims =
        r#"{"iss":"https://cluster.example","sub":"pod","aud":["api://AzureADTokenExchange"],"exp":4000000000}"#;
    let [header, claims] = [r#"{"alg":"RS256"}"#, claims].map(|part| BASE64_URL_SAFE_NO_PAD.encode(part));
    format!("{header}.{claims}.c2ln")
}
