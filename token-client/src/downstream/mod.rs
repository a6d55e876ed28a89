//! Calling a downstream API from its section of the configuration.

mod address;
mod api;
mod call;
mod caller;
mod challenge;
mod error;
mod headers;
mod path;
mod response;

#[cfg(feature = "cli")]
pub(crate) use caller::resolve as resolve_caller;
pub(crate) use headers::{
    check as check_header, check_media_type, check_unreserved as check_unreserved_header,
    is_reserved as is_reserved_header, is_token,
};
pub(crate) use path::check as check_path;

pub use api::DownstreamApi;
pub use call::DownstreamCall;
pub use caller::Caller;
pub use error::DownstreamError;
pub use response::{DownstreamResponse, MAX_RESPONSE};
