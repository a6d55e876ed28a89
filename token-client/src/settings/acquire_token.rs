//! `AcquireTokenOptions` of a downstream API: how its token is asked for.

use credential_core::Finding;
use credential_core::text::guid;

use super::bind::{Binder, Located, Section, TextMap};
use super::codes;
use super::json::is_object;
use super::known::{ACQUIRE_TOKEN_SETTINGS, MANAGED_IDENTITY_SETTINGS};
use crate::ManagedIdentityId;

/// How a token is asked for. `Debug` shows where settings stand and no value, as [`Located`] does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct AcquireTokenOptions {
    /// The tenant that the token comes from.
    pub tenant: Option<Located<String>>,
    /// The name of another application's options.
    pub authentication_options_name: Option<Located<String>>,
    /// Claims to ask for, as JSON.
    pub claims: Option<Located<String>>,
    /// Claims for the client assertion, as JSON.
    pub claims_from_client: Option<Located<String>>,
    /// The id that the authority logs the request under, as `8-4-4-4-12` lower-case hex.
    pub correlation_id: Option<Located<String>>,
    /// Further headers of the token request.
    pub extra_headers_parameters: Option<Located<TextMap>>,
    /// Further parameters for extensions.
    pub extra_parameters: Option<Located<TextMap>>,
    /// Query parameters of the token request.
    pub extra_query_parameters: Option<Located<TextMap>>,
    /// The path of a federated managed identity.
    pub fmi_path: Option<Located<String>>,
    /// Whether the cache is passed by.
    pub force_refresh: Option<Located<bool>>,
    /// The session of a long-running process on behalf of a user.
    pub long_running_web_api_session_key: Option<Located<String>>,
    /// The managed identity that calls instead of the application.
    pub managed_identity: Option<ManagedIdentityOptions>,
    /// The claim of a signed HTTP request.
    pub pop_claim: Option<Located<String>>,
    /// The key of a signed HTTP request.
    pub pop_public_key: Option<Located<String>>,
    /// The Azure AD B2C user flow.
    pub user_flow: Option<Located<String>>,
}

/// A managed identity that calls instead of the application: the machine's own where none of the ids is there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ManagedIdentityOptions {
    /// The path of the section.
    pub path: String,
    /// The client id of a user-assigned identity.
    pub user_assigned_client_id: Option<Located<String>>,
    /// The object (principal) id of a user-assigned identity.
    pub user_assigned_object_id: Option<Located<String>>,
    /// The resource id of a user-assigned identity.
    pub user_assigned_resource_id: Option<Located<String>>,
}

impl ManagedIdentityOptions {
    /// Which identity it is.
    pub fn id(&self) -> ManagedIdentityId {
        let said = |id: &Option<Located<String>>| filled(id).map(|id| id.value.trim().to_owned());
        said(&self.user_assigned_client_id)
            .map(ManagedIdentityId::ClientId)
            .or_else(|| said(&self.user_assigned_object_id).map(ManagedIdentityId::ObjectId))
            .or_else(|| said(&self.user_assigned_resource_id).map(ManagedIdentityId::ResourceId))
            .unwrap_or_default()
    }

    /// The setting that names it.
    pub(crate) fn named_by(&self) -> Option<&Located<String>> {
        let all = [&self.user_assigned_client_id, &self.user_assigned_object_id, &self.user_assigned_resource_id];
        all.into_iter().find_map(filled)
    }
}

/// An id that says something.
fn filled(id: &Option<Located<String>>) -> Option<&Located<String>> {
    id.as_ref().filter(|id| !id.value.trim().is_empty())
}

/// Binds the options of a downstream section.
pub(crate) fn bind(section: &Section<'_>, outer: &mut Binder<'_>) -> AcquireTokenOptions {
    let Some(section) = outer.object(section, "AcquireTokenOptions") else {
        return AcquireTokenOptions::default();
    };
    let mut binder = Binder { known: ACQUIRE_TOKEN_SETTINGS, what: "AcquireTokenOptions", said: outer.said };
    binder.check_keys(&section);
    let empty = Finding::warning(codes::EMPTY_SETTING, "ForceRefresh is empty, and counts as not set");
    AcquireTokenOptions {
        tenant: binder.text(&section, "Tenant"),
        authentication_options_name: binder.text(&section, "AuthenticationOptionsName"),
        claims: claims(&mut binder, &section, "Claims"),
        claims_from_client: claims(&mut binder, &section, "ClaimsFromClient"),
        correlation_id: correlation_id(&mut binder, &section),
        extra_headers_parameters: binder.text_map(&section, "ExtraHeadersParameters"),
        extra_parameters: binder.text_map(&section, "ExtraParameters"),
        extra_query_parameters: binder.text_map(&section, "ExtraQueryParameters"),
        fmi_path: binder.text(&section, "FmiPath"),
        force_refresh: binder.flag(&section, "ForceRefresh", empty.remedy("write true or false")),
        long_running_web_api_session_key: binder.text(&section, "LongRunningWebApiSessionKey"),
        managed_identity: managed_identity(&mut binder, &section),
        pop_claim: binder.text(&section, "PopClaim"),
        pop_public_key: binder.text(&section, "PopPublicKey"),
        user_flow: binder.text(&section, "UserFlow"),
    }
}

fn managed_identity(outer: &mut Binder<'_>, section: &Section<'_>) -> Option<ManagedIdentityOptions> {
    let section = section.child("ManagedIdentity");
    if !section.has_children() {
        if section.text().is_some_and(|text| !text.is_empty()) {
            let finding = Finding::error(codes::WRONG_TYPE, "ManagedIdentity is text; an object is expected");
            let remedy = "write {\"UserAssignedClientId\": \"...\"}, with null in it for the machine's own identity";
            outer.say(&section, finding.remedy(remedy));
        }
        return None;
    }
    let mut binder = Binder { known: MANAGED_IDENTITY_SETTINGS, what: "ManagedIdentity", said: outer.said };
    binder.check_keys(&section);
    let options = ManagedIdentityOptions {
        user_assigned_client_id: binder.text(&section, "UserAssignedClientId"),
        user_assigned_object_id: binder.text(&section, "UserAssignedObjectId"),
        user_assigned_resource_id: binder.text(&section, "UserAssignedResourceId"),
        path: section.path,
    };
    check_identity(&mut binder, &options);
    Some(options)
}

/// One id at most, and of the kind that its setting says.
fn check_identity(binder: &mut Binder<'_>, options: &ManagedIdentityOptions) {
    let ManagedIdentityOptions { path: _, user_assigned_client_id, user_assigned_object_id, user_assigned_resource_id } =
        options;
    let all = [
        ("UserAssignedClientId", user_assigned_client_id),
        ("UserAssignedObjectId", user_assigned_object_id),
        ("UserAssignedResourceId", user_assigned_resource_id),
    ];
    let said: Vec<(&str, &Located<String>)> =
        all.into_iter().filter_map(|(name, id)| Some((name, filled(id)?))).collect();
    let mut say = |id: &Located<String>, finding: Finding| {
        binder.said.push(finding.at(&id.path, id.origin.clone()));
    };
    if let [(one, _), (other, second), ..] = said.as_slice() {
        let message = format!("{other} and {one} both name the managed identity");
        say(second, Finding::error(codes::WRONG_VALUE, message).remedy("keep one of them"));
    }
    for (name, id) in said {
        let is_path = id.value.trim().starts_with('/');
        let (what, remedy) = match (name, is_path) {
            ("UserAssignedResourceId", false) => (
                "it is not a resource id",
                "write /subscriptions/.../userAssignedIdentities/NAME, or a client id as UserAssignedClientId",
            ),
            ("UserAssignedResourceId", true) | (_, false) => continue,
            (_, true) => ("it is a resource id", "write it as UserAssignedResourceId"),
        };
        say(id, Finding::error(codes::WRONG_VALUE, format!("{name} is not valid: {what}")).remedy(remedy));
    }
}

/// Claims are JSON in text; an object is what people write first.
fn claims(binder: &mut Binder<'_>, section: &Section<'_>, name: &str) -> Option<Located<String>> {
    let claims = binder.text(section, name)?;
    if !claims.value.is_empty() && !is_object(&claims.value) {
        let finding = Finding::error(codes::WRONG_VALUE, format!("{name} is not a valid JSON object in text"));
        binder.say(&section.child(name), finding.remedy("write \"{\\\"access_token\\\": {...}}\""));
    }
    Some(claims)
}

/// A GUID in any form that .NET reads, white space around it cut.
fn correlation_id(binder: &mut Binder<'_>, section: &Section<'_>) -> Option<Located<String>> {
    let mut text = binder.text(section, "CorrelationId")?;
    if text.value.is_empty() {
        return None;
    }
    match guid::normal(text.value.trim()) {
        Some(normal) => {
            text.value = normal;
            Some(text)
        }
        None => {
            let finding = Finding::error(codes::WRONG_VALUE, "CorrelationId is not a valid GUID");
            binder.say(
                &section.child("CorrelationId"),
                finding.remedy("write it as 00000000-0000-0000-0000-000000000000"),
            );
            None
        }
    }
}
