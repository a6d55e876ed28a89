//! A token client among faults: runtimes that end, signers that hang, tenants that differ, metadata
//! that is silent.
#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::panic,
    reason = "the callers are tasks of the test itself, which fails by panicking"
)]

mod authority;
mod errors;
mod metadata;
mod places;
mod presenting;
mod requests;
mod runtimes;
mod tenants;
