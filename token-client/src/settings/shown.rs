//! Options as data that can be shown: PascalCase names as in the file, what may not be seen as `***`.

use credential_core::source::{Entry, Value};
use credential_core::{CredentialDescription, Setting, SettingKind, SourceRegistry};
use serde::Serialize;
use serde::ser::SerializeMap;

use super::acquire_token::AcquireTokenOptions;
use super::application::ApplicationOptions;
use super::bind::{Located, TextMap};
use super::downstream::DownstreamOptions;
use super::key;
use super::sight::{HIDDEN, Sight};

/// A value that can be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shown {
    /// `null`.
    Null,
    /// Text; `***` for what may not be seen.
    Text(String),
    /// A flag.
    Flag(bool),
    /// A list.
    List(Vec<Self>),
    /// An object, in order.
    Map(Vec<(String, Self)>),
}

impl Serialize for Shown {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Text(text) => serializer.serialize_str(text),
            Self::Flag(flag) => serializer.serialize_bool(*flag),
            Self::List(list) => list.serialize(serializer),
            Self::Map(pairs) => {
                let mut map = serializer.serialize_map(Some(pairs.len()))?;
                for (name, value) in pairs {
                    map.serialize_entry(name, value)?;
                }
                map.end()
            }
        }
    }
}

/// Collects what is set in one section, as it may be seen.
struct Fields<'a> {
    sight: Sight<'a>,
    list: Vec<(String, Shown)>,
}

impl<'a> Fields<'a> {
    fn of(sight: Sight<'a>) -> Self {
        Self { sight, list: Vec::new() }
    }

    fn push(&mut self, name: &str, value: Shown) {
        self.list.push((name.to_owned(), value));
    }

    fn text(&mut self, name: &str, option: Option<&Located<String>>) {
        if let Some(located) = option {
            self.push(name, Shown::Text(self.sight.child(name).show(&located.value)));
        }
    }

    /// Text whose absence says something too.
    fn nullable(&mut self, name: &str, option: Option<&Located<String>>) {
        match option {
            Some(_) => self.text(name, option),
            None => self.push(name, Shown::Null),
        }
    }

    fn flag(&mut self, name: &str, option: Option<&Located<bool>>) {
        if let Some(located) = option {
            self.push(name, Shown::Flag(located.value));
        }
    }

    fn list(&mut self, name: &str, option: Option<&Located<Vec<String>>>) {
        if let Some(located) = option {
            let sight = self.sight.child(name);
            self.push(name, Shown::List(located.value.iter().map(|one| Shown::Text(sight.show(one))).collect()));
        }
    }

    /// Names that somebody else has chosen; their values are nobody's to show.
    fn map(&mut self, name: &str, option: Option<&Located<TextMap>>) {
        if let Some(located) = option {
            let sight = self.sight.child(name);
            let pairs = located.value.iter().map(|(key, value)| {
                let shown = value.as_ref().map_or(Shown::Null, |value| Shown::Text(sight.child(key).show(value)));
                (key.clone(), shown)
            });
            self.push(name, Shown::Map(pairs.collect()));
        }
    }

    fn credentials(&mut self, name: &str, is_there: bool, list: &[CredentialDescription], sources: &SourceRegistry) {
        if is_there {
            self.push(name, Shown::List(list.iter().map(|one| credential(one, sources)).collect()));
        }
    }
}

/// An entry under the names that its settings are declared by; any other key as it was written.
fn credential(description: &CredentialDescription, sources: &SourceRegistry) -> Shown {
    let mut fields = Fields::of(Sight::Entry(sources));
    fields.push("SourceType", Shown::Text(description.source_type().as_str().to_owned()));
    let others = description.settings().iter().filter(|entry| !key::same(&entry.name, "SourceType"));
    fields.list.extend(others.map(|entry| named(entry, fields.sight)));
    Shown::Map(fields.list)
}

/// A setting of an entry, below a place that may be seen so.
fn named(entry: &Entry, outer: Sight<'_>) -> (String, Shown) {
    let setting = outer.declaration(&entry.name);
    let sight = outer.child(&entry.name);
    let shown = match &entry.value {
        Value::Text(text) => flag(setting, text.expose()).unwrap_or_else(|| Shown::Text(sight.show(text.expose()))),
        Value::Map(members) => match sight {
            Sight::List => Shown::List(members.iter().map(|element| named(element, sight).1).collect()),
            Sight::Section(..) | Sight::Entry(_) | Sight::Nested(..) => {
                Shown::Map(members.iter().map(|member| named(member, sight)).collect())
            }
            _ => Shown::Text(HIDDEN.to_owned()),
        },
    };
    (setting.map_or(&*entry.name, |setting| setting.name).to_owned(), shown)
}

/// The flags of an entry are flags in JSON too, when they are one.
fn flag(setting: Option<Setting>, text: &str) -> Option<Shown> {
    let text = text.trim();
    match setting?.kind {
        SettingKind::Flag if text.eq_ignore_ascii_case("true") => Some(Shown::Flag(true)),
        SettingKind::Flag if text.eq_ignore_ascii_case("false") => Some(Shown::Flag(false)),
        _ => None,
    }
}

impl ApplicationOptions {
    /// What is set, under the names of the file. A value is shown only where its key is a declared setting
    /// that is not secret; the sources declare those of the entries.
    pub fn shown(&self, sources: &SourceRegistry) -> Shown {
        let mut fields = Fields::of(Sight::application(sources));
        fields.text("Authority", self.authority.as_ref());
        fields.text("Instance", self.instance.as_ref());
        fields.text("TenantId", self.tenant_id.as_ref());
        fields.text("ClientId", self.client_id.as_ref());
        fields.text("Domain", self.domain.as_ref());
        fields.text("SignUpSignInPolicyId", self.sign_up_sign_in_policy_id.as_ref());
        fields.text("EditProfilePolicyId", self.edit_profile_policy_id.as_ref());
        fields.text("ResetPasswordPolicyId", self.reset_password_policy_id.as_ref());
        fields.text("AppHomeTenantId", self.app_home_tenant_id.as_ref());
        fields.text("AzureRegion", self.azure_region.as_ref());
        fields.list("ClientCapabilities", self.client_capabilities.as_ref());
        fields.flag("SendX5C", self.send_x5c.as_ref());
        fields.map("ExtraQueryParameters", self.extra_query_parameters.as_ref());
        fields.credentials("ClientCredentials", self.has_credential_list, &self.credentials, sources);
        let decryption = &self.token_decryption_credentials;
        fields.credentials("TokenDecryptionCredentials", self.has_token_decryption_list, decryption, sources);
        fields.text("Audience", self.audience.as_ref());
        fields.list("Audiences", self.audiences.as_ref());
        fields.flag("AllowWebApiToBeAuthorizedByACL", self.allow_web_api_to_be_authorized_by_acl.as_ref());
        fields.flag("WithSpaAuthCode", self.with_spa_auth_code.as_ref());
        fields.flag("EnablePiiLogging", self.enable_pii_logging.as_ref());
        fields.text("Name", self.name.as_ref());
        fields.text("ErrorPath", self.error_path.as_ref());
        fields.text("ResetPasswordPath", self.reset_password_path.as_ref());
        Shown::Map(fields.list)
    }
}

impl DownstreamOptions {
    /// What is set, and defaults, under the names of the file.
    pub fn shown(&self) -> Shown {
        let mut fields = Fields::of(Sight::downstream());
        fields.text("BaseUrl", self.base_url.as_ref());
        fields.nullable("RelativePath", self.relative_path.as_ref());
        fields.list("Scopes", self.scopes.as_ref());
        fields.flag("RequestAppToken", self.request_app_token.as_ref());
        fields.flag("Anonymous", self.anonymous.as_ref());
        fields.text("HttpMethod", Some(&self.http_method));
        fields.nullable("AcceptHeader", self.accept_header.as_ref());
        fields.nullable("ContentType", self.content_type.as_ref());
        fields.text("ProtocolScheme", Some(&self.protocol_scheme));
        fields.map("ExtraHeaderParameters", self.extra_header_parameters.as_ref());
        fields.map("ExtraQueryParameters", self.extra_query_parameters.as_ref());
        let options = self.acquire_token_options.shown();
        if options != Shown::Map(Vec::new()) {
            fields.push("AcquireTokenOptions", options);
        }
        Shown::Map(fields.list)
    }
}

impl AcquireTokenOptions {
    /// What is set, under the names of the file.
    pub fn shown(&self) -> Shown {
        let mut fields = Fields::of(Sight::downstream().child("AcquireTokenOptions"));
        fields.text("Tenant", self.tenant.as_ref());
        fields.text("AuthenticationOptionsName", self.authentication_options_name.as_ref());
        fields.text("Claims", self.claims.as_ref());
        fields.text("ClaimsFromClient", self.claims_from_client.as_ref());
        fields.text("CorrelationId", self.correlation_id.as_ref());
        fields.map("ExtraHeadersParameters", self.extra_headers_parameters.as_ref());
        fields.map("ExtraParameters", self.extra_parameters.as_ref());
        fields.map("ExtraQueryParameters", self.extra_query_parameters.as_ref());
        fields.text("FmiPath", self.fmi_path.as_ref());
        fields.flag("ForceRefresh", self.force_refresh.as_ref());
        fields.text("LongRunningWebApiSessionKey", self.long_running_web_api_session_key.as_ref());
        if let Some(identity) = &self.managed_identity {
            let mut inner = Fields::of(fields.sight.child("ManagedIdentity"));
            inner.text("UserAssignedClientId", identity.user_assigned_client_id.as_ref());
            fields.push("ManagedIdentity", Shown::Map(inner.list));
        }
        fields.text("PopClaim", self.pop_claim.as_ref());
        fields.text("PopPublicKey", self.pop_public_key.as_ref());
        fields.text("UserFlow", self.user_flow.as_ref());
        Shown::Map(fields.list)
    }
}
