//! Whoever is unwell is left alone, and asked by one at a time until it is well again.

use std::time::Duration;

use credential_core::retry::Backoff;
use credential_core::world::Moment;

use crate::exchange::ExchangeError;
use crate::sync::{Mutex, MutexGuard, lock};

/// So many failures in a row, and no success between them, are no accident.
const FAILURES: u32 = 3;
/// How long it is left alone after the first of them, and at most.
const PAUSE: Backoff = Backoff::new(FIRST, Duration::from_secs(30));
const FIRST: Duration = Duration::from_millis(500);
/// The longest that one answer can ask for everybody: what it asks for its own request counts in full there.
const MAX_ASKED: Duration = Duration::from_secs(60);

/// What is known of whoever is asked: well, or left alone for now.
#[derive(Debug, Default)]
pub(crate) struct Breaker(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// In a row.
    failures: u32,
    /// Who failed last, and whether somebody else did in the same row.
    last_of: usize,
    several: bool,
    open: Option<Open>,
    /// Those who looked whether it is well again, all in all.
    probes: u64,
}

/// It is unwell.
#[derive(Debug)]
struct Open {
    until: Moment,
    /// Who looks whether it is well again.
    probe: Option<Probe>,
    /// How often it was found unwell in a row.
    times: u32,
    error: ExchangeError,
}

/// One who looks whether it is well again: an older one, whom that took long, is another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Probe(u64);

/// Leave to ask.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Leave(Option<Probe>);

/// How a request failed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Failure<'a> {
    pub(crate) error: &'a ExchangeError,
    /// For whom it was asked: where that matters, one of them alone proves nothing.
    pub(crate) of: Option<usize>,
    /// How long the answer asks to be left alone.
    pub(crate) asked: Duration,
    pub(crate) jitter: f64,
}

impl Breaker {
    /// Why nobody may ask now.
    pub(crate) fn refusal(&self, now: Moment) -> Option<ExchangeError> {
        self.lock().refusal(now)
    }

    /// Leave to ask; while it is unwell, for one at a time once its pause is over.
    ///
    /// # Errors
    /// The remembered error, with the time until the next try.
    pub(crate) fn enter(&self, now: Moment) -> Result<Leave, ExchangeError> {
        let mut state = self.lock();
        if let Some(refusal) = state.refusal(now) {
            return Err(refusal);
        }
        let State { open, probes, .. } = &mut *state;
        let probe = open.as_mut().map(|open| {
            *probes = probes.wrapping_add(1);
            *open.probe.insert(Probe(*probes))
        });
        Ok(Leave(probe))
    }

    /// It answered.
    pub(crate) fn succeeded(&self, _: Leave) {
        let mut state = self.lock();
        *state = State { probes: state.probes, ..State::default() };
    }

    /// It did not, or said that it is unwell.
    pub(crate) fn failed(&self, leave: Leave, failure: Failure<'_>, now: Moment) {
        let mut state = self.lock();
        state.several |= state.failures > 0 && failure.of.is_some_and(|of| of != state.last_of);
        state.last_of = failure.of.unwrap_or_default();
        state.failures = state.failures.saturating_add(1);
        let proven = state.failures >= FAILURES && (failure.of.is_none() || state.several);
        let times = match &state.open {
            Some(open) if open.is_probed_by(leave) => open.times.saturating_add(1),
            None if proven => 1,
            // Asked before it was found unwell.
            _ => return,
        };
        let pause = PAUSE.after(times, failure.jitter).max(failure.asked.min(MAX_ASKED));
        state.open = Some(Open { until: now.after(pause), probe: None, times, error: failure.error.clone() });
    }

    /// The request came to no end that says anything.
    pub(crate) fn abandoned(&self, leave: Leave) {
        if let Some(open) = self.lock().open.as_mut().filter(|open| open.is_probed_by(leave)) {
            open.probe = None;
        }
    }

    /// Whether nothing is known against it.
    pub(crate) fn is_well(&self) -> bool {
        self.lock().failures == 0
    }

    /// Every change is whole when the lock is given back.
    fn lock(&self) -> MutexGuard<'_, State> {
        lock(&self.0)
    }
}

/// What a model looks at.
#[cfg(shuttle)]
impl Leave {
    pub(crate) fn probe(self) -> Option<Probe> {
        self.0
    }
}

impl Open {
    fn is_probed_by(&self, leave: Leave) -> bool {
        leave.0.is_some() && self.probe == leave.0
    }
}

impl State {
    fn refusal(&self, now: Moment) -> Option<ExchangeError> {
        let open = self.open.as_ref().filter(|open| open.probe.is_some() || now < open.until)?;
        // The probe has a moment to come back.
        let wait = open.until.since(now).max(FIRST);
        Some(ExchangeError::LeftAlone(Box::new(open.error.clone()), wait))
    }
}

#[cfg(test)]
mod tests {
    use credential_core::world::{HttpError, HttpErrorKind};

    use super::*;

    fn at(milliseconds: u64) -> Moment {
        Moment::default().after(Duration::from_millis(milliseconds))
    }

    fn fail(breaker: &Breaker, leave: Leave, of: Option<usize>, now: Moment) {
        let error = ExchangeError::Http(HttpError::new(HttpErrorKind::Connect, "no connection"), Vec::new());
        breaker.failed(leave, Failure { error: &error, of, asked: Duration::ZERO, jitter: 1.0 }, now);
    }

    #[test]
    fn after_three_failures_one_at_a_time_asks_and_less_and_less_often() {
        let breaker = Breaker::default();
        for _ in 0..FAILURES {
            let leave = breaker.enter(at(0)).unwrap();
            fail(&breaker, leave, None, at(0));
        }
        let wait = |now| match breaker.enter(now) {
            Err(ExchangeError::LeftAlone(_, wait)) => wait,
            other => panic!("{other:?}"),
        };
        assert_eq!(wait(at(0)), FIRST);
        assert_eq!(wait(at(499)), FIRST, "the one who will look has a moment to come back");
        let probe = breaker.enter(at(500)).unwrap();
        assert_eq!(wait(at(600)), FIRST, "one at a time");
        breaker.abandoned(probe);
        let probe = breaker.enter(at(600)).unwrap();
        fail(&breaker, probe, None, at(600));
        assert!(breaker.enter(at(1500)).is_err());
        let probe = breaker.enter(at(1600)).unwrap();
        breaker.succeeded(probe);
        assert!(breaker.enter(at(1600)).is_ok() && breaker.enter(at(1600)).is_ok() && breaker.is_well());
    }

    #[test]
    fn one_who_looked_long_ago_says_nothing_of_who_looks_now() {
        let breaker = Breaker::default();
        let unwell = |now| {
            for _ in 0..FAILURES {
                fail(&breaker, breaker.enter(now).unwrap(), None, now);
            }
        };
        let asked_before = breaker.enter(at(0)).unwrap();
        unwell(at(0));
        let old = breaker.enter(at(1000)).unwrap();
        breaker.succeeded(asked_before);
        unwell(at(1000));
        let new = breaker.enter(at(2000)).unwrap();
        breaker.abandoned(old);
        assert!(breaker.enter(at(2000)).is_err(), "one at a time");
        fail(&breaker, old, None, at(2000));
        assert!(breaker.enter(at(9000)).is_err(), "the new one is not back");
        breaker.succeeded(new);
        assert!(breaker.enter(at(9000)).is_ok());
    }

    #[test]
    fn a_success_between_failures_and_one_of_many_alone_are_no_proof() {
        let breaker = Breaker::default();
        for nth in 0..20 {
            let leave = breaker.enter(at(0)).unwrap();
            match nth % 3 {
                2 => breaker.succeeded(leave),
                _ => fail(&breaker, leave, None, at(0)),
            }
        }
        breaker.succeeded(breaker.enter(at(0)).unwrap());
        for _ in 0..20 {
            fail(&breaker, breaker.enter(at(0)).unwrap(), Some(1), at(0));
        }
        fail(&breaker, breaker.enter(at(0)).unwrap(), Some(2), at(0));
        assert!(breaker.enter(at(0)).is_err());
    }

    #[test]
    fn it_is_left_alone_for_as_long_as_it_asks_within_reason_and_not_by_all_for_the_same_time() {
        let error = ExchangeError::Http(HttpError::new(HttpErrorKind::Timeout, "late"), Vec::new());
        let pause = |asked: u64, jitter: f64| {
            let breaker = Breaker::default();
            for _ in 0..FAILURES {
                let leave = breaker.enter(at(0)).unwrap();
                let failure = Failure { error: &error, of: None, asked: Duration::from_secs(asked), jitter };
                breaker.failed(leave, failure, at(0));
            }
            (0..100_000).find(|milliseconds| breaker.enter(at(*milliseconds)).is_ok()).unwrap()
        };
        assert_eq!((pause(0, 0.0), pause(0, 1.0)), (375, 500));
        assert_eq!((pause(20, 0.5), pause(3600, 0.5)), (20_000, 60_000));
    }
}
