//! When a token ends, in the forms in which hosts write it.

use std::time::{Duration, SystemTime};

use serde_json::Value;

use crate::facts::LAST_SECOND;

/// 2001-01-01: a smaller number is no date but a wait, as the reference takes it.
const FIRST_DATE: u64 = 978_307_200;

/// `expires_on` or else `expires_in`: numbers or text, seconds since 1970 or from now, ISO 8601, or as Machine
/// Learning and older App Service have it, `MM/dd/yyyy HH:mm:ss [AM|PM] +00:00`. What lies after the year 9999 is none.
pub(super) fn end(on: Option<&Value>, within: Option<&Value>, now: SystemTime) -> Option<SystemTime> {
    [on, within].into_iter().flatten().find_map(|value| moment(value, now))
}

fn moment(value: &Value, now: SystemTime) -> Option<SystemTime> {
    let text = match value {
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.trim().to_owned(),
        _ => return None,
    };
    let whole = text.split('.').next().unwrap_or_default();
    let seconds = match whole.parse::<u64>() {
        Ok(wait) if wait < FIRST_DATE => return now.checked_add(Duration::from_secs(wait)),
        Ok(seconds) if seconds > LAST_SECOND => return None,
        Ok(seconds) => seconds,
        Err(_) => date(&text)?,
    };
    SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds))
}

/// Seconds since 1970 of a date with a time of day, read as UTC less its offset.
fn date(text: &str) -> Option<u64> {
    let (day, rest) = text.split_at_checked(10)?;
    let numbers = |text: &str, separator: char| -> Option<[i64; 3]> {
        let parts: Vec<i64> = text.split(separator).map(|part| part.parse().ok()).collect::<Option<_>>()?;
        parts.try_into().ok()
    };
    let [year, month, day] = match numbers(day, '/') {
        Some([month, day, year]) => [year, month, day],
        None => numbers(day, '-')?,
    };
    let (time, zone) = rest.trim_start_matches(['T', 't', ' ']).split_at_checked(8)?;
    let [hour, minute, second] = numbers(time, ':')?;
    let zone = zone.trim_start_matches(|letter: char| letter == '.' || letter.is_ascii_digit()).trim();
    let (hour, zone) = match (zone.get(..2), hour) {
        (Some("AM"), 12) => (0, zone.get(2..)?),
        (Some("AM"), _) => (hour, zone.get(2..)?),
        (Some("PM"), 1..12) => (hour + 12, zone.get(2..)?),
        (Some("PM"), _) => (hour, zone.get(2..)?),
        _ => (hour, zone),
    };
    let in_range = (1970..=9999).contains(&year)
        && (1..=12).contains(&month)
        && (1..=31).contains(&day)
        && (0..24).contains(&hour)
        && (0..60).contains(&minute)
        && (0..=60).contains(&second);
    if !in_range {
        return None;
    }
    let seconds = days(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second - offset(zone.trim())?;
    u64::try_from(seconds).ok()
}

/// Seconds that `+01:00` is ahead; `Z` and nothing are UTC.
fn offset(zone: &str) -> Option<i64> {
    if matches!(zone, "" | "Z" | "z") {
        return Some(0);
    }
    let sign = match zone.get(..1)? {
        "+" => 1,
        "-" => -1,
        _ => return None,
    };
    let (hours, minutes) = zone.get(1..)?.split_once(':')?;
    let (hours, minutes): (u8, u8) = (hours.parse().ok()?, minutes.parse().ok()?);
    Some(sign * (i64::from(hours) * 3600 + i64::from(minutes) * 60))
}

/// Days from 1970-01-01 to a day of the Gregorian calendar, in years that begin in March so that the leap day is
/// the last.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    year * 365 + year / 4 - year / 100 + year / 400 + (month * 153 + 2) / 5 + day - 1 - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_end_is_read_in_every_form_that_hosts_write() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_767_225_600);
        let at = |seconds| Some(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds));
        for (on, within, expected) in [
            (json!("1767229200"), json!("10"), at(1_767_229_200)),
            (json!(1_767_229_200), Value::Null, at(1_767_229_200)),
            (json!("3600"), Value::Null, at(1_767_229_200)),
            (Value::Null, json!("10"), at(1_767_225_610)),
            (Value::Null, json!(10), at(1_767_225_610)),
            (json!("soon"), json!(10), at(1_767_225_610)),
            // In milliseconds it would never end.
            (json!("1767229200000"), json!(10), at(1_767_225_610)),
            (json!(1_767_229_200_000_u64), Value::Null, None),
            (json!("2026-01-01T01:00:00Z"), Value::Null, at(1_767_229_200)),
            (json!("2026-01-01T01:00:00.1234567+00:00"), Value::Null, at(1_767_229_200)),
            (json!("2026-01-01T02:00:00+01:00"), Value::Null, at(1_767_229_200)),
            (json!("01/01/2026 01:00:00 +00:00"), Value::Null, at(1_767_229_200)),
            (json!("01/01/2026 01:00:00 PM +00:00"), Value::Null, at(1_767_272_400)),
            (json!("01/01/2026 12:00:00 AM +00:00"), Value::Null, at(1_767_225_600)),
            (json!("02/29/2028 00:00:00 +00:00"), Value::Null, at(1_835_395_200)),
            (json!("13/01/2026 01:00:00 +00:00"), Value::Null, None),
            (json!("2026-01-01"), Value::Null, None),
            (json!("ééééééé"), Value::Null, None),
            (json!(-5), Value::Null, None),
            (Value::Null, Value::Null, None),
        ] {
            assert_eq!(end(Some(&on), Some(&within), now), expected, "{on} {within}");
        }
    }
}
