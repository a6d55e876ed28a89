//! The real world: this process's environment, clock and tokio runtime.

use std::collections::BTreeMap;
use std::hash::{BuildHasher, RandomState};
use std::path::PathBuf;
use std::sync::{Arc, LazyLock};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use tokio::runtime::Handle;
use tokio::time::Instant;

use super::{Clock, Environment, Moment, Random, Task, Tasks};

/// The environment variables of this process.
#[derive(Clone, Copy, Debug, Default)]
pub struct ProcessEnvironment;

#[expect(clippy::disallowed_methods, reason = "this is where the environment comes in")]
impl Environment for ProcessEnvironment {
    fn var(&self, name: &str) -> Option<String> {
        std::env::var(name).ok()
    }

    fn vars(&self) -> BTreeMap<String, String> {
        std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect()
    }

    fn not_unicode(&self) -> Vec<String> {
        std::env::vars_os()
            .filter(|(name, value)| name.to_str().is_none() || value.to_str().is_none())
            .map(|(name, _)| name.to_string_lossy().into_owned())
            .collect()
    }

    fn home(&self) -> Option<PathBuf> {
        std::env::home_dir().filter(|home| !home.as_os_str().is_empty())
    }
}

/// This machine's clock, on tokio's timer.
#[derive(Debug)]
pub struct SystemClock {
    start: Instant,
    /// The start on the coarse clock.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    coarse_start: Duration,
}

impl Default for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is where time comes in; a test's own time may have been moved")]
    fn default() -> Self {
        Self {
            start: Instant::from_std(std::time::Instant::now()),
            #[cfg(any(target_os = "linux", target_os = "android"))]
            coarse_start: coarse(),
        }
    }
}

/// The clock of every world that is given no other: what is left alone until a moment is so in all of them.
pub(super) fn clock_of_all() -> Arc<SystemClock> {
    static OF_ALL: LazyLock<Arc<SystemClock>> = LazyLock::new(Arc::default);
    Arc::clone(&OF_ALL)
}

/// What the system notes at each of its ticks, 1 to 10 ms apart: a third of the cost of a reading.
#[cfg(any(target_os = "linux", target_os = "android"))]
fn coarse() -> Duration {
    let read = rustix::time::clock_gettime(rustix::time::ClockId::MonotonicCoarse);
    let seconds = u64::try_from(read.tv_sec).unwrap_or_default();
    Duration::new(seconds, u32::try_from(read.tv_nsec).unwrap_or_default())
}

#[async_trait]
impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is where time comes in")]
    fn now(&self) -> SystemTime {
        SystemTime::now()
    }

    fn moment(&self) -> Moment {
        Moment::since_start(self.start.elapsed())
    }

    #[cfg(any(target_os = "linux", target_os = "android"))]
    fn coarse(&self) -> Moment {
        Moment::since_start(coarse().saturating_sub(self.coarse_start))
    }

    /// Waits for ever where no tokio runtime is, which has the timer.
    async fn sleep_until(&self, moment: Moment) {
        if Handle::try_current().is_err() {
            return std::future::pending().await;
        }
        let wait = moment.since(Moment::default());
        let end = self.start.checked_add(wait).unwrap_or_else(|| self.start + Duration::from_secs(86_400 * 365));
        tokio::time::sleep_until(end).await;
    }
}

/// The operating system's random bytes.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemRandom;

impl Random for SystemRandom {
    fn fill(&self, buffer: &mut [u8]) {
        if getrandom::fill(buffer).is_err() {
            // A system without randomness: ids stay unique by the process's random hash keys.
            let seed = RandomState::new();
            for (nth, byte) in buffer.iter_mut().enumerate() {
                *byte = seed.hash_one(nth) as u8;
            }
        }
    }
}

/// The tokio runtime that the caller runs on. Without one nothing is run: whoever waits for the task
/// learns that it is gone.
#[derive(Clone, Copy, Debug, Default)]
pub struct TokioTasks;

impl Tasks for TokioTasks {
    fn spawn(&self, task: Task) {
        if let Ok(runtime) = Handle::try_current() {
            runtime.spawn(task);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_coarse_clock_keeps_up_with_the_other() {
        let clock = SystemClock::default();
        let end = clock.moment().after(Duration::from_millis(60));
        while clock.moment() < end {
            let (coarse, fine) = (clock.coarse(), clock.moment());
            assert!(coarse.since(fine) < Duration::from_millis(50), "{coarse:?} {fine:?}");
        }
        assert!(clock.coarse().after(Duration::from_millis(50)) >= end);
    }
}
