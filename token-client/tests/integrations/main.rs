//! A service's own HTTP stack or SDK, with our tokens: what is sent where, as whom, and how often.

#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests fail by panicking")]

mod azure;
mod emulated;
mod examples;
mod fakes;
mod grpc_server;
mod middleware;
mod stacks;
mod tower_calls;
mod tower_service;
