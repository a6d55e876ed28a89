//! Options as data that can be shown: PascalCase names as in the file, secrets as `***`.

use credential_core::{CredentialDescription, Entry, Value};
use serde::Serialize;
use serde::ser::SerializeMap;

use super::acquire_token::AcquireTokenOptions;
use super::application::ApplicationOptions;
use super::bind::{Located, TextMap};
use super::downstream::DownstreamOptions;
use super::key;
use super::known::is_secret;

/// A value that can be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shown {
    /// `null`.
    Null,
    /// Text; `***` for a secret.
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

/// Collects what is set.
#[derive(Default)]
struct Fields(Vec<(String, Shown)>);

impl Fields {
    fn push(&mut self, name: &str, value: Shown) {
        self.0.push((name.to_owned(), value));
    }

    fn text(&mut self, name: &str, option: Option<&Located<String>>) {
        if let Some(located) = option {
            self.push(name, text(&located.path, &located.value));
        }
    }

    fn flag(&mut self, name: &str, option: Option<&Located<bool>>) {
        if let Some(located) = option {
            self.push(name, Shown::Flag(located.value));
        }
    }

    fn list(&mut self, name: &str, option: Option<&Located<Vec<String>>>) {
        if let Some(located) = option {
            self.push(name, Shown::List(located.value.iter().cloned().map(Shown::Text).collect()));
        }
    }

    fn map(&mut self, name: &str, option: Option<&Located<TextMap>>) {
        if let Some(located) = option {
            let pairs = located.value.iter().map(|(key, value)| {
                let shown = value.as_ref().map_or(Shown::Null, |value| text(&format!("{}:{key}", located.path), value));
                (key.clone(), shown)
            });
            self.push(name, Shown::Map(pairs.collect()));
        }
    }

    fn credentials(&mut self, name: &str, is_there: bool, list: &[CredentialDescription]) {
        if is_there {
            self.push(name, Shown::List(list.iter().map(credential).collect()));
        }
    }
}

fn text(path: &str, value: &str) -> Shown {
    Shown::Text(if is_secret(path) { "***".to_owned() } else { value.to_owned() })
}

fn credential(description: &CredentialDescription) -> Shown {
    let mut fields = Fields::default();
    fields.push("SourceType", Shown::Text(description.source_type().as_str().to_owned()));
    for entry in description.settings().iter().filter(|entry| !entry.name.eq_ignore_ascii_case("SourceType")) {
        fields.push(canonical(&entry.name), setting(description.path(), entry));
    }
    Shown::Map(fields.0)
}

/// The documented spelling of an entry's key (`CredentialDescription` in
/// Microsoft.Identity.Abstractions); any other key as it was written.
fn canonical(name: &str) -> &str {
    const NAMES: [&str; 20] = [
        "Algorithm",
        "Base64EncodedValue",
        "CertificateDiskPath",
        "CertificateDistinguishedName",
        "CertificatePassword",
        "CertificateStorePath",
        "CertificateSubjectName",
        "CertificateThumbprint",
        "ClientSecret",
        "CustomSignedAssertionProviderData",
        "CustomSignedAssertionProviderName",
        "DecryptKeysAuthenticationOptions",
        "KeyVaultCertificateName",
        "KeyVaultUrl",
        "ManagedIdentityClientId",
        "SignedAssertionFileDiskPath",
        "Skip",
        "TokenExchangeAuthority",
        "TokenExchangeUrl",
        "UseBoundCredential",
    ];
    NAMES.into_iter().find(|known| key::same(known, name)).unwrap_or(name)
}

/// The flags of an entry are flags in JSON too, when they are one.
fn flag(name: &str, text: &str) -> Option<Shown> {
    let flags = ["Skip", "UseBoundCredential", "RequestAppToken", "ForceRefresh"];
    let text = text.trim();
    let is_flag = flags.iter().any(|known| key::same(known, name));
    match text.eq_ignore_ascii_case("true") {
        _ if !is_flag => None,
        true => Some(Shown::Flag(true)),
        false => text.eq_ignore_ascii_case("false").then_some(Shown::Flag(false)),
    }
}

fn setting(path: &str, entry: &Entry) -> Shown {
    let path = format!("{path}:{}", entry.name);
    match &entry.value {
        Value::Text(secret) => flag(&entry.name, secret.expose()).unwrap_or_else(|| text(&path, secret.expose())),
        Value::Map(entries) => {
            Shown::Map(entries.iter().map(|entry| (entry.name.clone(), setting(&path, entry))).collect())
        }
    }
}

impl ApplicationOptions {
    /// What is set, under the names of the file.
    pub fn shown(&self) -> Shown {
        let mut fields = Fields::default();
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
        fields.credentials("ClientCredentials", self.has_credential_list, &self.credentials);
        let decryption = &self.token_decryption_credentials;
        fields.credentials("TokenDecryptionCredentials", self.has_token_decryption_list, decryption);
        fields.text("Audience", self.audience.as_ref());
        fields.list("Audiences", self.audiences.as_ref());
        fields.flag("AllowWebApiToBeAuthorizedByACL", self.allow_web_api_to_be_authorized_by_acl.as_ref());
        fields.flag("WithSpaAuthCode", self.with_spa_auth_code.as_ref());
        fields.flag("EnablePiiLogging", self.enable_pii_logging.as_ref());
        fields.text("Name", self.name.as_ref());
        fields.text("ErrorPath", self.error_path.as_ref());
        fields.text("ResetPasswordPath", self.reset_password_path.as_ref());
        Shown::Map(fields.0)
    }
}

impl DownstreamOptions {
    /// What is set, and defaults, under the names of the file.
    pub fn shown(&self) -> Shown {
        let mut fields = Fields::default();
        let nullable = |option: &Option<Located<String>>| {
            option.as_ref().map_or(Shown::Null, |located| Shown::Text(located.value.clone()))
        };
        fields.text("BaseUrl", self.base_url.as_ref());
        fields.push("RelativePath", nullable(&self.relative_path));
        fields.list("Scopes", self.scopes.as_ref());
        fields.flag("RequestAppToken", self.request_app_token.as_ref());
        fields.flag("Anonymous", self.anonymous.as_ref());
        fields.text("HttpMethod", Some(&self.http_method));
        fields.push("AcceptHeader", nullable(&self.accept_header));
        fields.push("ContentType", nullable(&self.content_type));
        fields.text("ProtocolScheme", Some(&self.protocol_scheme));
        fields.map("ExtraHeaderParameters", self.extra_header_parameters.as_ref());
        fields.map("ExtraQueryParameters", self.extra_query_parameters.as_ref());
        let options = self.acquire_token_options.shown();
        if options != Shown::Map(Vec::new()) {
            fields.push("AcquireTokenOptions", options);
        }
        Shown::Map(fields.0)
    }
}

impl AcquireTokenOptions {
    /// What is set, under the names of the file.
    pub fn shown(&self) -> Shown {
        let mut fields = Fields::default();
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
            let mut inner = Fields::default();
            inner.text("UserAssignedClientId", identity.user_assigned_client_id.as_ref());
            fields.push("ManagedIdentity", Shown::Map(inner.0));
        }
        fields.text("PopClaim", self.pop_claim.as_ref());
        fields.text("PopPublicKey", self.pop_public_key.as_ref());
        fields.text("UserFlow", self.user_flow.as_ref());
        Shown::Map(fields.0)
    }
}
