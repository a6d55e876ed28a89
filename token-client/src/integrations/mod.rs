//! Tokens for the HTTP stacks and SDKs that a service has already: each behind a feature, none in the default build.
//!
//! | a service has | feature | what it takes |
//! |---|---|---|
//! | a tower stack: tonic, hyper, reqwest as a service | `tower` | `tower::TokenLayer` |
//! | `reqwest-middleware` | `reqwest-middleware` | `reqwest_middleware::TokenMiddleware` |
//! | a crate of the Azure SDK | `azure-core` | `azure::ClientCredential`, and `azure::CredentialTokens` and `azure::CredentialAssertion` the other way |
//!
//! The first two share `ApiToken`, which says whose token goes to which addresses, `CallToken`, a token for one
//! call alone, and `CallError`.
//!
//! # Security
//! A token goes to the addresses that it is for and to no other: https, or this machine, compared by scheme, host and
//! port. Its header is marked as sensitive, so that `Debug` of a request does not show it. A request that has an
//! `Authorization` header already is refused: nothing is sent as somebody else than the program says.

#[cfg(any(feature = "tower", feature = "reqwest-middleware"))]
mod api_token;
#[cfg(feature = "azure-core")]
pub mod azure;
#[cfg(any(feature = "tower", feature = "reqwest-middleware"))]
mod call_error;
#[cfg(any(feature = "tower", feature = "reqwest-middleware"))]
mod call_token;
#[cfg(any(feature = "tower", feature = "reqwest-middleware"))]
mod message;
#[cfg(any(feature = "tower", feature = "reqwest-middleware"))]
mod reach;
#[cfg(feature = "reqwest-middleware")]
pub mod reqwest_middleware;
#[cfg(feature = "tower")]
pub mod tower;
#[cfg(any(feature = "tower", feature = "reqwest-middleware"))]
mod walk;

#[cfg(any(feature = "tower", feature = "reqwest-middleware"))]
pub use api_token::ApiToken;
#[cfg(any(feature = "tower", feature = "reqwest-middleware"))]
pub use call_error::CallError;
#[cfg(any(feature = "tower", feature = "reqwest-middleware"))]
pub use call_token::CallToken;

/// The examples of the guide compile.
#[cfg(all(doctest, feature = "azure-core", feature = "federated", feature = "reqwest-middleware", feature = "tower"))]
#[doc = include_str!("../../docs/integrations.md")]
struct Guide;
