//! Assertions that somebody else signed (RFC 7523 §2.2): asked for at every exchange.

use std::fmt;
use std::time::SystemTime;

use async_trait::async_trait;

use crate::text::shown_address;
use crate::world::Moment;
use crate::{Secret, SourceError, World};

/// What an assertion is wanted for. `Debug` shows no query of the endpoint and no claims.
#[derive(Clone)]
#[non_exhaustive]
pub struct AssertionRequest<'a> {
    /// The application that presents the assertion.
    pub client_id: &'a str,
    /// The tenant that the token is asked from, where the authority has tenants.
    pub tenant: Option<&'a str>,
    /// Where the assertion will be posted.
    pub token_endpoint: &'a str,
    /// Claims that the resource or the caller asked for, as JSON text.
    pub claims: Option<&'a str>,
    /// The federated identity path (`fmi_path`) that the assertion is for, if any.
    pub fmi_path: Option<&'a str>,
    /// What was given last was refused: one from a cache will not do.
    pub fresh: bool,
    /// What the client can do, as the resource is told (`cp1`).
    pub capabilities: &'a [String],
    /// When the caller stops waiting.
    pub deadline: Moment,
    /// The outside world.
    pub world: &'a World,
}

impl<'a> AssertionRequest<'a> {
    /// Asks for an assertion for a client at a token endpoint.
    pub fn new(client_id: &'a str, token_endpoint: &'a str, deadline: Moment, world: &'a World) -> Self {
        Self {
            client_id,
            tenant: None,
            token_endpoint,
            claims: None,
            fmi_path: None,
            fresh: false,
            capabilities: &[],
            deadline,
            world,
        }
    }
}

impl fmt::Debug for AssertionRequest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AssertionRequest")
            .field("client_id", &self.client_id)
            .field("tenant", &self.tenant)
            .field("token_endpoint", &shown_address(self.token_endpoint))
            .field("fmi_path", &self.fmi_path)
            .field("fresh", &self.fresh)
            .field("deadline", &self.deadline)
            .finish_non_exhaustive()
    }
}

/// An assertion and the end of its life, if known.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Assertion {
    /// The compact JWT.
    pub token: Secret,
    /// When it ends; `None` when it does not say.
    pub expires_on: Option<SystemTime>,
}

impl Assertion {
    /// An assertion from its parts.
    pub fn new(token: impl Into<Secret>, expires_on: Option<SystemTime>) -> Self {
        Self { token: token.into(), expires_on }
    }
}

/// Gives an assertion whenever one is exchanged. It caches what it likes; the caller asks every time.
#[async_trait]
pub trait AssertionProvider: fmt::Debug + Send + Sync {
    /// An assertion that is valid now.
    ///
    /// # Errors
    /// By kind as for [`CredentialLoader::load`](crate::CredentialLoader::load): the chain goes on
    /// with the next entry.
    async fn assertion(&self, request: &AssertionRequest<'_>) -> Result<Assertion, SourceError>;
}

/// The provider that always gives the same assertion.
#[derive(Clone, Debug)]
pub(crate) struct FixedAssertion(pub(crate) Assertion);

#[async_trait]
impl AssertionProvider for FixedAssertion {
    async fn assertion(&self, _request: &AssertionRequest<'_>) -> Result<Assertion, SourceError> {
        Ok(self.0.clone())
    }
}
