//! Tokens that a loader needs to reach its material: a vault's, another authority's.

use std::fmt;
use std::time::SystemTime;

use std::sync::Arc;

use async_trait::async_trait;

use crate::{CredentialChain, Moment, Secret, SourceError, World};

/// What a token is wanted for.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct TokenFor<'a> {
    /// What it opens: `https://vault.azure.net/.default`.
    pub scope: &'a str,
    /// Where it is asked for, with the tenant: `https://login.microsoftonline.com/TENANT`. The caller has
    /// checked that a credential may go there.
    pub authority: &'a str,
    /// That tenant alone.
    pub tenant: &'a str,
    /// As whom.
    pub client_id: &'a str,
    /// What was given last was refused: one from a cache will not do.
    pub fresh: bool,
    /// A certificate is presented with its chain, for authorities that trust its issuer.
    pub certificate_chain: bool,
    /// When nobody waits any longer.
    pub deadline: Moment,
    /// The outside world.
    pub world: &'a World,
}

impl<'a> TokenFor<'a> {
    /// A token for a scope, from an authority with its tenant, for a client.
    pub fn new(
        scope: &'a str,
        (authority, tenant): (&'a str, &'a str),
        client_id: &'a str,
        deadline: Moment,
        world: &'a World,
    ) -> Self {
        Self { scope, authority, tenant, client_id, fresh: false, certificate_chain: false, deadline, world }
    }

    /// Wants one that is in no cache.
    #[must_use]
    pub fn fresh(mut self, fresh: bool) -> Self {
        self.fresh = fresh;
        self
    }

    /// Presents a certificate with its chain.
    #[must_use]
    pub fn certificate_chain(mut self, chain: bool) -> Self {
        self.certificate_chain = chain;
        self
    }
}

/// A token, and when it ends.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ProvidedToken {
    /// The access token.
    pub token: Secret,
    /// When it ends.
    pub expires_on: SystemTime,
}

impl ProvidedToken {
    /// A token and its end.
    pub fn new(token: impl Into<Secret>, expires_on: SystemTime) -> Self {
        Self { token: token.into(), expires_on }
    }
}

/// Gives tokens, with whatever stands behind it: a chain of credentials, a cache, one exchange for many.
/// Had from [`BindContext::tokens_of`](crate::BindContext::tokens_of) and
/// [`BindContext::tokens_for`](crate::BindContext::tokens_for).
#[async_trait]
pub trait TokenProvider: fmt::Debug + Send + Sync {
    /// A token that is good now.
    ///
    /// # Errors
    /// The credential's own, when there is none. Otherwise [`AUTHORITY_UNREACHABLE`](crate::codes::AUTHORITY_UNREACHABLE) and
    /// [`AUTHORITY_UNWELL`](crate::codes::AUTHORITY_UNWELL) (`Transient`), [`AUTHORITY_UNREADABLE`](crate::codes::AUTHORITY_UNREADABLE) (`Invalid`) or [`TOKEN_REFUSED`](crate::codes::TOKEN_REFUSED)
    /// (`Denied`); the message is what was met there and does not name the authority.
    async fn token(&self, request: &TokenFor<'_>) -> Result<ProvidedToken, SourceError>;
}

/// Makes providers of bound credentials. Whoever binds hands one over with
/// [`Binding::tokens`](crate::Binding::tokens); it is not stored.
pub trait TokenProviders {
    /// Exchanges the chain's credentials for tokens.
    fn provider(&self, chain: CredentialChain) -> Arc<dyn TokenProvider>;
}

/// Stands where nobody can exchange anything.
#[derive(Debug)]
pub(crate) struct NoEngine;

#[async_trait]
impl TokenProvider for NoEngine {
    async fn token(&self, _request: &TokenFor<'_>) -> Result<ProvidedToken, SourceError> {
        let message = "there is nobody here who exchanges a credential for a token";
        Err(SourceError::not_applicable("no-token-engine", message)
            .remedy("bind the entry with a token client, or hand one over with Binding::tokens")
            .settled_locally())
    }
}
