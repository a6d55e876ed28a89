//! The settings of a service: `appsettings.json`, environment variables and arguments as one tree, and
//! what it says about an application and its downstream APIs.
//!
//! A file that works for Microsoft.Identity.Web works here, with the same meaning. Where that product
//! goes on in silence, there is a [`Finding`](credential_core::Finding); the whole table of differences
//! stands in the [`guide`].
//!
//! ```
//! use std::collections::BTreeMap;
//! use token_client::settings::{Configuration, Location};
//!
//! let text = r#"{
//!     "AzureAd": {
//!         "Instance": "https://login.microsoftonline.com/",
//!         "TenantId": "contoso.com",
//!         "ClientId": "app1", // comments and trailing commas are fine
//!         "ClientCredentials": [{ "SourceType": "ClientSecret", "ClientSecret": "s3cret" }],
//!     },
//!     "GraphBeta": { "BaseUrl": "https://graph.microsoft.com/beta", "Scopes": ["User.Read"] },
//! }"#;
//! let configuration = Configuration::from_json(text, &Location::default(), &BTreeMap::new());
//! assert!(configuration.ok(), "{:?}", configuration.findings);
//! assert_eq!(configuration.application.client_id_text(), "app1");
//! assert_eq!(configuration.downstream("graphbeta").unwrap().scope_list(), ["User.Read"]);
//! ```

mod acquire_token;
mod application;
mod audience;
mod bind;
pub mod codes;
mod configuration;
mod credentials;
pub(crate) mod decode;
pub(crate) mod downstream;
mod downstream_builder;
pub(crate) mod explained;
#[doc = include_str!("../../docs/federation.md")]
pub mod federation {}
#[doc = include_str!("../../docs/configuration.md")]
pub mod guide {}
pub(crate) mod in_code;
pub(crate) mod json;
mod json_fault;
pub(crate) mod key;
mod known;
mod location;
mod managed_identity;
mod misplaced;
pub(crate) mod names;
mod near_file;
mod no_section;
mod refused;
mod remains;
pub(crate) mod scopes;
mod shown;
mod sight;
mod strict;
#[cfg(test)]
mod tests;
mod tree;
mod variables;

pub use acquire_token::{AcquireTokenOptions, ManagedIdentityOptions};
pub use application::ApplicationOptions;
pub(crate) use application::all_skipped;
pub use bind::{Located, TextMap};
pub use configuration::{Configuration, MAX_FILE_SIZE};
pub use downstream::DownstreamOptions;
pub use downstream_builder::DownstreamBuilder;
pub use known::{
    ACQUIRE_TOKEN_SETTINGS, APPLICATION_SETTINGS, DOWNSTREAM_SETTINGS, MANAGED_IDENTITY_SETTINGS,
    OLDER_IDENTITY_SETTINGS,
};
pub use location::Location;
pub use shown::Shown;
pub use tree::{Leaf, MAX_DEPTH, Tree};

pub(crate) use configuration::any_error;
#[cfg(feature = "cli")]
pub(crate) use credentials::number_of as source_type_number;
#[cfg(feature = "cli")]
pub(crate) use sight::Sight;
