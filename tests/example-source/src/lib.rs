//! Credential sources of one's own, each in a file: one that reads a file anew at every load, and one with a
//! state of its own that asks a server.

mod lease;
mod systemd;

pub use lease::LeasedSecret;
pub use systemd::SystemdCredential;
