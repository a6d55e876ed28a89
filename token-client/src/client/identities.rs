//! Tokens of the machine's managed identities in place of the application's.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use credential_core::codes::SOURCE_NOT_IN_BUILD;
use credential_core::guard::{Unanswered, bounded};
use credential_core::registry::BindError;
use credential_core::tokens::{ProvidedToken, TokenFor, TokenProvider};
use credential_core::{Finding, SourceError, SourceRegistry, World};

use super::token_client::Inner;
use crate::exchange::{ExchangeError, Issued};
use crate::settings::scopes::app_scope;
use crate::token::asked::Key;
use crate::token::cache::Came;
use crate::token::error::panicked;
use crate::{AccessToken, ManagedIdentityId, TokenError, TokenRequest};

/// What a managed identity's token is for, as its errors name it.
const SCOPES: &str = "Scopes";
/// The most identities that are remembered; a machine has a few.
const MAX_KNOWN: usize = 64;

/// The identities that tokens were asked for as: each is bound once, and its tokens outlive a new configuration.
#[derive(Debug, Default)]
pub(crate) struct Identities(Mutex<HashMap<ManagedIdentityId, Arc<dyn TokenProvider>>>);

impl Identities {
    /// The tokens of an identity. Nothing is sent.
    ///
    /// # Errors
    /// When this build has no managed identities, and when the id can be none; a finding without a place.
    pub(crate) fn tokens(
        &self,
        identity: &ManagedIdentityId,
        registry: &SourceRegistry,
        world: &World,
    ) -> Result<Arc<dyn TokenProvider>, Box<Finding>> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(tokens) = known.get(identity) {
            return Ok(Arc::clone(tokens));
        }
        let tokens = registry.tokens(&identity.entry(), world.clone()).map_err(|error| unbound(&error))?;
        if known.len() >= MAX_KNOWN {
            known.clear();
        }
        known.insert(identity.clone(), Arc::clone(&tokens));
        Ok(tokens)
    }
}

fn unbound(error: &BindError) -> Box<Finding> {
    let first = error.findings().first();
    let message = match first {
        Some(finding) if finding.code == SOURCE_NOT_IN_BUILD => "managed identities are not in this build",
        Some(finding) => &finding.message,
        None => "the managed identity cannot be used",
    };
    let finding = Finding::error(first.map_or(SOURCE_NOT_IN_BUILD, |finding| finding.code), message);
    let remedy = first.and_then(|finding| finding.remedy.clone());
    Box::new(finding.remedy(remedy.unwrap_or_else(|| "enable the feature \"federated\"".to_owned())))
}

impl Inner {
    /// The token of a managed identity; it is in the cache when this ends.
    pub(super) async fn identity_token(
        &self,
        identity: &ManagedIdentityId,
        key: &Key,
        request: &TokenRequest,
    ) -> Result<AccessToken, TokenError> {
        let world = self.world().clone();
        // One that is about to end, or that is due, is not what the host's own cache is asked for again.
        let renews = self.cache.last_resort(key).is_some();
        let given = self.given(identity, request, renews, &world).await.map_err(TokenError::before)?;
        let (at, scope) = (world.clock.now(), app_scope(&request.scopes).unwrap_or_default());
        let issued = Issued {
            value: given.token,
            life: given.expires_on.duration_since(at).unwrap_or(Duration::ZERO),
            refresh_in: None,
            scopes: Some(vec![scope.strip_suffix("/.default").unwrap_or(scope).to_owned()]),
            at,
        };
        let came = Came { attempts: Vec::new(), tenant: None };
        Ok(self.keep(key, &issued, came))
    }

    async fn given(
        &self,
        identity: &ManagedIdentityId,
        request: &TokenRequest,
        renews: bool,
        world: &World,
    ) -> Result<ProvidedToken, ExchangeError> {
        if !request.is_for_app() {
            let message = "a managed identity acts for itself, and the request brings a user's token";
            let finding = Finding::error("managed-identity-for-user", message);
            return Err(Box::new(finding.remedy("leave out the user's token, or the managed identity")).into());
        }
        let scope = app_scope(&request.scopes)?;
        let capabilities = self.options().client_capabilities.as_ref().map_or(&[][..], |list| &list.value);
        let tokens = self.recipe.identities.tokens(identity, &self.recipe.registry, world)?;
        let deadline = world.clock.moment().after(self.recipe.patience);
        let wanted = TokenFor::new(scope, deadline, world)
            .claims(request.claims.as_deref())
            .capabilities(capabilities)
            .fresh(renews || request.force_refresh);
        match bounded(&*world.clock, deadline, || tokens.token(&wanted)).await {
            Ok(given) => given.map_err(|error| ExchangeError::Identity(placed(error, request))),
            Err(Unanswered::Panicked) => Err(panicked().into()),
            Err(_) => Err(TokenError::too_late(self.recipe.patience)),
        }
    }
}

/// At the setting of the API's section that names the identity, or that says what the token is for.
fn placed(error: SourceError, request: &TokenRequest) -> SourceError {
    let Some((api, options)) = request.section.0.as_deref().and_then(|api| Some((api, api.managed_identity()?))) else {
        return error;
    };
    let scopes = || api.scopes.as_ref().map(|scopes| (&scopes.path, &scopes.origin));
    let identity = || options.named_by().map(|id| (&id.path, &id.origin));
    let place = if error.setting() == Some(SCOPES) { scopes() } else { identity() };
    let (path, origin) = place.unwrap_or((&options.path, &api.origin));
    error.at(path, origin.clone())
}
