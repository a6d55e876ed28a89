//! Scenarios, faults and benches across the crates.

pub mod canned_api;
pub mod measure;
pub mod memory_authority;
pub mod processes;
pub mod socket;
pub mod vault;
pub mod wire;
