//! What an operator relies on: tokens at hand are given whatever the authority does, an authority that is unwell is
//! left in peace, crowds cost little, and what has ended leaves. On a clock of the test's own.
#![expect(clippy::disallowed_methods, reason = "the callers are tasks of the test itself")]

mod at_hand;
mod claims;
mod crowds;
mod ends;
mod memory;
mod scene;
mod unwell;
