//! Calling a downstream API from its section of the configuration.

mod address;
mod api;
mod api_error;
mod body;
mod call;
mod call_token;
mod called;
mod caller;
pub(crate) mod challenge;
mod error;
mod hooks;
mod prepared;
mod redirect;
mod response;
mod section;
mod send;
mod stream;
mod stream_body;
mod text;

#[cfg(feature = "cli")]
pub(crate) use caller::resolve as resolve_caller;

pub use api::DownstreamApi;
pub use api_error::ApiError;
pub use call::DownstreamCall;
pub use caller::Caller;
pub use error::DownstreamError;
pub use response::{DownstreamResponse, MAX_RESPONSE};
pub use stream::DownstreamStream;
pub use stream_body::StreamBody;
