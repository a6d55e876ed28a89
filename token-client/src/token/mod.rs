//! A token from its request to its end: what is asked, what is kept, who waits for the same one, and why
//! there is none.

mod access_token;
pub(crate) mod cache;
pub(crate) mod error;
pub(crate) mod flight_key;
mod request;
pub(crate) mod throttled;
pub(crate) mod user_assertion;

pub use access_token::AccessToken;
pub use error::TokenError;
pub use request::TokenRequest;
