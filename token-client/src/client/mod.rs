//! One application as this program sees it: built from its settings, asked for tokens.

mod bind;
pub(crate) mod builder;
mod clients;
mod configuration_error;
pub(crate) mod current;
mod exchanging;
mod identities;
mod in_code;
mod life;
mod nested_tokens;
pub(crate) mod recipe;
mod relative_paths;
mod reload;
mod sections;
mod shared;
mod status;
mod token_client;
mod trouble;

pub use builder::{DEFAULT_PATIENCE, TokenClientBuilder};
pub use clients::TokenClients;
pub use configuration_error::ConfigurationError;
pub use nested_tokens::Engine;
pub use status::{ClientStatus, ENDS_SOON, Health};
pub(crate) use token_client::Inner;
pub use token_client::TokenClient;
pub use trouble::Failing;
