//! The Azure SDK for Rust, both ways: credentials of `azure_core`.
//!
//! | there is | wanted is | type |
//! |---|---|---|
//! | a [`TokenClient`](crate::TokenClient) | the credential of any `azure_*` crate | [`ClientCredential`] |
//! | a credential of `azure_identity`, or any other | a [`TokenSource`](crate::TokenSource) | [`CredentialTokens`] |
//! | the same | an entry of `ClientCredentials` | [`CredentialAssertion`] |
//!
//! ```
//! # fn example(client: token_client::TokenClient) {
//! use std::sync::Arc;
//!
//! use azure_core::credentials::TokenCredential;
//! use token_client::integrations::azure::ClientCredential;
//!
//! // For azure_storage_blob, azure_messaging_eventhubs, azure_data_cosmos, ...
//! let credential: Arc<dyn TokenCredential> = Arc::new(ClientCredential::new(client));
//! # let _ = credential; }
//! ```
//!
//! # Tenants and users
//! A client of the Azure SDK keeps the token that it was given and does not tell tenants or users apart. For another
//! tenant or user, make another SDK client, with a credential by [`ClientCredential::tenant`] or
//! [`ClientCredential::on_behalf_of`]; all of them share one [`TokenClient`](crate::TokenClient) and its cache.
//!
//! # Security
//! Tokens leave wiped memory here: `azure_core::credentials::Secret` keeps them as plain text. The SDK sends them to
//! https addresses alone.

mod assertion;
mod credential;
mod failure;
mod tokens;

pub use assertion::CredentialAssertion;
pub use credential::ClientCredential;
pub use tokens::CredentialTokens;
