//! What failed is left alone for a while; then one caller tries it.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use credential_core::world::Moment;

/// How long a store is left alone after its first failure.
const FIRST: Duration = Duration::from_millis(250);
/// The most that it is left alone.
const LONGEST: Duration = Duration::from_secs(30);

/// Closed while what it stands before works; open for a while, doubling with jitter, after a failure.
#[derive(Debug, Default)]
pub(super) struct Breaker(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// Failures without a success in between.
    failures: u32,
    until: Moment,
    /// One caller tries whether it is well again.
    probing: bool,
}

/// Leave to try once. Dropping it says nothing.
#[derive(Debug)]
pub(super) struct Pass<'a> {
    breaker: &'a Breaker,
    probe: bool,
}

impl Breaker {
    /// Leave to try, unless it is left alone at this moment.
    pub(super) fn pass(&self, now: Moment) -> Option<Pass<'_>> {
        let mut state = self.lock();
        if state.failures == 0 {
            return Some(Pass { breaker: self, probe: false });
        }
        if now < state.until || state.probing {
            return None;
        }
        state.probing = true;
        Some(Pass { breaker: self, probe: true })
    }

    /// For how long it is left alone from now on; `None` when it is tried at the next need.
    pub(super) fn left_alone(&self, now: Moment) -> Option<Duration> {
        let state = self.lock();
        (state.failures > 0 && now < state.until).then(|| state.until.since(now))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pass<'_> {
    /// It worked; gives whether it had failed before.
    pub(super) fn worked(self) -> bool {
        let mut state = self.breaker.lock();
        std::mem::take(&mut state.failures) > 0
    }

    /// It failed; gives for how long it is left alone, when nobody said so before. `jitter` is in `0.0..1.0`.
    pub(super) fn failed(self, now: Moment, jitter: f64) -> Option<Duration> {
        let mut state = self.breaker.lock();
        // Of those who were under way together the first one counts.
        if state.failures > 0 && !self.probe {
            return None;
        }
        let doubled = FIRST.saturating_mul(1 << state.failures.min(7)).min(LONGEST);
        let wait = doubled.mul_f64(1.0 - jitter / 4.0);
        state.failures = state.failures.saturating_add(1);
        state.until = now.after(wait);
        Some(wait)
    }
}

impl Drop for Pass<'_> {
    fn drop(&mut self) {
        if self.probe {
            self.breaker.lock().probing = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_a_failure_it_is_left_alone_and_then_tried_by_one() {
        let (breaker, start) = (Breaker::default(), Moment::default());
        let (one, other) = (breaker.pass(start).unwrap(), breaker.pass(start).unwrap());
        assert_eq!(one.failed(start, 0.0), Some(FIRST));
        assert_eq!(other.failed(start, 0.0), None, "it was under way already");
        assert!(breaker.pass(start).is_none());
        let later = start.after(FIRST);
        let probe = breaker.pass(later).unwrap();
        assert!(breaker.pass(later).is_none(), "one at a time");
        drop(probe);
        let probe = breaker.pass(later).unwrap();
        assert_eq!(probe.failed(later, 0.0), Some(2 * FIRST));
        let later = later.after(2 * FIRST);
        assert!(breaker.pass(later).unwrap().worked());
        assert!(breaker.pass(later).is_some() && breaker.left_alone(later).is_none());
    }

    #[test]
    fn it_is_never_left_alone_for_long() {
        let (breaker, mut now) = (Breaker::default(), Moment::default());
        for _ in 0..50 {
            let wait = breaker.pass(now).unwrap().failed(now, 0.0).unwrap();
            assert!(wait <= LONGEST);
            now = now.after(wait);
        }
        assert_eq!(breaker.pass(now).unwrap().failed(now, 1.0), Some(LONGEST.mul_f64(0.75)), "not all at once");
    }
}
