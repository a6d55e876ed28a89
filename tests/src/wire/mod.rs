//! Recorded cases replayed: the settings, files and steps of a case through a [`TokenClient`], against
//! a cloud on loopback that plays the case's scenario under the real host names.
//!
//! [`TokenClient`]: token_client::TokenClient
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    clippy::missing_panics_doc,
    reason = "the machinery of tests: it stops the test when it cannot work"
)]

mod authority;
mod calendar;
mod case;
mod client;
mod cloud;
mod fault;
mod hosts;
mod identity;
mod jwt;
mod keys;
mod provider;
mod recorded;
mod replay;
mod seen;

pub use case::Case;
pub use hosts::Hosts;
pub use replay::replay;
pub use seen::{Request, Step, same};
