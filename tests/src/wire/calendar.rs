//! The time of the replayed cases: a fixed calendar, within the life of the certificates, that can be
//! moved on; and randomness without jitter.

use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use credential_core::world::{Clock, Moment, Random, SystemClock, SystemRandom};
use tokio::sync::watch;

/// 2027-03-01, 00:00 UTC.
const START: Duration = Duration::from_secs(1_803_859_200);

/// A calendar that starts at the same moment in every run, goes on as time does, and can be moved on.
#[derive(Debug)]
pub(crate) struct Calendar {
    start: Duration,
    real: SystemClock,
    moved: watch::Sender<Duration>,
}

impl Default for Calendar {
    fn default() -> Self {
        Self { start: START, real: SystemClock::default(), moved: watch::Sender::new(Duration::ZERO) }
    }
}

impl Calendar {
    /// The real one, for whoever has no other.
    pub(crate) fn of_today() -> Self {
        let real = SystemClock::default();
        let start = real.now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
        Self { start, real, ..Self::default() }
    }

    /// Moves on and wakes whoever waited for a moment until then.
    pub(crate) fn advance(&self, by: Duration) {
        self.moved.send_modify(|moved| *moved += by);
    }

    /// Seconds since 1970.
    pub(crate) fn seconds(&self) -> i64 {
        self.now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs().cast_signed()
    }
}

#[async_trait]
impl Clock for Calendar {
    fn now(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + self.start + self.moment().since(Moment::default())
    }

    fn moment(&self) -> Moment {
        self.real.moment().after(*self.moved.borrow())
    }

    async fn sleep_until(&self, moment: Moment) {
        let mut moves = self.moved.subscribe();
        loop {
            let moved = *moves.borrow_and_update();
            let left = moment.since(Moment::default()).saturating_sub(moved);
            tokio::select! {
                () = self.real.sleep_until(Moment::since_start(left)) => return,
                _ = moves.changed() => {}
            }
        }
    }
}

/// Random bytes, but for the eight that a jitter is made of: renewals are due at the named second.
#[derive(Debug)]
pub(crate) struct WithoutJitter;

impl Random for WithoutJitter {
    fn fill(&self, buffer: &mut [u8]) {
        match buffer.len() {
            8 => buffer.fill(0),
            _ => SystemRandom.fill(buffer),
        }
    }
}
