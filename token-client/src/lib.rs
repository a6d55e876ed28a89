//! From an appsettings.json to an access token to a downstream call.
//!
//! [`TokenClient`] reads the configuration that Microsoft.Identity.Web reads, tries its
//! `ClientCredentials` in order until the authority accepts one, and keeps the tokens. A
//! [`DownstreamApi`] calls an API of the configuration with them.

mod access_token;
mod addresses;
pub mod authority;
mod authority_refusal;
mod beside;
mod builder;
mod chain_gap;
mod claims;
#[cfg(feature = "cli")]
pub mod cli;
mod client_assertion;
mod configuration_error;
mod downstream;
mod echo;
#[cfg(feature = "testing")]
pub mod emulator;
mod exchange;
mod flights;
mod form;
mod names;
mod nested_tokens;
pub mod rejection;
mod reqwest_http;
pub mod settings;
pub mod sources;
mod token_cache;
mod token_client;
mod token_error;
mod token_request;
mod user_assertion;

pub use access_token::AccessToken;
pub use authority_refusal::AuthorityRefusal;
pub use builder::{DEFAULT_PATIENCE, TokenClientBuilder};
pub use configuration_error::ConfigurationError;
pub use downstream::{Caller, DownstreamApi, DownstreamCall, DownstreamError, DownstreamResponse, MAX_RESPONSE};
pub use reqwest_http::ReqwestHttp;
pub use token_client::{Acquired, TokenClient, TokenOrigin};
pub use token_error::{ExchangeError, TokenError};
pub use token_request::TokenRequest;

/// The examples of the project's README compile.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
