//! The options of an application: a section such as `AzureAd`.

use credential_core::source::Origin;
use credential_core::{CredentialDescription, Finding};

use super::bind::{Binder, Located, Section, TextMap};
use super::codes;
use super::credentials;
use super::known::APPLICATION_SETTINGS;
use super::refused;

/// What an application's section says. Only what is set is there; nothing is computed.
/// `Debug` shows where settings stand and no value, as [`Located`] does.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct ApplicationOptions {
    /// The path of the section.
    pub path: String,
    /// Where the section stands, if it is there.
    pub(crate) origin: Option<Origin>,
    /// The application (client) id.
    pub client_id: Option<Located<String>>,
    /// The tenant: an id or a domain name.
    pub tenant_id: Option<Located<String>>,
    /// The cloud's sign-in address.
    pub instance: Option<Located<String>>,
    /// Instance and tenant in one address, or another OpenID provider's.
    pub authority: Option<Located<String>>,
    /// The tenant's domain name.
    pub domain: Option<Located<String>>,
    /// The Azure AD B2C policy that makes the authority a B2C one.
    pub sign_up_sign_in_policy_id: Option<Located<String>>,
    /// The Azure AD B2C policy for editing a profile.
    pub edit_profile_policy_id: Option<Located<String>>,
    /// The Azure AD B2C policy for resetting a password.
    pub reset_password_policy_id: Option<Located<String>>,
    /// The tenant of app tokens when `tenant_id` names none.
    pub app_home_tenant_id: Option<Located<String>>,
    /// The region of the token endpoint, or `TryAutoDetect`.
    pub azure_region: Option<Located<String>>,
    /// What the client says it can do: `cp1`.
    pub client_capabilities: Option<Located<Vec<String>>>,
    /// Whether the certificate chain goes with each assertion.
    pub send_x5c: Option<Located<bool>>,
    /// Query parameters of requests to the authority.
    pub extra_query_parameters: Option<Located<TextMap>>,
    /// The credentials, in order. Unchecked: binding them to sources checks them.
    pub credentials: Vec<CredentialDescription>,
    /// Whether a list of credentials is there, empty or not.
    pub has_credential_list: bool,
    /// Credentials that incoming tokens are decrypted with.
    pub token_decryption_credentials: Vec<CredentialDescription>,
    /// Whether a list of those is there, empty or not.
    pub has_token_decryption_list: bool,
    /// The audience that incoming tokens must have.
    pub audience: Option<Located<String>>,
    /// The audiences that incoming tokens may have.
    pub audiences: Option<Located<Vec<String>>>,
    /// Whether tokens without scopes and roles are accepted.
    pub allow_web_api_to_be_authorized_by_acl: Option<Located<bool>>,
    /// Whether a code for a single-page application is asked for.
    pub with_spa_auth_code: Option<Located<bool>>,
    /// Whether the reference's logs show personal data.
    pub enable_pii_logging: Option<Located<bool>>,
    /// A name for the application.
    pub name: Option<Located<String>>,
    /// The path of a web app's error page.
    pub error_path: Option<Located<String>>,
    /// The path of a web app's page for resetting a password.
    pub reset_password_path: Option<Located<String>>,
}

impl ApplicationOptions {
    /// The client id; empty when there is none.
    pub fn client_id_text(&self) -> &str {
        self.client_id.as_ref().map_or("", |id| &id.value)
    }

    /// Whether the certificate chain goes with each assertion.
    pub fn sends_x5c(&self) -> bool {
        self.send_x5c.as_ref().is_some_and(|flag| flag.value)
    }

    /// Query parameters of requests to the authority, those that are `null` left out.
    pub fn extra_query(&self) -> Vec<(String, String)> {
        let all = self.extra_query_parameters.iter().flat_map(|map| &map.value);
        all.filter_map(|(name, value)| Some((name.clone(), value.clone()?))).collect()
    }
}

/// Binds the section.
pub(crate) fn bind(section: &Section<'_>, said: &mut Vec<Finding>) -> ApplicationOptions {
    let mut binder = Binder { known: APPLICATION_SETTINGS, what: "an application", said };
    binder.check_keys(section);
    let flag = |binder: &mut Binder<'_>, name: &str| {
        let empty = Finding::error(codes::WRONG_TYPE, format!("{name} is empty; true or false is expected"));
        binder.flag(section, name, empty.remedy("write true or false, or null to unset it"))
    };
    let mut options = ApplicationOptions {
        path: section.path.clone(),
        origin: section.node.map(|_| section.origin()),
        client_id: binder.text(section, "ClientId"),
        tenant_id: binder.text(section, "TenantId"),
        instance: binder.text(section, "Instance"),
        authority: binder.text(section, "Authority"),
        domain: binder.text(section, "Domain"),
        sign_up_sign_in_policy_id: binder.text(section, "SignUpSignInPolicyId"),
        edit_profile_policy_id: binder.text(section, "EditProfilePolicyId"),
        reset_password_policy_id: binder.text(section, "ResetPasswordPolicyId"),
        app_home_tenant_id: binder.text(section, "AppHomeTenantId"),
        azure_region: binder.text(section, "AzureRegion"),
        client_capabilities: binder.text_list(section, "ClientCapabilities"),
        send_x5c: flag(&mut binder, "SendX5C"),
        extra_query_parameters: binder.text_map(section, "ExtraQueryParameters"),
        audience: binder.text(section, "Audience"),
        audiences: binder.text_list(section, "Audiences"),
        allow_web_api_to_be_authorized_by_acl: flag(&mut binder, "AllowWebApiToBeAuthorizedByACL"),
        with_spa_auth_code: flag(&mut binder, "WithSpaAuthCode"),
        enable_pii_logging: flag(&mut binder, "EnablePiiLogging"),
        name: binder.text(section, "Name"),
        error_path: binder.text(section, "ErrorPath"),
        reset_password_path: binder.text(section, "ResetPasswordPath"),
        ..ApplicationOptions::default()
    };
    let lists = credentials::bind(section, &mut binder);
    options.has_credential_list = lists.has_credentials;
    options.credentials = lists.credentials;
    options.has_token_decryption_list = lists.has_token_decryption;
    options.token_decryption_credentials = lists.token_decryption;
    require(section, &options, &mut binder);
    refused::without_effect(section, &options, &mut binder);
    options
}

fn require(section: &Section<'_>, options: &ApplicationOptions, binder: &mut Binder<'_>) {
    if section.node.is_none() {
        return;
    }
    match &options.client_id {
        None => binder.say(
            section,
            Finding::error(codes::MISSING_SETTING, "ClientId is missing").remedy("add the application (client) id"),
        ),
        Some(id) if id.value.is_empty() => binder.say(
            &section.child("ClientId"),
            Finding::error(codes::EMPTY_SETTING, "ClientId is empty").remedy("set the application (client) id"),
        ),
        Some(_) => {}
    }
    if options.credentials.is_empty() {
        binder.say(
            section,
            Finding::warning(codes::NO_CREDENTIALS, "ClientCredentials is missing or empty: no token can be asked for")
                .remedy("add an entry to ClientCredentials"),
        );
    } else if options.credentials.iter().all(|entry| entry.flag("Skip")) {
        let first = options.credentials.iter().take(1);
        let place = |entry: &CredentialDescription| (entry.setting_path("Skip"), entry.setting_origin("Skip"));
        binder.said.extend(first.map(place).map(|(path, origin)| all_skipped().at(path, origin)));
    }
}

/// A list that has entries and none to try.
pub(crate) fn all_skipped() -> Finding {
    let message = "every entry of ClientCredentials says \"Skip\": true: no token can be asked for";
    Finding::error(codes::ALL_CREDENTIALS_SKIPPED, message)
        .remedy("remove \"Skip\": true from the entry that is to be used")
}
