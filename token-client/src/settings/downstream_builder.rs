//! A downstream API's section, written in code.

use std::fmt;

use credential_core::source::Origin;
use credential_core::{Finding, Secret};

use super::configuration::{CODE, any_error};
use super::downstream::{DownstreamOptions, PARENT, bind_all};
use super::in_code::Writer;
use super::tree::Tree;
use crate::{ConfigurationError, ManagedIdentityId};

/// A downstream API's section, written in code: the same settings, checked as those of a file are, over what
/// files and variables say of the same API. `Debug` shows the names of the settings alone.
///
/// ```
/// use token_client::settings::DownstreamOptions;
///
/// let inventory = DownstreamOptions::builder()
///     .base_url("https://inventory.contoso.com/v1/")
///     .scopes(["api://inventory/.default"])
///     .app_token();
/// # let _ = inventory;
/// ```
#[derive(Clone, Default)]
#[must_use]
pub struct DownstreamBuilder {
    values: Vec<(Vec<String>, Secret)>,
    scopes: Option<Vec<String>>,
}

impl DownstreamOptions {
    /// Writes a section in code, for [`TokenClientBuilder::downstream`](crate::TokenClientBuilder::downstream).
    pub fn builder() -> DownstreamBuilder {
        DownstreamBuilder::default()
    }
}

impl DownstreamBuilder {
    /// The address of the API (`BaseUrl`).
    pub fn base_url(self, url: impl Into<String>) -> Self {
        self.set("BaseUrl", url.into())
    }

    /// What the token is for (`Scopes`), in the place of any list below.
    pub fn scopes<S: Into<String>>(mut self, scopes: impl IntoIterator<Item = S>) -> Self {
        self.scopes = Some(scopes.into_iter().map(Into::into).collect());
        self
    }

    /// What follows the address in a call that names no path of its own (`RelativePath`).
    pub fn relative_path(self, path: impl Into<String>) -> Self {
        self.set("RelativePath", path.into())
    }

    /// Called as the application (`"RequestAppToken": true`).
    pub fn app_token(self) -> Self {
        self.set("RequestAppToken", "true")
    }

    /// Called on behalf of users alone (`"RequestAppToken": false`).
    pub fn user_token(self) -> Self {
        self.set("RequestAppToken", "false")
    }

    /// Called without a token (`"Anonymous": true`).
    pub fn anonymous(self) -> Self {
        self.set("Anonymous", "true")
    }

    /// The HTTP method of a call that names none (`HttpMethod`).
    pub fn method(self, method: impl Into<String>) -> Self {
        self.set("HttpMethod", method.into())
    }

    /// The Accept header (`AcceptHeader`).
    pub fn accept(self, media_type: impl Into<String>) -> Self {
        self.set("AcceptHeader", media_type.into())
    }

    /// The body's media type (`ContentType`).
    pub fn content_type(self, media_type: impl Into<String>) -> Self {
        self.set("ContentType", media_type.into())
    }

    /// A further header of each call (`ExtraHeaderParameters`).
    pub fn header(self, name: impl Into<String>, value: impl Into<Secret>) -> Self {
        self.at(["ExtraHeaderParameters".to_owned(), name.into()], value)
    }

    /// A query parameter of each call (`ExtraQueryParameters`).
    pub fn query(self, name: impl Into<String>, value: impl Into<Secret>) -> Self {
        self.at(["ExtraQueryParameters".to_owned(), name.into()], value)
    }

    /// The tenant that the token comes from (`AcquireTokenOptions:Tenant`).
    pub fn tenant(self, tenant: impl Into<String>) -> Self {
        self.set("AcquireTokenOptions:Tenant", tenant.into())
    }

    /// Called with a managed identity of the machine in place of the application
    /// (`AcquireTokenOptions:ManagedIdentity`).
    pub fn managed_identity(self, identity: ManagedIdentityId) -> Self {
        let (name, id) = match identity {
            ManagedIdentityId::SystemAssigned => ("UserAssignedClientId", String::new()),
            ManagedIdentityId::ClientId(id) => ("UserAssignedClientId", id),
            ManagedIdentityId::ObjectId(id) => ("UserAssignedObjectId", id),
            ManagedIdentityId::ResourceId(id) => ("UserAssignedResourceId", id),
        };
        self.set(&format!("AcquireTokenOptions:ManagedIdentity:{name}"), id)
    }

    /// Any setting of the section by its name or path: `set("AcquireTokenOptions:FmiPath", "a/b")`.
    pub fn set(self, path: &str, value: impl Into<Secret>) -> Self {
        self.at(path.split(super::key::SEPARATOR).map(str::to_owned), value)
    }

    /// The options of an API that stands in no section, for [`DownstreamApi::new`](crate::DownstreamApi::new). What is
    /// noteworthy about them goes to the log.
    ///
    /// # Errors
    /// Everything that is wrong with them, at once.
    pub fn build(&self, name: &str) -> Result<DownstreamOptions, ConfigurationError> {
        let mut said = Vec::new();
        let mut writer = Writer::new(CODE, &mut said);
        self.write(&[PARENT, name], &mut writer);
        let tree = Tree::merge(vec![writer.into_layer()]);
        let options = bind_all(&tree, "", &mut said).pop();
        if !any_error(&said)
            && let Some(options) = options
        {
            said.iter().for_each(|finding| tracing::warn!(api = name, %finding, "a downstream API"));
            return Ok(options);
        }
        if said.is_empty() {
            let missing = Finding::error("missing-setting", "BaseUrl is missing: there is nothing to call");
            said.push(missing.at(format!("{PARENT}:{name}:BaseUrl"), Origin::Code).remedy("call base_url(..)"));
        }
        Err(ConfigurationError::new(said))
    }

    fn at(mut self, path: impl IntoIterator<Item = String>, value: impl Into<Secret>) -> Self {
        self.values.push((path.into_iter().collect(), value.into()));
        self
    }

    /// Writes the section at its path.
    pub(crate) fn write(&self, section: &[&str], writer: &mut Writer<'_>) {
        for (path, value) in &self.values {
            let path: Vec<&str> = section.iter().copied().chain(path.iter().map(String::as_str)).collect();
            writer.text(&path, value, &Origin::Code);
        }
        if let Some(scopes) = &self.scopes {
            writer.list(&[section, &["Scopes"]].concat(), scopes);
        }
    }
}

impl fmt::Debug for DownstreamBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<String> = self.values.iter().map(|(path, _)| path.join(":")).collect();
        f.debug_struct("DownstreamBuilder").field("values", &names).field("scopes", &self.scopes).finish()
    }
}
