#![cfg_attr(docsrs, feature(doc_cfg))]
#![doc = include_str!("../README.md")]
//!
//! | what is done | by | its error |
//! |---|---|---|
//! | a client is made, from files, variables and [code](TokenClientBuilder::credential) | [`TokenClient::builder`] | [`ConfigurationError`] |
//! | a token is asked for | [`TokenClient::token`], [`TokenSource`] | [`TokenError`] |
//! | an API is called: see the [guide](downstream_guide) | [`TokenClient::downstream`] | [`DownstreamError`] |
//!
//! Features `tower`, `reqwest-middleware` and `azure-core` bring `integrations`: tokens for HTTP stacks and SDKs that a
//! service has already.
//!
//! Each error has `findings()`, with code, setting, place and remedy, and reads well when a `main` returns it.

pub mod authority;
#[cfg(feature = "cli")]
pub mod cli;
mod client;
mod downstream;
#[doc = include_str!("../docs/downstream.md")]
pub mod downstream_guide {}
#[cfg(feature = "testing")]
pub mod emulator;
mod exchange;
mod http;
#[cfg(any(feature = "azure-core", feature = "reqwest-middleware", feature = "tower"))]
pub mod integrations;
mod jwt;
mod meters;
#[cfg(shuttle)]
#[doc(hidden)]
pub mod model;
pub mod settings;
pub mod sources;
mod spans;
pub mod store;
mod sync;
#[cfg(feature = "testing")]
mod testing;
mod token;
mod trace;
#[doc = include_str!("../docs/troubleshooting.md")]
pub mod troubleshooting {}

/// The contract for sources, and the types that stand in this crate's own: `Secret`, `Finding`, `World`, ...
pub use credential_core;

pub use client::{
    ClientStatus, ConfigurationError, DEFAULT_PATIENCE, ENDS_SOON, Engine, Failing, Health, TokenClient,
    TokenClientBuilder, TokenClients,
};
pub use downstream::{
    ApiError, Caller, DownstreamApi, DownstreamCall, DownstreamError, DownstreamResponse, DownstreamStream,
    MAX_RESPONSE, StreamBody,
};
pub use exchange::AuthorityRefusal;
pub use http::ReqwestHttp;
#[cfg(feature = "testing")]
pub use testing::StaticToken;
pub use token::{
    AccessToken, Acquired, DEFAULT_MAX_CACHE_BYTES, DEFAULT_MAX_REQUESTS, ManagedIdentityId, PreparedToken, TokenError,
    TokenErrorKind, TokenFuture, TokenOrigin, TokenRequest, TokenSource,
};
pub use trace::TraceContext;

/// The examples of the project's README compile.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;

/// And those of the guide for who has something else, against the emulator.
#[cfg(all(doctest, feature = "federated", feature = "secret", feature = "testing"))]
#[doc = include_str!("../docs/moving-in.md")]
struct MovingIn;
