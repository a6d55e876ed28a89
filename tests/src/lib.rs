//! Scenarios, faults and benches across the crates.

pub mod vault;
pub mod wire;
