//! For whom credentials are loaded.

/// For whom credentials are loaded, as it is configured: the same for every tenant that a call may name.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Application {
    /// The client id.
    pub client_id: String,
    /// The configured authority, with its tenant where it has one: `https://login.microsoftonline.com/contoso.com`.
    pub authority: String,
    /// The configured tenant, where the authority has tenants.
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
