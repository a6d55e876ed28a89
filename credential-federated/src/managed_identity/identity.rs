//! Which of a machine's managed identities is meant.

use credential_core::text::{guid, printable};
use credential_core::{BindContext, CredentialDescription, Finding, Setting, SettingKind, SourceError, Unbound};

/// The most characters of a name that are shown.
const MAX_SHOWN: usize = 100;

const CLIENT_ID: &str = "ManagedIdentityClientId";
const OBJECT_ID: &str = "ManagedIdentityObjectId";
const RESOURCE_ID: &str = "ManagedIdentityResourceId";

/// How an entry names one; without any of these it is the machine's own.
pub(super) const SETTINGS: [Setting; 3] = [
    Setting::new(CLIENT_ID, SettingKind::Identifier, "The client id of a user-assigned identity.").mistaken(&[
        "ClientId",
        "UserAssignedClientId",
        "UserAssignedManagedIdentityClientId",
        "ManagedIdentityId",
    ]),
    Setting::new(OBJECT_ID, SettingKind::Identifier, "The object (principal) id of a user-assigned identity.")
        .mistaken(&["ObjectId", "PrincipalId", "ManagedIdentityPrincipalId"]),
    Setting::new(
        RESOURCE_ID,
        SettingKind::Identifier,
        "The resource id of a user-assigned identity: /subscriptions/.../userAssignedIdentities/NAME.",
    )
    .mistaken(&["ResourceId", "ManagedIdentityResource"]),
];

/// One identity of a machine. None of these ids is secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Identity {
    /// The machine's own.
    System,
    ClientId(String),
    ObjectId(String),
    ResourceId(String),
}

impl Identity {
    /// Reads the three settings.
    ///
    /// # Errors
    /// When more than one is there, or when one holds an id of another kind.
    pub(super) fn read(entry: &CredentialDescription, cx: &mut BindContext<'_>) -> Result<Self, Unbound> {
        let text = |name| entry.text(name).map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned);
        let named = [
            text(CLIENT_ID).map(Self::ClientId),
            text(OBJECT_ID).map(Self::ObjectId),
            text(RESOURCE_ID).map(Self::ResourceId),
        ];
        let mut named = named.into_iter().flatten();
        let identity = named.next().unwrap_or(Self::System);
        if let (Some(one), Some(other)) = (identity.setting(), named.next().as_ref().and_then(Self::setting)) {
            let message = format!("{other} and {one} both name the managed identity");
            let error = SourceError::misconfigured("managed-identity-conflict", message).about(other);
            return Err(cx.error(error.remedy("keep one of them")));
        }
        identity.check().map_err(|error| cx.error(error))?;
        identity.note_name(cx);
        Ok(identity)
    }

    /// A name for people in the place of an id.
    fn note_name(&self, cx: &mut BindContext<'_>) {
        if let (Self::ClientId(id) | Self::ObjectId(id), Some(setting)) = (self, self.setting())
            && guid::normal(id).is_none()
        {
            let shown = printable(id, MAX_SHOWN);
            let message = format!("{setting} is {shown:?}, not a GUID: identities are known by theirs");
            let remedy = "copy the client id or object (principal) id from the overview page of the managed identity";
            cx.say(setting, Finding::warning("managed-identity-id-not-a-guid", message).remedy(remedy));
        }
    }

    fn check(&self) -> Result<(), SourceError> {
        let is_path = |id: &str| id.starts_with('/');
        let wrong = |setting: &'static str, what: &str, remedy: &str| {
            let message = format!("{setting} is not valid: {what}");
            Err(SourceError::misconfigured("managed-identity-id-kind", message).about(setting).remedy(remedy))
        };
        match self {
            Self::ClientId(id) if is_path(id) => {
                wrong(CLIENT_ID, "it is a resource id", "write it as ManagedIdentityResourceId")
            }
            Self::ObjectId(id) if is_path(id) => {
                wrong(OBJECT_ID, "it is a resource id", "write it as ManagedIdentityResourceId")
            }
            Self::ResourceId(id) if !is_path(id) => wrong(
                RESOURCE_ID,
                "it is not a resource id",
                "write /subscriptions/.../userAssignedIdentities/NAME, or a client id as ManagedIdentityClientId",
            ),
            _ => Ok(()),
        }
    }

    /// The setting that names it.
    pub(super) fn setting(&self) -> Option<&'static str> {
        match self {
            Self::System => None,
            Self::ClientId(_) => Some(CLIENT_ID),
            Self::ObjectId(_) => Some(OBJECT_ID),
            Self::ResourceId(_) => Some(RESOURCE_ID),
        }
    }

    /// For messages.
    pub(super) fn shown(&self) -> String {
        match self {
            Self::System => "the machine's own managed identity".to_owned(),
            Self::ClientId(id) | Self::ObjectId(id) | Self::ResourceId(id) => format!("managed identity {id}"),
        }
    }

    /// What a host is asked with: its names for a client id, an object id and a resource id.
    pub(super) fn parameter<'a>(&'a self, names: [&'static str; 3]) -> Option<(&'static str, &'a str)> {
        let [client, object, resource] = names;
        match self {
            Self::System => None,
            Self::ClientId(id) => Some((client, id)),
            Self::ObjectId(id) => Some((object, id)),
            Self::ResourceId(id) => Some((resource, id)),
        }
    }
}
