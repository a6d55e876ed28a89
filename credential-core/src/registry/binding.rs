//! What the entries of a list are bound with.

use std::fmt;

use crate::chain::ChainPolicy;
use crate::source::Application;
use crate::tokens::TokenProviders;
use crate::{SourceRegistry, World};

/// What entries are bound with.
#[derive(Clone)]
#[non_exhaustive]
pub struct Binding<'a> {
    /// The outside world that loaders see.
    pub world: World,
    /// For whom.
    pub application: Application,
    /// How patient the chain is.
    pub policy: ChainPolicy,
    /// Exchanges nested entries for tokens.
    pub tokens: Option<&'a dyn TokenProviders>,
}

impl<'a> Binding<'a> {
    /// In a world, for an application that nobody has named yet, with the usual patience and without
    /// anybody who exchanges credentials.
    pub fn new(world: World) -> Self {
        Self { world, application: Application::new("", ""), policy: ChainPolicy::default(), tokens: None }
    }

    /// For that application.
    #[must_use]
    pub fn application(mut self, application: Application) -> Self {
        self.application = application;
        self
    }

    /// With other patience.
    #[must_use]
    pub fn policy(mut self, policy: ChainPolicy) -> Self {
        self.policy = policy;
        self
    }

    /// With somebody who exchanges nested entries for tokens. It is asked while entries are bound.
    #[must_use]
    pub fn tokens(mut self, tokens: &'a dyn TokenProviders) -> Self {
        self.tokens = Some(tokens);
        self
    }
}

impl From<World> for Binding<'_> {
    fn from(world: World) -> Self {
        Self::new(world)
    }
}

impl fmt::Debug for Binding<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Binding")
            .field("application", &self.application)
            .field("policy", &self.policy)
            .finish_non_exhaustive()
    }
}

/// What every entry of a list is bound with.
pub(crate) struct Parts<'a> {
    pub(crate) registry: &'a SourceRegistry,
    pub(crate) binding: &'a Binding<'a>,
}
