//! Until when a token is given out, and from when on it is renewed.

use std::time::Duration;

use super::time::{LEAP, Tick};
use crate::exchange::Issued;

/// The most that a token must have left for a call that is made now; a tenth of its life where that is less.
const LEEWAY: Duration = Duration::from_secs(5);
/// Renewals of tokens that were issued together are spread over this time, or a quarter of what is left of them.
const SPREAD: Duration = Duration::from_secs(300);

/// The times of a token.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Lasts {
    /// Until then it is given out.
    pub(super) until: Tick,
    /// From then on it is renewed behind the callers' back.
    pub(super) renew: Tick,
    /// Its end.
    pub(super) ends: Tick,
}

impl Lasts {
    /// Those of a token that was issued now; `jitter` is in `0.0..1.0`.
    pub(super) fn of(issued: &Issued, now: Tick, jitter: f64) -> Self {
        let life = issued.life.min(LEAP);
        let wait = issued.renewed_after().min(life);
        let leeway = LEEWAY.min(life / 10);
        let spread = SPREAD.min(life.saturating_sub(wait) / 4).mul_f64(jitter);
        Self {
            until: now.after(life.saturating_sub(leeway)),
            renew: now.after(wait.saturating_add(spread)),
            ends: now.after(life),
        }
    }
}
