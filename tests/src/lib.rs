//! Scenarios, faults and benches across the crates.
