//! The sources of assertions, from the entry to the credential and to what is presented.

#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests fail by panicking")]

mod aws;
mod common;
mod custom;
mod debug;
mod file;
mod golden;
mod managed_identity;
mod matrix;
mod platforms;
mod spiffe;
