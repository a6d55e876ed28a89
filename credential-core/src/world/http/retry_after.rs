//! When a server wants to be asked again.

use std::time::{Duration, SystemTime};

use super::{HttpResponse, HttpStreamResponse};

/// How long a server wants to be left alone, from its headers: `Retry-After` in seconds or as a date (RFC 9110
/// §10.2.3). A date is counted from the answer's own `Date` where it has one, and else from `now`; one that is past is
/// no wait. `header` finds the first header of a name in lower case.
pub fn retry_after<'a>(header: impl Fn(&'static str) -> Option<&'a str>, now: SystemTime) -> Option<Duration> {
    let asked = header("retry-after")?.trim();
    if let Ok(seconds) = asked.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let until = httpdate::parse_http_date(asked).ok()?;
    let said = header("date").and_then(|date| httpdate::parse_http_date(date.trim()).ok());
    Some(until.duration_since(said.unwrap_or(now)).unwrap_or_default())
}

impl HttpResponse {
    /// How long the server wants to be left alone, seen from `now`: [`retry_after`].
    pub fn retry_after(&self, now: SystemTime) -> Option<Duration> {
        retry_after(|name| self.header(name), now)
    }
}

impl HttpStreamResponse {
    /// As [`HttpResponse::retry_after`].
    pub fn retry_after(&self, now: SystemTime) -> Option<Duration> {
        retry_after(|name| self.header(name), now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_to_come_again_is_seconds_or_a_date() {
        let date = "Sun, 06 Nov 1994 08:49:37 GMT";
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777 - 60);
        for (asked, said, seconds) in [
            ("0", None, Some(0)),
            (" 120 ", None, Some(120)),
            (date, None, Some(60)),
            ("Sunday, 06-Nov-94 08:49:37 GMT", None, Some(60)),
            ("Sun Nov  6 08:49:37 1994", None, Some(60)),
            // By the clock of whoever says it, where that is known.
            (date, Some("Sun, 06 Nov 1994 08:49:27 GMT"), Some(10)),
            (date, Some("Sun, 06 Nov 1994 09:00:00 GMT"), Some(0)),
            (date, Some("yesterday"), Some(60)),
            ("Sun, 06 Nov 1994 08:48:36 GMT", None, Some(0)),
            ("18446744073709551615", None, Some(u64::MAX)),
            ("18446744073709551616", None, None),
            ("soon", None, None),
            ("-1", None, None),
            ("", None, None),
        ] {
            let mut headers = vec![("Retry-After".to_owned(), asked.to_owned())];
            headers.extend(said.map(|said| ("Date".to_owned(), said.to_owned())));
            let response = HttpResponse::new(429, headers, "");
            assert_eq!(response.retry_after(now), seconds.map(Duration::from_secs), "{asked} {said:?}");
        }
        assert_eq!(HttpResponse::new(429, vec![], "").retry_after(now), None);
    }
}
