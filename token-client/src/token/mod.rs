//! A token from its request to its end: what is asked, what is kept, who waits for the same one, and why
//! there is none.

mod access_token;
mod acquired;
pub(crate) mod asked;
pub(crate) mod breaker;
pub(crate) mod cache;
mod challenge;
pub(crate) mod digest;
mod ends;
pub(crate) mod error;
mod error_kind;
pub(crate) mod flight_key;
pub(crate) mod gate;
pub(crate) mod hosts;
mod lasts;
mod managed_identity;
mod report;
mod request;
mod shelf;
pub(crate) mod slot;
mod source;
pub(crate) mod throttled;
pub(crate) mod time;
pub(crate) mod user_assertion;

pub use access_token::AccessToken;
pub use acquired::{Acquired, TokenOrigin};
pub use cache::DEFAULT_MAX_CACHE_BYTES;
pub use error::TokenError;
pub use error_kind::TokenErrorKind;
pub use gate::DEFAULT_MAX_REQUESTS;
pub use managed_identity::ManagedIdentityId;
pub use request::TokenRequest;
pub use source::{PreparedToken, TokenFuture, TokenSource};
