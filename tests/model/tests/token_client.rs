//! The breaker and the gate before an authority, in every order of steps that the checker tries. What must hold stands
//! in `token-client/src/model.rs`.
//!
//! `RUSTFLAGS="--cfg shuttle" CARGO_TARGET_DIR=target/shuttle cargo test -p token-client-model`
#![cfg(shuttle)]

#[test]
fn one_looks_at_a_time_whether_a_host_is_well_again() {
    token_client::model::one_looks_at_a_time();
}

#[test]
fn room_for_requests_is_never_lost() {
    token_client::model::room_is_never_lost();
}
