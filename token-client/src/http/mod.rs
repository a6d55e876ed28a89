//! What goes over the wire: the one HTTP client, and which addresses, paths and headers may be sent.

pub(crate) mod addresses;
mod failure;
pub(crate) mod headers;
pub(crate) mod media_type;
mod origin;
pub(crate) mod page;
pub(crate) mod path;
mod pinned;
mod pools;
mod proxies;
mod reqwest_http;
mod setup;
mod stream;
pub(crate) mod traced;
mod trusted;
pub(crate) mod unanswered;
pub(crate) mod wiped;

pub use reqwest_http::ReqwestHttp;
