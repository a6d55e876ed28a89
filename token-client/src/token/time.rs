//! Time as tokens count it: it never goes back, whatever the calendar does, and costs little to ask for.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use credential_core::world::{Clock, Moment};

/// Ticks in a second.
const RATE: u32 = 10;
/// The most that time counts for at once, and that a token is kept: whatever was there has ended then. A machine that
/// begins in 1970 and learns the date later would have used up all ticks that there are.
pub(crate) const LEAP: Duration = Duration::from_secs(365 * 86_400);
/// Tenths of a second since a client was made; thirteen years of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Tick(pub(crate) u32);

impl Tick {
    /// After all others.
    pub(crate) const NEVER: Self = Self(u32::MAX);

    /// The tick that much later, as far as it can be counted.
    pub(crate) fn after(self, wait: Duration) -> Self {
        self.later_by(ticks(wait))
    }

    fn later_by(self, ticks: u64) -> Self {
        Self(u32::try_from(u64::from(self.0).saturating_add(ticks)).unwrap_or(u32::MAX))
    }
}

fn ticks(time: Duration) -> u64 {
    let part = u64::from(time.subsec_millis() / (1000 / RATE));
    time.as_secs().saturating_mul(u64::from(RATE)).saturating_add(part)
}

/// The steady clock, and what the calendar has gained on it: a machine that sleeps stops the one and not the
/// other, and a calendar that is set back makes no token young again. What is read is up to some milliseconds
/// old: it is reckoned anew when the coarse clock has gone on.
#[derive(Debug)]
pub(crate) struct TokenTime {
    clock: Arc<dyn Clock>,
    start: Moment,
    calendar_start: SystemTime,
    ahead: AtomicU64,
    /// What has passed so far, leaps in full.
    passed: AtomicU64,
    /// The reading of the coarse clock, in nanoseconds, that `tick` was reckoned from.
    reading: AtomicU64,
    tick: AtomicU32,
}

impl TokenTime {
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        let (start, calendar_start) = (clock.coarse(), clock.now());
        // No clock has read that yet.
        let reading = AtomicU64::new(u64::MAX);
        let (ahead, passed) = Default::default();
        // The first tick is not zero: at zero everything has ended.
        Self { clock, start, calendar_start, ahead, passed, reading, tick: AtomicU32::new(1) }
    }

    /// The time now.
    #[inline]
    pub(crate) fn now(&self) -> Tick {
        let coarse = self.clock.coarse();
        let since = coarse.since(Moment::default());
        let reading = since.as_secs().wrapping_mul(1_000_000_000).wrapping_add(u64::from(since.subsec_nanos()));
        if reading != self.reading.load(Ordering::Acquire) {
            self.reckon(coarse);
            self.reading.store(reading, Ordering::Release);
        }
        Tick(self.tick.load(Ordering::Relaxed))
    }

    #[cold]
    fn reckon(&self, coarse: Moment) {
        let steady = ticks(coarse.since(self.start));
        let calendar = self.clock.now().duration_since(self.calendar_start).map_or(0, ticks);
        let gained = calendar.saturating_sub(steady);
        let passed = steady.saturating_add(self.ahead.fetch_max(gained, Ordering::Relaxed).max(gained));
        let before = self.passed.fetch_max(passed, Ordering::Relaxed);
        let more = passed.saturating_sub(before).min(ticks(LEAP));
        let on = |tick| Some(Tick(tick).later_by(more).0);
        let _ = self.tick.fetch_update(Ordering::Relaxed, Ordering::Relaxed, on);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use async_trait::async_trait;

    use super::*;

    /// Steady seconds, and seconds of the calendar.
    #[derive(Debug)]
    struct Two(Mutex<(u64, u64)>);

    #[async_trait]
    impl Clock for Two {
        fn now(&self) -> SystemTime {
            SystemTime::UNIX_EPOCH + Duration::from_secs(self.0.lock().unwrap().1)
        }

        fn moment(&self) -> Moment {
            Moment::since_start(Duration::from_secs(self.0.lock().unwrap().0))
        }

        async fn sleep_until(&self, _: Moment) {
            std::future::pending::<()>().await;
        }
    }

    #[test]
    fn it_goes_by_whichever_clock_went_further_and_never_back() {
        const YEAR: u64 = 365 * 86_400;
        let clock = Arc::new(Two(Mutex::new((5, 2 * YEAR))));
        let time = TokenTime::new(clock.clone());
        let start = time.now();
        for (steady, calendar, passed) in [
            (15, 2 * YEAR + 10, 10),
            // Set back by a year.
            (25, YEAR, 20),
            // Slept for an hour.
            (26, 2 * YEAR + 3621, 3621),
            (36, 2 * YEAR + 3631, 3631),
            // Set right, and back again: nothing is counted twice.
            (46, YEAR, 3641),
            (56, 2 * YEAR + 3651, 3651),
        ] {
            *clock.0.lock().unwrap() = (steady, calendar);
            let now = u64::from((time.now().0 - start.0) / RATE);
            assert!((passed..=passed + 1).contains(&now), "{steady} {calendar}: {now}");
        }
    }

    #[test]
    fn a_leap_ends_what_was_there_and_time_goes_on() {
        const YEAR: u64 = 365 * 86_400;
        let clock = Arc::new(Two(Mutex::new((5, 0))));
        let time = TokenTime::new(clock.clone());
        let start = time.now();
        for (steady, calendar, passed) in [
            // Nobody knew the date.
            (6, 56 * YEAR, YEAR),
            (16, 56 * YEAR + 10, YEAR + 10),
            // Slept for an hour.
            (17, 56 * YEAR + 3611, YEAR + 3611),
            (27, 56 * YEAR + 3621, YEAR + 3621),
            // Wrong, and right again.
            (37, 90 * YEAR, 2 * YEAR + 3621),
            (47, 56 * YEAR + 3641, 2 * YEAR + 3631),
            // Both.
            (100 * YEAR, 200 * YEAR, 3 * YEAR + 3631),
        ] {
            *clock.0.lock().unwrap() = (steady, calendar);
            let now = u64::from((time.now().0 - start.0) / RATE);
            assert!((passed..=passed + 1).contains(&now), "{steady} {calendar}: {now}, not {passed}");
        }
    }
}
