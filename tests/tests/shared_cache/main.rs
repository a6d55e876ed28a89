//! Tokens that processes share by a store: one exchange for all of them, nothing readable in it, and no call that
//! fails or waits for it.
#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::panic,
    reason = "the callers are tasks of the test itself, which fails by panicking"
)]

mod faults;
mod golden;
mod nested;
mod sharing;
mod values;
