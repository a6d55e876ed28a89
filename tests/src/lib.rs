//! Scenarios, faults and benches across the crates.

pub mod measure;
pub mod memory_authority;
pub mod vault;
pub mod wire;
