//! The plug-in contract: what a source is, and what it is told when it loads.

use std::fmt::Debug;
use std::time::Duration;

use async_trait::async_trait;

use crate::{Credential, CredentialDescription, Moment, Setting, SourceError, SourceType, World};

/// Loads credentials of one source type.
///
/// A source owns its freshness. [`load`](Self::load) is asked at every exchange and may hand back
/// [`LoadRequest::previous`] while that still stands; after [`LoadReason::Rejected`] it must look for
/// new material, and may hand back the previous one only when there is none. It starts no thread and
/// no task of its own.
///
/// A source of your own, whole:
///
/// ```
/// use async_trait::async_trait;
/// use credential_core::{
///     Credential, CredentialSource, LoadRequest, Setting, SettingKind, SourceError, SourceType,
/// };
///
/// /// Reads a client secret from an environment variable that the entry names.
/// #[derive(Debug)]
/// struct Variable;
///
/// #[async_trait]
/// impl CredentialSource for Variable {
///     fn source_type(&self) -> SourceType {
///         SourceType::known("Variable")
///     }
///
///     fn settings(&self) -> &'static [Setting] {
///         const SETTINGS: &[Setting] =
///             &[Setting::new("VariableName", SettingKind::Text, "The variable with the secret.").required()];
///         SETTINGS
///     }
///
///     async fn load(&self, request: &LoadRequest<'_>) -> Result<Credential, SourceError> {
///         let name = request.description.required("VariableName")?.expose();
///         match request.world.environment.var(name).filter(|value| !value.is_empty()) {
///             Some(secret) => Ok(Credential::secret(format!("variable {name}"), secret)),
///             None => Err(request.description.at_setting(
///                 "VariableName",
///                 SourceError::not_applicable("variable-not-set", format!("{name} is not set")).settled_locally(),
///             )),
///         }
///     }
/// }
/// ```
#[async_trait]
pub trait CredentialSource: Debug + Send + Sync {
    /// The `SourceType` that selects this source.
    fn source_type(&self) -> SourceType;

    /// What an entry of this source can be told. Declared once; feeds validation, spelling hints,
    /// redaction, `doctor`, the schema and the docs.
    fn settings(&self) -> &'static [Setting];

    /// Checks across settings, offline: conflicts, choices, values that cannot be. Presence, spelling
    /// and shape of single settings are checked before, from [`settings`](Self::settings).
    ///
    /// # Errors
    /// `Misconfigured`, naming the setting.
    fn validate(&self, _description: &CredentialDescription) -> Result<(), SourceError> {
        Ok(())
    }

    /// Gives the credential, or why there is none.
    ///
    /// Must be cancel-safe: the future may be dropped at any await. Must answer by
    /// [`LoadRequest::deadline`].
    ///
    /// # Errors
    /// By [`SourceErrorKind`](crate::SourceErrorKind); the list goes on with the next entry whatever
    /// the kind is.
    async fn load(&self, request: &LoadRequest<'_>) -> Result<Credential, SourceError>;
}

/// Why a credential is loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum LoadReason {
    /// There is none yet.
    Initial,
    /// There is one; is it still the one to use?
    Refresh,
    /// The authority refused the one there is: look for another.
    Rejected,
}

/// For whom a credential is loaded.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Application {
    /// The client id.
    pub client_id: String,
    /// The authority, with its tenant where it has one: `https://login.microsoftonline.com/contoso.com`.
    pub authority: String,
    /// The tenant, where the authority has tenants.
    pub tenant: Option<String>,
    /// The name of the cloud that the authority belongs to, where it is a known one: `public`,
    /// `china`, `usgov`, ...
    pub cloud: Option<String>,
}

impl Application {
    /// An application at an authority without a tenant of its own.
    pub fn new(client_id: impl Into<String>, authority: impl Into<String>) -> Self {
        Self { client_id: client_id.into(), authority: authority.into(), tenant: None, cloud: None }
    }

    /// Sets the tenant.
    #[must_use]
    pub fn tenant(mut self, tenant: impl Into<String>) -> Self {
        self.tenant = Some(tenant.into());
        self
    }

    /// Sets the cloud's name.
    #[must_use]
    pub fn cloud(mut self, cloud: impl Into<String>) -> Self {
        self.cloud = Some(cloud.into());
        self
    }
}

/// Everything that a source is told when it loads. Grows without breaking anybody.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct LoadRequest<'a> {
    /// The entry of the configuration.
    pub description: &'a CredentialDescription,
    /// For whom.
    pub application: &'a Application,
    /// Why.
    pub reason: LoadReason,
    /// What this source gave last time, if it did.
    pub previous: Option<&'a Credential>,
    /// When nobody waits any longer.
    pub deadline: Moment,
    /// The outside world.
    pub world: &'a World,
}

impl<'a> LoadRequest<'a> {
    /// The first load of an entry.
    pub fn new(
        description: &'a CredentialDescription,
        application: &'a Application,
        deadline: Moment,
        world: &'a World,
    ) -> Self {
        Self { description, application, reason: LoadReason::Initial, previous: None, deadline, world }
    }

    /// A further load, for a reason, of what was given before.
    #[must_use]
    pub fn again(mut self, reason: LoadReason, previous: &'a Credential) -> Self {
        self.reason = reason;
        self.previous = Some(previous);
        self
    }

    /// How long there is until the deadline.
    pub fn remaining(&self) -> Duration {
        self.deadline.since(self.world.clock.moment())
    }
}
