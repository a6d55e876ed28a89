//! A token from its request to its end: what is asked, what is kept, who waits for the same one, and why
//! there is none.

mod access_token;
pub(crate) mod cache;
mod challenge;
pub(crate) mod error;
mod error_kind;
pub(crate) mod flight_key;
mod managed_identity;
mod request;
mod source;
pub(crate) mod throttled;
pub(crate) mod user_assertion;

pub use access_token::AccessToken;
pub use error::TokenError;
pub use error_kind::TokenErrorKind;
pub use managed_identity::ManagedIdentityId;
pub use request::TokenRequest;
pub use source::{PreparedToken, TokenFuture, TokenSource};
