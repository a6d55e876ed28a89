//! How long what failed is left alone.

use std::time::Duration;

/// Shortest and longest wait.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Backoff(pub(crate) Duration, pub(crate) Duration);

impl Backoff {
    /// The wait after so many failures in a row: doubles, and is 75 to 100 % of that by the jitter in `0.0..1.0`, so
    /// that those who failed together do not come back together.
    pub(crate) fn after(self, failures: u32, jitter: f64) -> Duration {
        let Self(first, last) = self;
        let factor = 1u32.checked_shl(failures.saturating_sub(1)).unwrap_or(u32::MAX);
        first.saturating_mul(factor).min(last).mul_f64(0.75 + 0.25 * jitter.clamp(0.0, 1.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_doubles_up_to_its_end_and_is_spread() {
        let backoff = Backoff(Duration::from_secs(1), Duration::from_secs(60));
        assert_eq!([1, 2, 3, 7, 99].map(|failures| backoff.after(failures, 1.0).as_secs()), [1, 2, 4, 60, 60]);
        assert_eq!(backoff.after(1, 0.0), Duration::from_millis(750));
    }
}
