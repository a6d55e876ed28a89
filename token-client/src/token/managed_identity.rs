//! Which of the machine's managed identities a token is asked for as.

use credential_core::{CredentialDescription, SourceType};

/// One of the machine's managed identities. None of these ids is secret.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ManagedIdentityId {
    /// The machine's own, which ends with it.
    #[default]
    SystemAssigned,
    /// A user-assigned one by its client id.
    ClientId(String),
    /// A user-assigned one by its object (principal) id.
    ObjectId(String),
    /// A user-assigned one by its resource id: `/subscriptions/.../userAssignedIdentities/NAME`.
    ResourceId(String),
}

impl ManagedIdentityId {
    /// Which kind of id it is, in a key.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::SystemAssigned => "system",
            Self::ClientId(_) => "client",
            Self::ObjectId(_) => "object",
            Self::ResourceId(_) => "resource",
        }
    }

    /// The id itself; empty for the machine's own.
    pub(crate) fn id(&self) -> &str {
        match self {
            Self::SystemAssigned => "",
            Self::ClientId(id) | Self::ObjectId(id) | Self::ResourceId(id) => id,
        }
    }

    /// The entry by which its source knows it.
    pub(crate) fn entry(&self) -> CredentialDescription {
        let entry = CredentialDescription::new(SourceType::SIGNED_ASSERTION_FROM_MANAGED_IDENTITY);
        match self {
            Self::SystemAssigned => entry,
            Self::ClientId(id) => entry.with("ManagedIdentityClientId", id.as_str()),
            Self::ObjectId(id) => entry.with("ManagedIdentityObjectId", id.as_str()),
            Self::ResourceId(id) => entry.with("ManagedIdentityResourceId", id.as_str()),
        }
    }
}
