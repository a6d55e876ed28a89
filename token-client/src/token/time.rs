//! Time as tokens count it: it never goes back, whatever the calendar does, and costs little to ask for.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use credential_core::world::{Clock, Moment};

/// Ticks in a second.
const RATE: u32 = 10;
/// Tenths of a second since a client was made; thirteen years of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Tick(pub(crate) u32);

impl Tick {
    /// After all others.
    pub(crate) const NEVER: Self = Self(u32::MAX);

    /// The tick that much later, as far as it can be counted.
    pub(crate) fn after(self, wait: Duration) -> Self {
        Self(self.0.saturating_add(ticks(wait)))
    }
}

fn ticks(time: Duration) -> u32 {
    let part = u64::from(time.subsec_millis() / (1000 / RATE));
    u32::try_from(time.as_secs().saturating_mul(u64::from(RATE)).saturating_add(part)).unwrap_or(u32::MAX)
}

/// The steady clock, and what the calendar has gained on it: a machine that sleeps stops the one and not the
/// other, and a calendar that is set back makes no token young again. What is read is up to some milliseconds
/// old: it is reckoned anew when the coarse clock has gone on.
#[derive(Debug)]
pub(crate) struct TokenTime {
    clock: Arc<dyn Clock>,
    start: Moment,
    calendar_start: SystemTime,
    ahead: AtomicU32,
    /// The reading of the coarse clock, in nanoseconds, that `tick` was reckoned from.
    reading: AtomicU64,
    tick: AtomicU32,
}

impl TokenTime {
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        let (start, calendar_start) = (clock.coarse(), clock.now());
        // No clock has read that yet.
        let reading = AtomicU64::new(u64::MAX);
        Self { clock, start, calendar_start, ahead: AtomicU32::new(0), reading, tick: AtomicU32::new(0) }
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
        // The first tick is not zero: at zero everything has ended.
        let steady = ticks(coarse.since(self.start)).saturating_add(1);
        let calendar = self.clock.now().duration_since(self.calendar_start).map_or(0, ticks).saturating_add(1);
        let gained = calendar.saturating_sub(steady);
        let ahead = self.ahead.fetch_max(gained, Ordering::Relaxed).max(gained);
        self.tick.fetch_max(steady.saturating_add(ahead), Ordering::Relaxed);
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
}
