//! Tokens that a loader needs to reach its material: a vault's, another authority's.

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use async_trait::async_trait;

use crate::registry::BindError;
use crate::text::shown_address;
use crate::world::Moment;
use crate::{CredentialChain, Finding, Secret, SourceError, World};

/// What a token is wanted for, and as whom: what is left open is the provider's own.
///
/// A nested entry belongs to the application that is bound, another application's section to that one: client,
/// authority and tenant are theirs where the request names none. `Debug` shows no claims.
#[derive(Clone)]
#[non_exhaustive]
pub struct TokenFor<'a> {
    /// What it opens: `https://vault.azure.net/.default`.
    pub scope: &'a str,
    /// Where it is asked for, with the tenant: `https://login.microsoftonline.com/TENANT`. The caller has
    /// checked that a credential may go there.
    pub authority: Option<&'a str>,
    /// The tenant alone.
    pub tenant: Option<&'a str>,
    /// As whom.
    pub client_id: Option<&'a str>,
    /// Claims that the resource asked for, as JSON text: one from a cache will not do.
    pub claims: Option<&'a str>,
    /// The federated identity path (`fmi_path`) that the token is for.
    pub fmi_path: Option<&'a str>,
    /// What was given last was refused: one from a cache will not do.
    pub fresh: bool,
    /// Whoever gives tokens may not be there at all: it is found out first, and quickly.
    pub probe: bool,
    /// What the caller can do, as the resource is told (`cp1`).
    pub capabilities: &'a [String],
    /// A certificate is presented with its chain, for authorities that trust its issuer.
    pub certificate_chain: bool,
    /// When nobody waits any longer.
    pub deadline: Moment,
    /// The outside world.
    pub world: &'a World,
}

impl<'a> TokenFor<'a> {
    /// A token for a scope, asked for as the provider's own client at its own authority.
    pub fn new(scope: &'a str, deadline: Moment, world: &'a World) -> Self {
        Self {
            scope,
            authority: None,
            tenant: None,
            client_id: None,
            claims: None,
            fmi_path: None,
            fresh: false,
            probe: false,
            capabilities: &[],
            certificate_chain: false,
            deadline,
            world,
        }
    }

    /// Asks that authority, which includes the tenant, and the tenant alone. Another application's section has
    /// an authority of its own and refuses one.
    #[must_use]
    pub fn at(mut self, authority: &'a str, tenant: &'a str) -> Self {
        (self.authority, self.tenant) = (Some(authority), Some(tenant));
        self
    }

    /// Asks that tenant of the provider's own authority.
    #[must_use]
    pub fn tenant(mut self, tenant: &'a str) -> Self {
        self.tenant = Some(tenant);
        self
    }

    /// Asks as that client. Another application's section has a client of its own and refuses one.
    #[must_use]
    pub fn client(mut self, client_id: &'a str) -> Self {
        self.client_id = Some(client_id);
        self
    }

    /// Passes on claims, as JSON text.
    #[must_use]
    pub fn claims(mut self, claims: Option<&'a str>) -> Self {
        self.claims = claims;
        self
    }

    /// Asks for the federated identity at that path.
    #[must_use]
    pub fn fmi_path(mut self, path: Option<&'a str>) -> Self {
        self.fmi_path = path;
        self
    }

    /// Wants one that is in no cache.
    #[must_use]
    pub fn fresh(mut self, fresh: bool) -> Self {
        self.fresh = fresh;
        self
    }

    /// Has it found out first, and quickly, whether anybody is there to give tokens.
    #[must_use]
    pub fn probe(mut self, probe: bool) -> Self {
        self.probe = probe;
        self
    }

    /// Says what the caller can do.
    #[must_use]
    pub fn capabilities(mut self, capabilities: &'a [String]) -> Self {
        self.capabilities = capabilities;
        self
    }

    /// Presents a certificate with its chain.
    #[must_use]
    pub fn certificate_chain(mut self, chain: bool) -> Self {
        self.certificate_chain = chain;
        self
    }
}

impl fmt::Debug for TokenFor<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenFor")
            .field("scope", &self.scope)
            .field("authority", &self.authority.map(shown_address))
            .field("tenant", &self.tenant)
            .field("client_id", &self.client_id)
            .field("fresh", &self.fresh)
            .field("deadline", &self.deadline)
            .finish_non_exhaustive()
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
/// Had from [`BindContext::tokens_of`](crate::BindContext::tokens_of),
/// [`BindContext::tokens_for`](crate::BindContext::tokens_for),
/// [`BindContext::tokens_of_section`](crate::BindContext::tokens_of_section) and
/// [`BindContext::tokens_of_identity`](crate::BindContext::tokens_of_identity).
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

/// Makes providers of tokens. Whoever binds hands one over with
/// [`Binding::tokens`](crate::registry::Binding::tokens); it is asked while entries are bound and not stored.
pub trait TokenProviders {
    /// Exchanges the chain's credentials for tokens.
    fn provider(&self, chain: CredentialChain) -> Arc<dyn TokenProvider>;

    /// The tokens of another application of the configuration, by the path of its section (`Idp`, `A:B`).
    /// Nothing is sent.
    ///
    /// # Errors
    /// What is wrong with that section; [`SECTION_CYCLE`](crate::codes::SECTION_CYCLE) where it is being bound
    /// already, since its token would need itself. An engine without a configuration has no sections, and its
    /// providers say so when they are asked.
    fn section(&self, path: &str) -> Result<SectionTokens, BindError> {
        let _ = path;
        Ok(SectionTokens { provider: Arc::new(NoEngine), findings: Vec::new() })
    }
}

/// The tokens of another application.
#[derive(Debug)]
#[non_exhaustive]
pub struct SectionTokens {
    /// Gives them.
    pub provider: Arc<dyn TokenProvider>,
    /// What is noteworthy about its section: warnings and hints.
    pub findings: Vec<Finding>,
}

impl SectionTokens {
    /// Tokens with what is noteworthy about where they come from.
    pub fn new(provider: Arc<dyn TokenProvider>, findings: Vec<Finding>) -> Self {
        Self { provider, findings }
    }
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
