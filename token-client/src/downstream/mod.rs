//! Calling a downstream API from its section of the configuration.

mod address;
mod api;
mod call;
mod challenge;
mod error;
mod headers;
mod response;

pub(crate) use headers::check_unreserved as check_unreserved_header;

pub use api::DownstreamApi;
pub use call::DownstreamCall;
pub use error::DownstreamError;
pub use response::{DownstreamResponse, MAX_RESPONSE};
