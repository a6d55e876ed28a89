//! How far this machine's clock is from an authority's, by the `Date` of its answers (RFC 9110 §6.6.1).

use std::time::{Duration, SystemTime};

use credential_core::Finding;
use credential_core::text::printable;
use credential_core::world::HttpResponse;
use url::Url;

/// Stable; programs compare it.
const CLOCK_SKEW: &str = "clock-skew";
/// A clock that is off by less is as good as right.
const TOLERATED: Duration = Duration::from_secs(60);
/// Authorities take assertions from clocks that are off by no more than this.
const BY_AUTHORITIES: Duration = Duration::from_secs(300);
/// A `Date` says whole seconds.
const RESOLUTION: Duration = Duration::from_secs(1);
/// The most characters of a host that a message shows.
const MAX_SHOWN: usize = 100;

/// How far this machine's clock is off, at least.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Skew {
    Ahead(Duration),
    Behind(Duration),
}

impl Skew {
    /// By the answer to a request that was sent and answered at these times; `None` where it says no date, or one
    /// that fits.
    pub(crate) fn of(response: &HttpResponse, sent: SystemTime, answered: SystemTime) -> Option<Self> {
        let date = httpdate::parse_http_date(response.header("date")?).ok()?;
        // It was written some time between the two, and in the second that it says.
        let written = date.checked_add(RESOLUTION)?;
        let ahead = sent.duration_since(written).ok().map(Self::Ahead);
        ahead.or_else(|| date.duration_since(answered).ok().map(Self::Behind))
    }

    /// What is to be said of it, where it is more than clocks are usually off.
    pub(crate) fn finding(self, authority: &str) -> Option<Finding> {
        let (by, side, what) = match self {
            Self::Ahead(by) => (by, "ahead of", "client assertions are not valid yet (nbf)"),
            Self::Behind(by) => (by, "behind", "client assertions have ended (exp) or end soon"),
        };
        if by < TOLERATED {
            return None;
        }
        let host = Url::parse(authority).ok().and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default();
        let effect = match by > BY_AUTHORITIES {
            true => "it refuses them with AADSTS700024",
            false => "it tolerates that up to 5 min (AADSTS700024 then)",
        };
        let message = format!(
            "this machine's clock is {} {side} that of {}: there, {what}, and {effect}; certificates and federated \
             tokens are judged by the wrong time here",
            readable(by),
            printable(&host, MAX_SHOWN)
        );
        let remedy = "correct this machine's clock, in a container the host's: switch time synchronisation on";
        Some(Finding::warning(CLOCK_SKEW, message).remedy(remedy))
    }
}

fn readable(time: Duration) -> String {
    let seconds = time.as_secs();
    let (days, hours, minutes, seconds) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    match (days, hours) {
        (0, 0) => format!("{minutes} min {seconds} s"),
        (0, _) => format!("{hours} h {minutes} min"),
        _ => format!("{days} d {hours} h"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn skew(sent: u64, answered: u64, date: &str) -> Option<Skew> {
        let at = |seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        let response = HttpResponse::new(200, vec![("Date".to_owned(), date.to_owned())], "");
        Skew::of(&response, at(sent), at(answered))
    }

    #[test]
    fn it_is_what_no_wait_for_the_answer_explains() {
        const DATE: &str = "Thu, 01 Jan 1970 01:00:00 GMT";
        let seconds = Duration::from_secs;
        for (sent, answered, expected) in [
            (3599, 3601, None),
            (3590, 3610, None),
            (3701, 3710, Some(Skew::Ahead(seconds(100)))),
            (3490, 3500, Some(Skew::Behind(seconds(100)))),
        ] {
            assert_eq!(skew(sent, answered, DATE), expected, "{sent} {answered}");
        }
        assert_eq!(skew(0, 0, "yesterday"), None);
        assert_eq!(Skew::of(&HttpResponse::new(200, vec![], ""), SystemTime::UNIX_EPOCH, SystemTime::UNIX_EPOCH), None);
    }

    #[test]
    fn it_is_said_from_a_minute_on_and_with_what_breaks() {
        let said = |skew: Skew| skew.finding("https://login.example/t").map(|finding| finding.message);
        assert_eq!(said(Skew::Ahead(Duration::from_secs(59))), None);
        let ahead = said(Skew::Ahead(Duration::from_secs(432))).unwrap();
        assert!(ahead.contains("7 min 12 s ahead of that of login.example") && ahead.contains("(nbf)"), "{ahead}");
        let behind = said(Skew::Behind(Duration::from_secs(90_000))).unwrap();
        assert!(behind.contains("1 d 1 h behind") && behind.contains("(exp)"), "{behind}");
        assert!(said(Skew::Behind(Duration::from_secs(90))).unwrap().contains("tolerates"));
    }
}
