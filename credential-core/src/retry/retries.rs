//! After what a request is sent again.

use std::time::{Duration, SystemTime};

use super::backoff::spread;
use crate::world::{HttpError, HttpErrorKind, HttpResponse};

/// The pauses before a request is sent again, by what became of it: one pause for each further request, none where
/// another one would not help.
///
/// ```
/// use credential_core::retry::Retries;
/// use credential_core::world::HttpErrorKind;
/// use std::time::Duration;
///
/// const PAUSES: &[Duration] = &[Duration::from_secs(1), Duration::from_secs(2)];
/// const RETRIES: Retries = Retries::new(
///     |status| if matches!(status, 429 | 500..=599) { PAUSES } else { &[] },
///     |failure| if failure == HttpErrorKind::Broken { PAUSES } else { &[] },
/// );
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Retries {
    after_status: fn(u16) -> &'static [Duration],
    after_failure: fn(HttpErrorKind) -> &'static [Duration],
    longest: Duration,
    spread: bool,
}

impl Retries {
    /// None: a request is sent once.
    pub const NONE: Self = Self::new(|_| &[], |_| &[]);

    /// The pauses after an answer of a status, and after there was no answer.
    pub const fn new(
        after_status: fn(u16) -> &'static [Duration],
        after_failure: fn(HttpErrorKind) -> &'static [Duration],
    ) -> Self {
        Self { after_status, after_failure, longest: Duration::MAX, spread: false }
    }

    /// Lets whoever asks for more than that (`Retry-After`) be: the answer is the last one.
    #[must_use]
    pub const fn at_most(mut self, longest: Duration) -> Self {
        self.longest = longest;
        self
    }

    /// Shortens each pause to 75 to 100 %, so that many who were refused together do not come back together.
    #[must_use]
    pub const fn spread(mut self) -> Self {
        self.spread = true;
        self
    }

    /// How long to wait before the next request, when `sent` have been sent and this became of the last: no less than
    /// its `Retry-After` asks for ([`HttpResponse::retry_after`]). `None` where it is the last one. `jitter` is a number
    /// in `0.0..1.0`.
    pub fn pause(
        &self,
        last: &Result<HttpResponse, HttpError>,
        sent: usize,
        now: SystemTime,
        jitter: f64,
    ) -> Option<Duration> {
        let (pauses, asked) = match last {
            Ok(answer) => ((self.after_status)(answer.status), answer.retry_after(now)),
            Err(error) => ((self.after_failure)(error.kind()), None),
        };
        let pause = *pauses.get(sent.checked_sub(1)?)?;
        let pause = if self.spread { spread(pause, jitter) } else { pause };
        Some(pause.max(asked.unwrap_or_default())).filter(|pause| *pause <= self.longest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAUSES: &[Duration] = &[Duration::from_secs(1), Duration::from_secs(4)];
    const RETRIES: Retries = Retries::new(
        |status| if status == 503 { PAUSES } else { &[] },
        |failure| if failure == HttpErrorKind::Broken { PAUSES } else { &[] },
    );

    fn answered(status: u16, retry_after: Option<&str>) -> Result<HttpResponse, HttpError> {
        let headers = retry_after.map(|wait| ("Retry-After".to_owned(), wait.to_owned()));
        Ok(HttpResponse::new(status, headers.into_iter().collect(), ""))
    }

    #[test]
    fn a_pause_is_the_tables_or_what_the_server_asks_for() {
        let failed = |kind| Err(HttpError::new(kind, "x"));
        let capped = RETRIES.at_most(Duration::from_secs(10));
        for (retries, last, sent, milliseconds) in [
            (RETRIES, answered(503, None), 1, Some(1000)),
            (RETRIES, answered(503, None), 2, Some(4000)),
            (RETRIES, answered(503, None), 3, None),
            (RETRIES, answered(503, None), 0, None),
            (RETRIES, answered(200, None), 1, None),
            (RETRIES, answered(503, Some("30")), 1, Some(30_000)),
            (RETRIES, answered(503, Some("Thu, 01 Jan 1970 00:00:20 GMT")), 1, Some(20_000)),
            (RETRIES, answered(503, Some("2")), 2, Some(4000)),
            (capped, answered(503, Some("30")), 1, None),
            (capped, answered(503, None), 2, Some(4000)),
            (RETRIES.spread(), answered(503, None), 1, Some(750)),
            (RETRIES.spread(), answered(503, Some("1")), 1, Some(1000)),
            (RETRIES, failed(HttpErrorKind::Broken), 1, Some(1000)),
            (RETRIES, failed(HttpErrorKind::Tls), 1, None),
            (Retries::NONE, answered(503, None), 1, None),
        ] {
            let pause = retries.pause(&last, sent, SystemTime::UNIX_EPOCH, 0.0);
            assert_eq!(pause, milliseconds.map(Duration::from_millis), "{last:?} after {sent}");
        }
    }
}
