//! The emulator from outside: over a socket, with an independent JWT library on the other side.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests fail by panicking")]

mod api;
mod client;
mod client_assertions;
mod client_authentication;
mod faults;
mod flows;
mod issuers;
mod metadata;
mod observer;
mod proxy;
mod tls;
mod users;
