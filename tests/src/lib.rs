//! Scenarios, faults and benches across the crates.

pub mod measure;
pub mod memory_authority;
pub mod socket;
pub mod vault;
pub mod wire;
