//! Seconds since 1970, and how Entra writes a moment.

use std::time::SystemTime;

use credential_core::world::Clock;
use time::{OffsetDateTime, PrimitiveDateTime};

/// How far a client's clock may be off.
pub(crate) const SKEW_SECONDS: i64 = 300;

/// Whole seconds since 1970 on the emulator's clock.
pub(crate) fn seconds(clock: &dyn Clock) -> i64 {
    let since = clock.now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}

/// `2026-01-01 00:00:00Z`, as in the `timestamp` of an error. What is beyond the year 9999 is its last moment.
pub(crate) fn timestamp(seconds: i64) -> String {
    let [first, last] = [PrimitiveDateTime::MIN, PrimitiveDateTime::MAX].map(|end| end.assume_utc().unix_timestamp());
    let at = OffsetDateTime::from_unix_timestamp(seconds.clamp(first, last)).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    let (date, time) = (at.date(), at.time());
    let (year, month, day) = (date.year(), u8::from(date.month()), date.day());
    format!("{year:04}-{month:02}-{day:02} {:02}:{:02}:{:02}Z", time.hour(), time.minute(), time.second())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_written_as_entra_writes_them() {
        for (seconds, text) in [
            (0, "1970-01-01 00:00:00Z"),
            (951_782_399, "2000-02-28 23:59:59Z"),
            (951_782_400, "2000-02-29 00:00:00Z"),
            (1_767_225_600, "2026-01-01 00:00:00Z"),
            (4_107_542_399, "2100-02-28 23:59:59Z"),
            (4_107_542_400, "2100-03-01 00:00:00Z"),
            (i64::MAX, "9999-12-31 23:59:59Z"),
        ] {
            assert_eq!(timestamp(seconds), text);
        }
    }
}
