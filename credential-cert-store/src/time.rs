//! Dates of certificates: as ASN.1 has them (X.680 §46, §47), as this machine counts, as people read them.

use std::time::{Duration, SystemTime};

const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
const DAY: i64 = 86_400;

/// Seconds since 1970 of a `UTCTime` (of 1950 to 2049, RFC 5280 §4.1.2.5.1) or a `GeneralizedTime`; `None` for what is
/// no date. Seconds may be missing, fractions of them are left out, and an offset counts, though certificates have none.
pub(crate) fn asn1_time(tag: u8, value: &[u8]) -> Option<i64> {
    let text = std::str::from_utf8(value).ok()?;
    let (year, rest) = match tag {
        UTC_TIME => {
            let (year, rest) = digits(text, 2)?;
            (if year < 50 { 2000 + year } else { 1900 + year }, rest)
        }
        GENERALIZED_TIME => digits(text, 4)?,
        _ => return None,
    };
    let ((month, rest), at) = (digits(rest, 2)?, |text| digits(text, 2));
    let (day, rest) = at(rest)?;
    let (hour, rest) = at(rest)?;
    let (minute, rest) = at(rest)?;
    let (second, rest) = at(rest).unwrap_or((0, rest));
    let rest = match rest.strip_prefix(['.', ',']) {
        Some(fraction) if tag == GENERALIZED_TIME => fraction.trim_start_matches(|one: char| one.is_ascii_digit()),
        _ => rest,
    };
    let days = days_of(year, month, day).filter(|_| hour < 24 && minute < 60 && second < 60)?;
    Some(days * DAY + hour * 3600 + minute * 60 + second - offset(rest)?)
}

/// `Z`, or how far ahead of UTC the date's clock is.
fn offset(text: &str) -> Option<i64> {
    if text == "Z" {
        return Some(0);
    }
    let sign = if text.starts_with('+') { 1 } else { -1 };
    let (hours, rest) = digits(text.strip_prefix(['+', '-'])?, 2)?;
    let (minutes, rest) = digits(rest, 2)?;
    (rest.is_empty() && hours < 24 && minutes < 60).then_some(sign * (hours * 3600 + minutes * 60))
}

fn digits(text: &str, count: usize) -> Option<(i64, &str)> {
    let (head, rest) = text.split_at_checked(count)?;
    let number = head.bytes().all(|byte| byte.is_ascii_digit()).then(|| head.parse().ok())??;
    Some((number, rest))
}

/// Days from 1970-01-01 to a date of the Gregorian calendar; `None` for a day that is none.
fn days_of(year: i64, month: i64, day: i64) -> Option<i64> {
    let leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    let longest = match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    // Years begin in March here, so that the day that comes and goes is their last.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = 365 * year + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    (1..=longest).contains(&day).then(|| days + (153 * month + 2) / 5 + day - 1 - 719_468)
}

/// The date that is so many days after 1970-01-01: year, month, day.
fn date_of(days: i64) -> (i64, i64, i64) {
    let days = days.saturating_add(719_468);
    let (era, day) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (era * 400 + year + i64::from(month <= 2), month, day)
}

/// So many seconds after 1970, or before it.
pub(crate) fn system_time(seconds: i64) -> SystemTime {
    let length = Duration::from_secs(seconds.unsigned_abs());
    let start = SystemTime::UNIX_EPOCH;
    let moved = if seconds < 0 { start.checked_sub(length) } else { start.checked_add(length) };
    moved.unwrap_or(start)
}

/// A moment as messages about certificates write it: `2026-01-31 23:59:59 UTC`.
pub fn date(time: SystemTime) -> String {
    let seconds = match time.duration_since(SystemTime::UNIX_EPOCH) {
        Ok(since) => i64::try_from(since.as_secs()).unwrap_or(i64::MAX),
        Err(before) => i64::try_from(before.duration().as_secs()).map_or(i64::MIN, |seconds| -seconds),
    };
    let ((year, month, day), second) = (date_of(seconds.div_euclid(DAY)), seconds.rem_euclid(DAY));
    if !(0..=9999).contains(&year) {
        return "a date beyond the calendar".to_owned();
    }
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02} UTC")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_day_is_the_day_after_the_one_before() {
        let mut before = date_of(-800_000);
        for days in -799_999..3_000_000 {
            let date = date_of(days);
            assert_eq!(days_of(date.0, date.1, date.2), Some(days), "{date:?}");
            let next = (before.0, before.1, before.2 + 1);
            let begins = date.2 == 1 && (date.0, date.1) > (before.0, before.1);
            assert!(date == next || (begins && days_of(next.0, next.1, next.2).is_none()), "{before:?} {date:?}");
            before = date;
        }
        assert_eq!(date_of(0), (1970, 1, 1));
        assert_eq!(days_of(9999, 12, 31), Some(2_932_896));
    }

    #[test]
    fn dates_of_both_kinds_are_read_and_others_are_refused() {
        for (tag, text, seconds) in [
            (UTC_TIME, "700101000000Z", Some(0)),
            (UTC_TIME, "491231235959Z", Some(2_524_607_999)),
            (UTC_TIME, "500101000000Z", Some(-631_152_000)),
            (UTC_TIME, "2601010000Z", Some(1_767_225_600)),
            (UTC_TIME, "260101020000+0200", Some(1_767_225_600)),
            (GENERALIZED_TIME, "99991231235959Z", Some(253_402_300_799)),
            (GENERALIZED_TIME, "20260101000000.5Z", Some(1_767_225_600)),
            (GENERALIZED_TIME, "20251231223000-0130", Some(1_767_225_600)),
            (UTC_TIME, "260230000000Z", None),
            (UTC_TIME, "261301000000Z", None),
            (UTC_TIME, "260101240000Z", None),
            (UTC_TIME, "260101000000", None),
            (UTC_TIME, "26010100000.5Z", None),
            (UTC_TIME, "2601010000+1", None),
            (UTC_TIME, "é60101000000Z", None),
            (UTC_TIME, "", None),
            (0x0C, "260101000000Z", None),
        ] {
            assert_eq!(asn1_time(tag, text.as_bytes()), seconds, "{text}");
        }
    }

    #[test]
    fn a_moment_is_written_as_people_read_it() {
        let at = |seconds| date(system_time(seconds));
        assert_eq!(at(1_767_225_599), "2025-12-31 23:59:59 UTC");
        assert_eq!(at(-1), "1969-12-31 23:59:59 UTC");
        assert_eq!(at(253_402_300_800), "a date beyond the calendar");
    }
}
