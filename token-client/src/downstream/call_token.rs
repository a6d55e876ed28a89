//! Whom a call is made for, and how its token is asked for.

use std::fmt;
use std::sync::Arc;

use credential_core::{Finding, Secret};

use super::hooks::own_code;
use super::{Caller, DownstreamCall};
use crate::{ManagedIdentityId, TokenRequest, TraceContext};

type Change = Arc<dyn Fn(TokenRequest) -> TokenRequest + Send + Sync>;

/// What a call says of its token beside whom it is for. `Debug` shows nothing of what a closure holds.
#[derive(Clone, Default)]
pub(crate) struct Asked {
    pub(crate) scopes: Option<Vec<String>>,
    pub(crate) anonymous: bool,
    pub(crate) force_refresh: bool,
    pub(crate) fmi_path: Option<String>,
    pub(crate) changes: Vec<Change>,
}

impl Asked {
    /// Whether it says nothing.
    pub(crate) fn is_nothing(&self) -> bool {
        let flags = self.anonymous || self.force_refresh;
        !flags && self.scopes.is_none() && self.fmi_path.is_none() && self.changes.is_empty()
    }

    /// # Errors
    /// When a closure panics.
    pub(super) fn apply(&self, mut request: TokenRequest) -> Result<TokenRequest, Box<Finding>> {
        request.force_refresh |= self.force_refresh;
        if self.fmi_path.is_some() {
            request.fmi_path.clone_from(&self.fmi_path);
        }
        self.changes.iter().try_fold(request, |request, change| own_code("token_options(..)", || change(request)))
    }

    /// What this one says, and else what the other one does.
    pub(super) fn over(self, other: &Self) -> Self {
        let says_who = self.anonymous || self.scopes.is_some();
        Self {
            anonymous: self.anonymous || other.anonymous && !says_who,
            scopes: self.scopes.or_else(|| other.scopes.clone().filter(|_| !says_who)),
            force_refresh: self.force_refresh || other.force_refresh,
            fmi_path: self.fmi_path.or_else(|| other.fmi_path.clone()),
            changes: other.changes.iter().cloned().chain(self.changes).collect(),
        }
    }
}

impl fmt::Debug for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Asked")
            .field("scopes", &self.scopes)
            .field("anonymous", &self.anonymous)
            .field("force_refresh", &self.force_refresh)
            .field("fmi_path", &self.fmi_path)
            .field("changes", &self.changes.len())
            .finish()
    }
}

impl DownstreamCall {
    /// Calls as the application itself, where the section does not say so by `"RequestAppToken": true`.
    #[must_use]
    pub fn as_app(self) -> Self {
        self.caller(Caller::Application)
    }

    /// Calls on behalf of the user whose access token came in (the token alone, without `Bearer`).
    #[must_use]
    pub fn on_behalf_of(self, user_assertion: impl Into<Secret>) -> Self {
        self.caller(Caller::User(user_assertion.into()))
    }

    /// Calls with a managed identity of the machine in place of the application, or of the section's
    /// `ManagedIdentity`. [`tenant`](Self::tenant) and [`fmi_path`](Self::fmi_path) beside it are errors when it is
    /// called.
    ///
    /// ```
    /// use token_client::{DownstreamCall, ManagedIdentityId};
    ///
    /// let own = DownstreamCall::new().managed_identity(ManagedIdentityId::SystemAssigned);
    /// # let _ = own;
    /// ```
    #[must_use]
    pub fn managed_identity(self, identity: ManagedIdentityId) -> Self {
        self.caller(Caller::ManagedIdentity(identity))
    }

    /// Says whom the call is made for; a second, different one is an error when it is called.
    #[must_use]
    pub fn caller(mut self, caller: Caller) -> Self {
        if !self.callers.contains(&caller) {
            self.callers.push(caller);
        }
        self
    }

    /// Calls without a token, whatever the section says. Beside [`scopes`](Self::scopes) it is an error when it is
    /// called.
    #[must_use]
    pub fn anonymous(mut self) -> Self {
        self.asked.anonymous = true;
        self
    }

    /// Other scopes than the section's `Scopes`. None at all is an error when it is called: see
    /// [`anonymous`](Self::anonymous).
    #[must_use]
    pub fn scopes<S: Into<String>>(mut self, scopes: impl IntoIterator<Item = S>) -> Self {
        self.asked.scopes = Some(scopes.into_iter().map(Into::into).collect());
        self
    }

    /// Another tenant than the configured one.
    #[must_use]
    pub fn tenant(mut self, tenant: impl Into<String>) -> Self {
        self.tenant = Some(tenant.into());
        self
    }

    /// Passes on claims that were asked for, as JSON text: another token is asked for. Text that is no JSON object is
    /// an error when it is called.
    #[must_use]
    pub fn claims(mut self, claims: impl Into<String>) -> Self {
        self.claims = Some(claims.into());
        self
    }

    /// Sets the id that ties the call's requests together: the authority and the API get it as `client-request-id`.
    #[must_use]
    pub fn correlation_id(mut self, id: impl Into<String>) -> Self {
        self.correlation_id = Some(id.into());
        self
    }

    /// Says which trace the call belongs to: its requests, to the authority and to the API, have the headers
    /// `traceparent` and `tracestate` of it. Nothing changes with `None`, as of a request that came in without.
    ///
    /// ```
    /// use token_client::{DownstreamCall, TraceContext};
    ///
    /// # fn example(incoming: http::HeaderMap) -> DownstreamCall {
    /// DownstreamCall::new().trace_context(TraceContext::of_headers(&incoming))
    /// # }
    /// ```
    #[must_use]
    pub fn trace_context(mut self, context: impl Into<Option<TraceContext>>) -> Self {
        self.trace_context = context.into().or(self.trace_context);
        self
    }

    /// Asks for another token, whatever is cached.
    #[must_use]
    pub fn force_refresh(mut self) -> Self {
        self.asked.force_refresh = true;
        self
    }

    /// Calls with a token of the federated managed identity at that path.
    #[must_use]
    pub fn fmi_path(mut self, path: impl Into<String>) -> Self {
        self.asked.fmi_path = Some(path.into());
        self
    }

    /// Changes the request for the call's token in any other way, when all else is set. What it says of scopes and
    /// users is not checked against the section.
    ///
    /// ```
    /// use token_client::DownstreamCall;
    ///
    /// let call = DownstreamCall::new().token_options(|request| request.extra_query("dc", "test"));
    /// # let _ = call;
    /// ```
    #[must_use]
    pub fn token_options(mut self, change: impl Fn(TokenRequest) -> TokenRequest + Send + Sync + 'static) -> Self {
        self.asked.changes.push(Arc::new(change));
        self
    }
}
