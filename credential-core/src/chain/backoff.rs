//! How long an entry is left alone after a failure.

use std::time::Duration;

use crate::retry::Backoff;
use crate::world::Moment;
use crate::{SourceError, SourceErrorKind};

/// Shortest and longest wait for a kind of failure.
fn of_kind(kind: SourceErrorKind) -> Backoff {
    let (first, longest) = match kind {
        SourceErrorKind::Transient => (1, 60),
        SourceErrorKind::NotApplicable => (60, 600),
        SourceErrorKind::Denied | SourceErrorKind::Invalid | SourceErrorKind::Misconfigured => (30, 600),
    };
    Backoff::new(Duration::from_secs(first), Duration::from_secs(longest))
}

/// When a source that failed `streak` times in a row (from 1) is asked again. At once when a local
/// look settled the failure; not before the service said, when it did.
pub(crate) fn after_failure(error: &SourceError, streak: u32, now: Moment, jitter: f64) -> Moment {
    if error.is_local() {
        return now;
    }
    let wait = of_kind(error.kind()).after(streak, jitter);
    now.after(error.wait().map_or(wait, |asked| asked.min(Duration::from_secs(3600)).max(wait)))
}

/// When refused material is presented again.
pub(crate) fn after_rejection(streak: u32, now: Moment, jitter: f64) -> Moment {
    now.after(of_kind(SourceErrorKind::Denied).after(streak, jitter))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles_up_to_the_kinds_limit() {
        let error = SourceError::transient("x", "x");
        let wait = |streak| after_failure(&error, streak, Moment::default(), 1.0).since(Moment::default()).as_secs();
        assert_eq!([wait(1), wait(2), wait(3), wait(7), wait(60)], [1, 2, 4, 60, 60]);
    }

    #[test]
    fn a_local_failure_waits_for_nothing_and_a_service_is_obeyed() {
        let now = Moment::default().after(Duration::from_secs(5));
        let local = SourceError::not_applicable("x", "x").settled_locally();
        assert_eq!(after_failure(&local, 3, now, 0.5), now);
        let throttled = SourceError::transient("x", "x").retry_after(Duration::from_secs(120));
        assert_eq!(after_failure(&throttled, 1, now, 0.5).since(now).as_secs(), 120);
    }
}
