//! Calls of downstream APIs from outside: for whom they are made, where they go, what comes back.
#![expect(clippy::disallowed_methods, reason = "servers on loopback are tasks of the tests")]

mod again;
mod answers;
mod callers;
mod errors;
mod overrides;
mod paths;
mod streams;
mod there;
