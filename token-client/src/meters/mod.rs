//! What is counted and timed, for whoever installs a recorder of the `metrics` crate; without the feature nothing is.
//! The names and what they mean: docs/observability.md.

#[cfg(feature = "metrics")]
mod bounded;
#[cfg(feature = "metrics")]
mod http;
#[cfg(feature = "metrics")]
mod recorded;
#[cfg(not(feature = "metrics"))]
mod silent;

#[cfg(feature = "metrics")]
pub(crate) use recorded::{Meters, store_command, timed};
#[cfg(not(feature = "metrics"))]
pub(crate) use silent::{Meters, store_command, timed};

/// Why a token was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reason {
    /// There was none.
    Missing,
    /// One that lasts was renewed.
    Proactive,
    /// The caller wanted another one.
    Forced,
    /// The caller brought claims.
    Claims,
}

/// What a token was asked for and how it began: what a measurement needs of an exchange.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(not(feature = "metrics"), expect(dead_code, reason = "nobody measures"))]
pub(crate) struct Began {
    pub(crate) for_app: bool,
    pub(crate) reason: Reason,
}
