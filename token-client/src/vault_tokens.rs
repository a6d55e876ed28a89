//! A vault's own credential as a nested entry: `"Credential": { "SourceType": ... }`.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use credential_core::{
    Application, CredentialChain, CredentialDescription, CredentialSource, Search, SourceError, SourceRegistry, World,
};
use credential_keyvault::{KeyVaultSources, VaultToken, VaultTokenRequest, VaultTokens};

use crate::authority::AuthorityKind;
use crate::exchange::Exchange;
use crate::{TokenError, addresses};

/// The most nested entries whose memory is kept.
const MAX_CHAINS: usize = 1024;

/// The vault sources, whose own credential may be any other entry of the registry, another vault's excepted.
pub(crate) fn sources(registry: &SourceRegistry) -> Vec<Arc<dyn CredentialSource>> {
    let tokens = Arc::new(NestedEntries { registry: registry.clone(), chains: Mutex::default() });
    KeyVaultSources::new().tokens(tokens).build()
}

/// Loads nested entries with the registry's sources and exchanges them for vault tokens.
#[derive(Debug)]
struct NestedEntries {
    registry: SourceRegistry,
    /// By the entry's path, so that each keeps what it knows of its credential.
    chains: Mutex<HashMap<String, CredentialChain>>,
}

impl NestedEntries {
    fn chain(&self, entry: &CredentialDescription, world: &World) -> Result<CredentialChain, SourceError> {
        let mut chains = self.chains.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(chain) = chains.get(entry.path()) {
            return Ok(chain.clone());
        }
        let chain =
            self.registry.bind(vec![entry.clone()], world.clone()).map_err(|error| misconfigured(entry, &error))?;
        if chains.len() < MAX_CHAINS {
            chains.insert(entry.path().to_owned(), chain.clone());
        }
        Ok(chain)
    }
}

fn misconfigured(entry: &CredentialDescription, error: &credential_core::BindError) -> SourceError {
    SourceError::misconfigured("vault-credential", format!("the vault's own credential cannot work: {error}"))
        .at(entry.path(), entry.origin().clone())
}

#[async_trait]
impl VaultTokens for NestedEntries {
    fn check(&self, entry: &CredentialDescription) -> Result<(), SourceError> {
        match self.registry.check(entry) {
            Some(error) => Err(misconfigured(entry, &error)),
            None => Ok(()),
        }
    }

    async fn token(&self, request: VaultTokenRequest<'_>) -> Result<VaultToken, SourceError> {
        let chain = self.chain(request.entry, request.world)?;
        let endpoint = format!("{}/oauth2/v2.0/token", request.authority.trim_end_matches('/'));
        addresses::credential_bearing(&endpoint)
            .map_err(|finding| SourceError::misconfigured(finding.code, finding.message))?;
        let exchange = Arc::new(Exchange {
            client_id: request.client_id.to_owned(),
            tenant: Some(request.tenant.to_owned()),
            assertion_audience: endpoint.clone(),
            token_endpoint: endpoint,
            kind: AuthorityKind::Entra,
            send_x5c: false,
            scope: request.scope.to_owned(),
            claims: None,
            asked_claims: None,
            user_assertion: None,
            correlation_id: request.world.uuid(),
            fmi_path: None,
            extra_headers: Vec::new(),
            deadline: request.deadline,
        });
        let application = Application::new(request.client_id, request.authority).tenant(request.tenant);
        let world = request.world.clone();
        let presented = chain.first_accepted(Search::new(&application, request.deadline), move |candidate| {
            let (exchange, world) = (Arc::clone(&exchange), world.clone());
            async move { exchange.attempt(&candidate, &world).await }
        });
        match presented.await {
            Ok(accepted) => {
                let token = accepted.value.into_token(&[], None, Vec::new());
                Ok(VaultToken::new(token.value().clone(), token.expires_on()))
            }
            Err(error) => Err(failed(request.entry, &TokenError::new(error, request.world.clock.now()))),
        }
    }
}

/// No token for the vault: as bad as the worst of what its own credential met.
fn failed(entry: &CredentialDescription, error: &TokenError) -> SourceError {
    let message = format!("the vault's own credential got no token: {error}");
    let failure = if error.is_transient() {
        SourceError::transient("vault-credential", message)
    } else {
        SourceError::denied("vault-credential", message)
    };
    failure.at(entry.path(), entry.origin().clone())
}
