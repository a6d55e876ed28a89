//! Who issues the tokens: from the settings to the addresses that requests go to.
//!
//! [`Authority::from_options`] reads the settings and asks nobody; [`Authority::resolve`] gives the
//! endpoints for one token request.
//!
//! ```
//! use std::collections::BTreeMap;
//! use token_client::authority::Authority;
//! use token_client::settings::{Configuration, Location};
//!
//! let text = r#"{"AzureAd": {"Instance": "https://login.windows.net/", "TenantId": "contoso.com", "ClientId": "app1"}}"#;
//! let configuration = Configuration::from_json(text, &Location::default(), &BTreeMap::new());
//! let authority = Authority::from_options(&configuration.application).unwrap();
//! let token = authority.endpoints().token.unwrap();
//! assert_eq!(token, "https://login.microsoftonline.com/contoso.com/oauth2/v2.0/token");
//! ```

mod address;
mod cell;
mod clouds;
pub mod codes;
mod discovery;
mod endpoints;
mod error;
#[cfg(test)]
mod golden;
mod kind;
mod metadata;
mod options;
mod region;
mod tenant;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use credential_core::Finding;
use credential_core::source::{Application, Origin};

use crate::settings::ApplicationOptions;
use address::Address;
use cell::Cell;
use region::Region;

pub use endpoints::{Endpoints, OfflineEndpoints};
pub(crate) use endpoints::{merge_query, with_query};
pub use error::AuthorityError;
pub(crate) use error::UNREACHABLE;
pub use kind::AuthorityKind;
pub(crate) use tenant::check as check_tenant;

/// Who issues the tokens. Cheap to clone; clones share what was asked.
#[derive(Clone, Debug)]
pub struct Authority {
    kind: AuthorityKind,
    address: Address,
    tenant: Option<String>,
    policy: Option<String>,
    home_tenant: Option<String>,
    region: Region,
    /// The setting with the address, and where it stands.
    place: Option<(String, Origin)>,
    findings: Vec<Finding>,
    preferred: Arc<Cell<String>>,
    metadata: Arc<Cell<metadata::Metadata>>,
    detected: Arc<Cell<Option<String>>>,
}

impl Authority {
    fn empty() -> Self {
        Self {
            kind: AuthorityKind::Entra,
            address: Address {
                scheme: String::new(),
                host: String::new(),
                loopback: false,
                segments: Vec::new(),
                query: None,
            },
            tenant: None,
            policy: None,
            home_tenant: None,
            region: Region::Unset,
            place: None,
            findings: Vec::new(),
            preferred: Arc::default(),
            metadata: Arc::default(),
            detected: Arc::default(),
        }
    }

    /// Its kind.
    pub fn kind(&self) -> AuthorityKind {
        self.kind
    }

    /// The configured tenant, in lower case; `common` and `organizations` too.
    pub fn tenant(&self) -> Option<&str> {
        self.tenant.as_deref()
    }

    /// The name of the cloud, for a host that is built in: `public`, `china`, `usgov`, ...
    pub fn cloud(&self) -> Option<&'static str> {
        let host = &self.address.host;
        clouds::of(host).or_else(|| clouds::of_regional(host)).map(|cloud| cloud.name)
    }

    /// Warnings and hints about how it is written.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// The application as sources of credentials see it.
    pub fn application(&self, options: &ApplicationOptions) -> Application {
        let mut application = Application::new(options.client_id_text(), self.endpoints().authority);
        if let Some(tenant) = &self.tenant {
            application = application.tenant(tenant);
        }
        match self.cloud() {
            Some(cloud) => application.cloud(cloud),
            None => application,
        }
    }
}
