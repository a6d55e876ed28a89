//! A clock that stands still until it is told to go on.

use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use tokio::sync::watch;

use crate::world::{Clock, Moment};

/// A clock for tests: time goes on when [`FakeClock::advance`] says so, and sleepers wake then.
#[derive(Debug)]
pub struct FakeClock {
    elapsed: watch::Sender<Duration>,
    start: SystemTime,
}

impl FakeClock {
    /// A clock that starts at the given calendar time.
    pub fn starting_at(start: SystemTime) -> Self {
        Self { elapsed: watch::Sender::new(Duration::ZERO), start }
    }

    /// Lets time go on and wakes whoever waited for it.
    pub fn advance(&self, by: Duration) {
        self.elapsed.send_modify(|elapsed| *elapsed = elapsed.saturating_add(by));
    }
}

impl Default for FakeClock {
    /// Starts on 2026-01-01, 00:00 UTC.
    fn default() -> Self {
        Self::starting_at(SystemTime::UNIX_EPOCH + Duration::from_secs(1_767_225_600))
    }
}

#[async_trait]
impl Clock for FakeClock {
    fn now(&self) -> SystemTime {
        self.start + *self.elapsed.borrow()
    }

    fn moment(&self) -> Moment {
        Moment::since_start(*self.elapsed.borrow())
    }

    async fn sleep_until(&self, moment: Moment) {
        let mut watch = self.elapsed.subscribe();
        // The sender lives as long as `self`, so this ends only when the moment has come.
        let _ = watch.wait_for(|elapsed| Moment::since_start(*elapsed) >= moment).await;
    }
}
