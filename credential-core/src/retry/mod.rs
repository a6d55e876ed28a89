//! Trying again: how long what failed is left alone, and when a request is sent once more.

mod backoff;
mod retries;
mod send;

pub use backoff::Backoff;
pub use retries::Retries;
