//! Who issues the tokens: from the settings to the addresses that requests go to.
//!
//! What the settings say is in [`Authority`]; nobody is asked for it. What one token request is sent to, the client
//! learns when it sends it.
//!
//! ```no_run
//! # async fn example() -> Result<(), token_client::ConfigurationError> {
//! let client = token_client::TokenClient::from_file("appsettings.json").await?;
//! println!("{:?}", client.authority().endpoints().token);
//! # Ok(()) }
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
mod names;
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

#[cfg(test)]
pub(crate) use endpoints::Endpoints;
pub use endpoints::OfflineEndpoints;
pub(crate) use endpoints::{merge_query, with_query};
pub(crate) use error::AuthorityError;
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
    /// The same of the tenant.
    tenant_place: Option<(String, Origin)>,
    findings: Vec<Finding>,
    /// Why there is none, where the settings name none and need none.
    absent: Option<Box<Finding>>,
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
            tenant_place: None,
            findings: Vec::new(),
            absent: None,
            preferred: Arc::default(),
            metadata: Arc::default(),
            detected: Arc::default(),
        }
    }

    /// Stands where nobody issues tokens; whoever asks for its endpoints learns why.
    pub(crate) fn absent(why: Finding) -> Self {
        Self { absent: Some(Box::new(why)), ..Self::empty() }
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
