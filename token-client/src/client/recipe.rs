//! What the clients of a configuration are made with, whatever their section.

use std::sync::Arc;
use std::time::Duration;

use credential_core::flight::Flights;
use credential_core::{Finding, SourceRegistry, World};

use super::bind::{Bound, bind};
use super::identities::Identities;
use super::life::Life;
use super::relative_paths::beside_settings;
use super::sections::{Built, Sections};
use super::shared::Shared;
use super::token_client::Inner;
use super::trouble::Trouble;
use crate::authority::AuthorityKind;
use crate::meters::Meters;
use crate::settings::in_code::InCode;
use crate::settings::{Configuration, Location, any_error};
use crate::store::sharing::Sharing;
use crate::token::cache::TokenCache;
use crate::token::throttled::Throttled;
use crate::{ConfigurationError, TokenClient};

/// What clients are made with; each keeps it for when its configuration is read again.
#[derive(Clone, Debug)]
pub(crate) struct Recipe {
    /// Where the settings are; `None` when the program gave a configuration that it had read.
    pub(crate) location: Option<Location>,
    /// What the program sets, whatever is read again.
    pub(crate) code: InCode,
    pub(crate) registry: SourceRegistry,
    /// The world that settings files are read in.
    pub(crate) world: World,
    pub(crate) patience: Duration,
    /// The machine's, whatever the section.
    pub(crate) identities: Arc<Identities>,
    /// The cache that other processes share.
    pub(crate) sharing: Option<Arc<Sharing>>,
    pub(crate) max_cache_bytes: usize,
    pub(crate) shared: Arc<Shared>,
}

impl Recipe {
    /// An empty cache.
    pub(crate) fn cache(&self) -> Arc<TokenCache> {
        Arc::new(TokenCache::new(self.max_cache_bytes, Arc::clone(&self.shared.time)))
    }

    /// The world that sources see: relative paths start at the settings file's folder.
    pub(crate) fn world_of(&self, configuration: &Configuration) -> World {
        beside_settings(self.world.clone(), &configuration.file)
    }

    /// The client of the configuration's section.
    ///
    /// # Errors
    /// Everything that is wrong with the configuration, at once.
    pub(crate) fn client(
        &self,
        mut configuration: Configuration,
        built: &Built,
        life: Arc<Life>,
    ) -> Result<TokenClient, ConfigurationError> {
        let mut bound = bind(&configuration, &Sections::of(&configuration, self, built));
        configuration.findings.append(&mut bound.findings);
        if any_error(&configuration.findings) {
            return Err(ConfigurationError::new(configuration.findings));
        }
        self.assemble(configuration, bound, life)
    }

    /// Binds the configuration's section for what is found; that joins the configuration's findings.
    #[cfg(feature = "cli")]
    pub(crate) fn check(&self, configuration: &mut Configuration) -> Option<crate::authority::Authority> {
        let built = Built::default();
        let bound = bind(configuration, &Sections::of(configuration, self, &built));
        configuration.findings.extend(bound.findings);
        bound.authority
    }

    /// The client of what was bound without an error.
    pub(crate) fn assemble(
        &self,
        configuration: Configuration,
        bound: Bound,
        life: Arc<Life>,
    ) -> Result<TokenClient, ConfigurationError> {
        let Bound { authority: Some(authority), chain: Some(chain), .. } = bound else {
            return Err(ConfigurationError::new(configuration.findings));
        };
        let client_id = match &configuration.application.client_id {
            Some(id) => id.value.clone(),
            None if !configuration.needs_application() => String::new(),
            None => return Err(Finding::error("missing-client-id", "ClientId is missing").into()),
        };
        let meters = Meters::of(&configuration.section, &chain);
        Ok(TokenClient::from_inner(Inner {
            client_id,
            tenant: authority.tenant().map(str::to_owned),
            // A provider without tenants refuses one, so it must not meet another's token.
            hears_call_tenant: authority.kind().takes_call_tenant() || authority.kind() == AuthorityKind::Oidc,
            authority,
            chain,
            recipe: self.clone(),
            cache: self.cache(),
            flights: Flights::default(),
            throttled: Throttled::default(),
            trouble: Trouble::default(),
            meters,
            configuration: configuration.into(),
            life,
        }))
    }
}
