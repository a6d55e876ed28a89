//! How long what failed is left alone.

use std::time::Duration;

/// A wait that doubles with every failure in a row, between two bounds, and is spread.
///
/// ```
/// use credential_core::retry::Backoff;
/// use std::time::Duration;
///
/// let backoff = Backoff::new(Duration::from_secs(1), Duration::from_secs(60));
/// assert_eq!(backoff.after(3, 1.0), Duration::from_secs(4));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    first: Duration,
    longest: Duration,
}

impl Backoff {
    /// From the wait after the first failure, and the longest one.
    pub const fn new(first: Duration, longest: Duration) -> Self {
        Self { first, longest }
    }

    /// The wait after so many failures in a row, counted from 1. It is 75 to 100 % of what doubling gives, by a jitter
    /// in `0.0..1.0` ([`World::jitter`](crate::World::jitter)): those who failed together do not come back together.
    pub fn after(self, failures: u32, jitter: f64) -> Duration {
        let factor = 1u32.checked_shl(failures.saturating_sub(1)).unwrap_or(u32::MAX);
        spread(self.first.saturating_mul(factor).min(self.longest), jitter)
    }
}

/// 75 to 100 % of a wait.
pub(super) fn spread(wait: Duration, jitter: f64) -> Duration {
    wait.mul_f64(0.75 + 0.25 * jitter.clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_doubles_up_to_its_end_and_is_spread() {
        let backoff = Backoff::new(Duration::from_secs(1), Duration::from_secs(60));
        assert_eq!([0, 1, 2, 3, 7, 99].map(|failures| backoff.after(failures, 1.0).as_secs()), [1, 1, 2, 4, 60, 60]);
        assert_eq!(backoff.after(1, 0.0), Duration::from_millis(750));
    }
}
