//! Client secrets as credentials (RFC 6749 §2.3.1): inline, from an environment variable, or from a
//! file that may be rotated.
//!
//! ```json
//! { "SourceType": "ClientSecret", "ClientSecret": "the secret itself" }
//! { "SourceType": "ClientSecret", "ClientSecretEnvironmentVariable": "ORDERS_SECRET" }
//! { "SourceType": "ClientSecret", "ClientSecretDiskPath": "/run/secrets/orders" }
//! ```
//!
//! The variable and the file are looked at again at every exchange, so a secret that was rotated in
//! place is used without a restart. A line end behind the secret is cut there; nothing else is changed.

mod place;
mod source;
mod text;

use std::sync::Arc;

use credential_core::CredentialSource;

pub use source::ClientSecretSource;
pub use text::MAX_SECRET_LENGTH;

/// The sources of this crate, ready to be registered.
pub fn sources() -> Vec<Arc<dyn CredentialSource>> {
    vec![Arc::new(ClientSecretSource)]
}
