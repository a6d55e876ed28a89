//! From an appsettings.json to an access token to a downstream call.
//!
//! [`TokenClient`] reads the configuration that Microsoft.Identity.Web reads, tries its
//! `ClientCredentials` in order until the authority accepts one, and keeps the tokens. A
//! [`DownstreamApi`] calls an API of the configuration with them.

pub mod authority;
#[cfg(feature = "cli")]
pub mod cli;
mod client;
mod downstream;
#[cfg(feature = "testing")]
pub mod emulator;
mod exchange;
mod http;
mod plain;
pub mod settings;
pub mod sources;
#[cfg(feature = "testing")]
mod testing;
mod token;

/// The contract for sources, and the types that stand in this crate's own: `Secret`, `Finding`, `World`, ...
pub use credential_core;

pub use client::{
    Acquired, ConfigurationError, DEFAULT_PATIENCE, Engine, TokenClient, TokenClientBuilder, TokenClients, TokenOrigin,
};
pub use downstream::{
    ApiError, Caller, DownstreamApi, DownstreamCall, DownstreamError, DownstreamResponse, MAX_RESPONSE,
};
pub use exchange::AuthorityRefusal;
pub use http::ReqwestHttp;
#[cfg(feature = "testing")]
pub use testing::StaticToken;
pub use token::{AccessToken, PreparedToken, TokenError, TokenErrorKind, TokenFuture, TokenRequest, TokenSource};

/// The examples of the project's README compile.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
