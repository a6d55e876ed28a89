//! One application as this program sees it: built from its settings, asked for tokens.

pub(crate) mod bind;
pub(crate) mod builder;
mod configuration_error;
mod nested_tokens;
mod relative_paths;
mod token_client;

pub use builder::{DEFAULT_PATIENCE, TokenClientBuilder};
pub use configuration_error::ConfigurationError;
pub use nested_tokens::Engine;
pub use token_client::{Acquired, TokenClient, TokenOrigin};
