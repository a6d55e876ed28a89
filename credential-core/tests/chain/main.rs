//! The chain's promises, one by one, with sources and an authority that follow a script.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test says what it expects by failing, and runs its callers as tasks"
)]

mod anew;
mod order;
mod presenting;
mod runtimes;
mod support;
mod tenants;
