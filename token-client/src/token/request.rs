//! What a token is asked for.

use std::fmt;
use std::sync::Arc;

use credential_core::Secret;

use crate::settings::DownstreamOptions;
use crate::settings::names::Names;
use crate::{ManagedIdentityId, TraceContext};

/// A request for a token: for the application itself, or on behalf of a user. `Debug` shows no user's token, no
/// claims and no values of query parameters and headers.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct TokenRequest {
    /// The scopes: one `RESOURCE/.default` for an app token.
    pub scopes: Vec<String>,
    /// The user's token that came in, for on-behalf-of.
    pub user_assertion: Option<Secret>,
    /// Another tenant than the configured one.
    pub tenant: Option<String>,
    /// Claims that a resource or the authority asked for, as JSON text. A token that was got with the same claims
    /// serves again; where that one was refused, ask with `force_refresh` too.
    pub claims: Option<String>,
    /// Asks anew, whatever is cached.
    pub force_refresh: bool,
    /// The id that ties the requests together in the authority's logs; a random one otherwise.
    pub correlation_id: Option<String>,
    /// The trace that the request belongs to, in the place of the one that
    /// [`TokenClientBuilder::trace_context`](crate::TokenClientBuilder::trace_context) says. Of callers who share an
    /// exchange it is the first one's.
    pub trace_context: Option<TraceContext>,
    /// Further parameters of the token endpoint's address.
    pub extra_query: Vec<(String, String)>,
    /// Further headers of the token request.
    pub extra_headers: Vec<(String, String)>,
    /// The path of a federated managed identity (`fmi_path`) that the token is for.
    pub fmi_path: Option<String>,
    /// The path of a federated managed identity that the client assertion is for, where an entry's assertion is
    /// made for one (`RequiresSignedAssertionFmiPath`).
    pub assertion_fmi_path: Option<String>,
    pub(crate) section: Section,
    /// The managed identity of the machine that the token is for, in place of the application: no credential of the
    /// list is used, and tenant and path count for nothing.
    pub managed_identity: Option<ManagedIdentityId>,
}

/// The section of the API that a request is for, if one is. It names places in messages, and is no part of what is
/// asked.
#[derive(Clone, Default)]
pub(crate) struct Section(pub(crate) Option<Arc<DownstreamOptions>>);

impl PartialEq for Section {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Section {}

impl TokenRequest {
    /// A token for the application itself; `scope` is `RESOURCE/.default`.
    pub fn app(scope: impl Into<String>) -> Self {
        Self {
            scopes: vec![scope.into()],
            user_assertion: None,
            tenant: None,
            claims: None,
            force_refresh: false,
            correlation_id: None,
            trace_context: None,
            extra_query: Vec::new(),
            extra_headers: Vec::new(),
            fmi_path: None,
            assertion_fmi_path: None,
            section: Section::default(),
            managed_identity: None,
        }
    }

    /// A token for the application itself, with scopes as a section has them.
    pub(crate) fn app_of(scopes: Vec<String>) -> Self {
        Self { scopes, ..Self::app("") }
    }

    /// A token on behalf of the user whose token came in, for delegated scopes such as `user.read`.
    pub fn on_behalf_of<S: Into<String>>(
        user_assertion: impl Into<Secret>,
        scopes: impl IntoIterator<Item = S>,
    ) -> Self {
        let mut scopes: Vec<String> = scopes.into_iter().map(Into::into).collect();
        // One order, so that the same scopes are the same request.
        scopes.sort_by_key(|scope| scope.to_ascii_lowercase());
        scopes.dedup_by(|a, b| a.eq_ignore_ascii_case(b));
        Self { scopes, user_assertion: Some(user_assertion.into()), ..Self::app("") }
    }

    /// Asks another tenant than the configured one.
    #[must_use]
    pub fn tenant(mut self, tenant: impl Into<String>) -> Self {
        self.tenant = Some(tenant.into());
        self
    }

    /// Passes on claims that were asked for, as JSON text.
    #[must_use]
    pub fn claims(mut self, claims: impl Into<String>) -> Self {
        self.claims = Some(claims.into());
        self
    }

    /// Asks anew, whatever is cached.
    #[must_use]
    pub fn force_refresh(mut self) -> Self {
        self.force_refresh = true;
        self
    }

    /// Sets the id that ties the requests together.
    #[must_use]
    pub fn correlation_id(mut self, id: impl Into<String>) -> Self {
        self.correlation_id = Some(id.into());
        self
    }

    /// Says which trace the request belongs to.
    #[must_use]
    pub fn trace_context(mut self, context: impl Into<Option<TraceContext>>) -> Self {
        self.trace_context = context.into();
        self
    }

    /// Adds a parameter to the token endpoint's address; it is escaped.
    #[must_use]
    pub fn extra_query(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.extra_query.push((name.into(), value.into()));
        self
    }

    /// Adds a header to the token request. One that is the client's own is an error when a token is asked for.
    #[must_use]
    pub fn extra_header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.extra_headers.push((name.into(), value.into()));
        self
    }

    /// Asks for a token of the federated managed identity at that path.
    #[must_use]
    pub fn fmi_path(mut self, path: impl Into<String>) -> Self {
        self.fmi_path = Some(path.into());
        self
    }

    /// Presents an assertion for the federated managed identity at that path.
    #[must_use]
    pub fn assertion_fmi_path(mut self, path: impl Into<String>) -> Self {
        self.assertion_fmi_path = Some(path.into());
        self
    }

    /// Asks as a managed identity of the machine in place of the application; for a token of
    /// [`app`](Self::app) alone.
    ///
    /// ```
    /// use token_client::{ManagedIdentityId, TokenRequest};
    ///
    /// let request = TokenRequest::app("https://storage.azure.com/.default")
    ///     .managed_identity(ManagedIdentityId::SystemAssigned);
    /// # let _ = request;
    /// ```
    #[must_use]
    pub fn managed_identity(mut self, identity: ManagedIdentityId) -> Self {
        self.managed_identity = Some(identity);
        self
    }

    /// Whether it is for the application, or the identity, itself.
    pub fn is_for_app(&self) -> bool {
        self.user_assertion.is_none()
    }

    /// Scopes and a user alone, as most are.
    pub(crate) fn is_plain(&self) -> bool {
        self.claims.is_none()
            && self.fmi_path.is_none()
            && self.assertion_fmi_path.is_none()
            && self.extra_query.is_empty()
            && self.extra_headers.is_empty()
            && self.managed_identity.is_none()
    }
}

impl fmt::Debug for TokenRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenRequest")
            .field("scopes", &self.scopes)
            .field("user_assertion", &self.user_assertion)
            .field("tenant", &self.tenant)
            .field("claims", &self.claims.as_ref().map(|_| "***"))
            .field("force_refresh", &self.force_refresh)
            .field("correlation_id", &self.correlation_id)
            .field("trace_context", &self.trace_context)
            .field("extra_query", &Names(&self.extra_query))
            .field("extra_headers", &Names(&self.extra_headers))
            .field("fmi_path", &self.fmi_path)
            .field("assertion_fmi_path", &self.assertion_fmi_path)
            .field("managed_identity", &self.managed_identity)
            .finish()
    }
}
