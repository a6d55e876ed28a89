//! What an authority answers with a token.

use std::time::{Duration, SystemTime};

use credential_core::Secret;
use credential_core::text::printable;
use credential_core::world::HttpResponse;
use serde::Deserialize;

use crate::AuthorityRefusal;
use crate::http::page::{PAGE, is_page};

/// The most bytes that an access token may have.
const MAX_TOKEN: usize = 256 * 1024;
/// The only type of token that is asked for (RFC 6750).
pub(crate) const BEARER: &str = "Bearer";
/// The most characters of an authority's text that a message shows.
const MAX_SHOWN: usize = 40;
/// Where the authority does not say how long a token lives, it is not kept.
const UNKNOWN_LIFE: Duration = Duration::ZERO;

/// What an authority answers with a token (RFC 6749 §5.1); numbers may be text.
#[derive(Deserialize)]
struct Body {
    access_token: Option<String>,
    token_type: Option<String>,
    #[serde(default)]
    expires_in: Option<Number>,
    #[serde(default)]
    refresh_in: Option<Number>,
    scope: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Number {
    Number(f64),
    Text(String),
}

impl Number {
    /// Seconds, ten years at most; nothing where it is no number.
    fn seconds(&self) -> Option<f64> {
        let seconds = match self {
            Self::Number(number) => *number,
            Self::Text(text) => text.trim().parse().ok()?,
        };
        seconds.is_finite().then(|| seconds.clamp(-315_360_000.0, 315_360_000.0))
    }
}

/// A token as the authority gave it, before it is known which credential won it.
pub(crate) struct Issued {
    pub(crate) value: Secret,
    pub(crate) life: Duration,
    pub(crate) refresh_in: Option<f64>,
    pub(crate) scopes: Option<Vec<String>>,
    pub(crate) at: SystemTime,
}

impl Issued {
    /// Reads a 200.
    ///
    /// # Errors
    /// When the body is not a valid JSON object or holds no usable token.
    pub(crate) fn read(response: &HttpResponse, now: SystemTime) -> Result<Self, Box<AuthorityRefusal>> {
        let unusable = |what: &str| Box::new(AuthorityRefusal::unusable(response, what, now));
        let Ok(body) = serde_json::from_slice::<Body>(response.body.expose()) else {
            if is_page(response) {
                return Err(unusable(PAGE));
            }
            let kind = printable(response.header("content-type").unwrap_or("no content type"), MAX_SHOWN);
            return Err(unusable(&format!("no JSON token answer ({kind})")));
        };
        let value = body.access_token.map(Secret::new).filter(|value| !value.is_empty());
        let value = value.ok_or_else(|| unusable("no access_token"))?;
        if value.expose().len() > MAX_TOKEN || !value.expose().bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(unusable("an access_token that no header can carry"));
        }
        // RFC 6749 §5.1: a client must not use a token whose type it does not understand.
        if let Some(other) = body.token_type.filter(|other| !other.eq_ignore_ascii_case(BEARER)) {
            let what = format!("a token of the type \"{}\", not {BEARER}", printable(&other, MAX_SHOWN));
            return Err(unusable(&what));
        }
        let life = body.expires_in.and_then(|number| number.seconds()).filter(|seconds| *seconds > 0.0);
        Ok(Self {
            value,
            life: life.map_or(UNKNOWN_LIFE, Duration::from_secs_f64),
            refresh_in: body.refresh_in.and_then(|number| number.seconds()),
            scopes: body.scope.map(|scope| scope.split_whitespace().map(str::to_owned).collect()),
            at: now,
        })
    }

    /// When it ends.
    pub(crate) fn expires_on(&self) -> SystemTime {
        self.at.checked_add(self.life).unwrap_or(self.at)
    }

    /// After how long it should be renewed: when the authority says, or after half its life. A time in the past
    /// means at once, and one at its end or later, when nobody could, nothing.
    pub(crate) fn renewed_after(&self) -> Duration {
        let wait = self.refresh_in.map(|seconds| Duration::from_secs_f64(seconds.max(0.0)));
        wait.filter(|wait| *wait < self.life).unwrap_or(self.life / 2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(members: &str) -> Result<Issued, Box<AuthorityRefusal>> {
        Issued::read(&HttpResponse::new(200, Vec::new(), format!("{{{members}}}")), SystemTime::UNIX_EPOCH)
    }

    #[test]
    fn whatever_the_times_of_a_token_are_it_is_read() {
        const TEN_YEARS: f64 = 315_360_000.0;
        for (expires_in, refresh_in, life, renewed_after) in [
            ("3600", "null", 3600.0, 1800.0),
            ("\"3600\"", "\"600\"", 3600.0, 600.0),
            ("\" 3600 \"", "\" 600 \"", 3600.0, 600.0),
            ("3600.5", "0.5", 3600.5, 0.5),
            ("1", "0", 1.0, 0.0),
            ("3600", "-1", 3600.0, 0.0),
            ("3600", "-1e300", 3600.0, 0.0),
            ("3600", "\"soon\"", 3600.0, 1800.0),
            ("3600", "3600", 3600.0, 1800.0),
            ("3600", "7200", 3600.0, 1800.0),
            ("3600", "1e300", 3600.0, 1800.0),
            ("1e12", "null", TEN_YEARS, TEN_YEARS / 2.0),
            ("1e300", "1e300", TEN_YEARS, TEN_YEARS / 2.0),
            ("\"inf\"", "\"inf\"", 0.0, 0.0),
            ("\"NaN\"", "\"NaN\"", 0.0, 0.0),
            ("0", "0", 0.0, 0.0),
            ("-5", "-5", 0.0, 0.0),
            ("-1e300", "null", 0.0, 0.0),
            ("\"\"", "\"\"", 0.0, 0.0),
            ("null", "600", 0.0, 0.0),
        ] {
            let members = format!(
                r#""access_token":"a","expires_in":{expires_in},"refresh_in":{refresh_in},"ext_expires_in":7200"#
            );
            let issued = read(&members).unwrap();
            let times = (issued.life.as_secs_f64(), issued.renewed_after().as_secs_f64());
            assert_eq!(times, (life, renewed_after), "{members}");
        }
    }

    #[test]
    fn what_no_header_carries_is_no_token() {
        let token = |token: &str| read(&format!(r#""access_token":{}"#, serde_json::Value::from(token)));
        assert!(token(&"a".repeat(MAX_TOKEN)).is_ok());
        for bad in ["", "a b", "a\r\nx: y", "\u{e4}", "a\0", &"a".repeat(MAX_TOKEN + 1)] {
            assert!(token(bad).is_err(), "{} bytes", bad.len());
        }
    }
}
