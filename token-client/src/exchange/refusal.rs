//! What an authority says when it gives no token (RFC 6749 §5.2, with Entra's members).

use std::fmt;
use std::time::{Duration, SystemTime};

use credential_core::Finding;
use credential_core::chain::{Attempt, Outcome};
use credential_core::text::moves_terminal;
use credential_core::world::HttpResponse;
use serde::Deserialize;

use super::led::{self, Led};
use super::{ExchangeError, rejection};
use crate::http::page::{PAGE, is_page};

/// The code of a proxy's answer in the authority's place.
pub(super) const PROXY_WANTS_PASSWORD: &str = "proxy_authentication_required";
/// The code of a success that is none.
const UNUSABLE: &str = "unusable_answer";
/// The longest that an authority is left alone when it asks for it.
const MAX_WAIT: Duration = Duration::from_secs(3600);
/// The most of an authority's text that is kept.
const MAX_TEXT: usize = 2000;

/// An authority's refusal. Everything in it came from the authority, and what that repeats of the request's
/// secrets was taken out before it is read: `Debug` shows all of it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AuthorityRefusal {
    /// The HTTP status.
    pub status: u16,
    /// The OAuth error code: `invalid_client`, ...
    pub error: String,
    /// The description, its first line.
    pub description: String,
    /// Entra's numbers: `AADSTS7000215` is 7000215.
    pub error_codes: Vec<u64>,
    /// A finer reason, for interaction.
    pub suberror: Option<String>,
    /// Claims that the user must be asked for again with, as JSON text.
    pub claims: Option<String>,
    /// Entra's id of this refusal, for its support.
    pub trace_id: Option<String>,
    /// The id that ties requests together.
    pub correlation_id: Option<String>,
    /// When it happened, as the authority wrote it.
    pub timestamp: Option<String>,
    /// How long the authority wants to be left alone.
    pub retry_after: Option<Duration>,
    /// The settings that led to it.
    pub(super) led: Vec<Led>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Body {
    error: Option<serde_json::Value>,
    error_description: Option<String>,
    error_codes: Vec<serde_json::Value>,
    suberror: Option<String>,
    claims: Option<String>,
    trace_id: Option<String>,
    correlation_id: Option<String>,
    timestamp: Option<String>,
}

impl AuthorityRefusal {
    /// What the authority said of an attempt's credential; `None` when it said nothing, or accepted it.
    pub fn of(attempt: &Attempt) -> Option<&Self> {
        match &attempt.outcome {
            Outcome::Rejected(error) => error.downcast_ref::<ExchangeError>()?.authority(),
            _ => None,
        }
    }

    /// What to do about it, where that is known.
    pub fn remedy(&self) -> Option<&'static str> {
        rejection::remedy(self)
    }

    /// The finding with the settings that led to the refusal, and with what to do.
    pub(crate) fn placed(&self, mut finding: Finding) -> Finding {
        if finding.remedy.is_none() {
            let unknown = self.error_codes.first().filter(|_| self.remedy().is_none());
            finding.remedy = match unknown {
                Some(code) => Some(format!("look it up: https://login.microsoftonline.com/error?code={code}")),
                None => self.remedy().map(str::to_owned),
            };
        }
        led::placed(finding, &self.led)
    }

    /// Reads a refusal; a body that is none gets a code by its status.
    pub(crate) fn read(response: &HttpResponse, now: SystemTime) -> Self {
        let status = response.status;
        let body: Body = serde_json::from_slice(response.body.expose()).unwrap_or_default();
        let error = body.error.as_ref().and_then(serde_json::Value::as_str).map(shorten);
        let full = body.error_description.unwrap_or_default();
        let mut error_codes: Vec<u64> = body.error_codes.iter().filter_map(as_code).collect();
        if error_codes.is_empty() {
            error_codes.extend(leading_code(&full));
        }
        let known = error.is_some();
        Self {
            status,
            error: error.unwrap_or_else(|| by_status(status).to_owned()),
            description: if known {
                shorten(full.lines().next().unwrap_or_default())
            } else {
                no_oauth_answer(response)
            },
            error_codes,
            suberror: body.suberror.as_deref().map(shorten),
            claims: body.claims,
            trace_id: body.trace_id.as_deref().map(shorten),
            correlation_id: body.correlation_id.as_deref().map(shorten),
            timestamp: body.timestamp.as_deref().map(shorten),
            retry_after: response.retry_after(now).map(|wait| wait.min(MAX_WAIT)),
            led: Vec::new(),
        }
    }

    /// A success that is none: 200 with a body that holds no token.
    pub(crate) fn unusable(response: &HttpResponse, what: &str, now: SystemTime) -> Self {
        let mut error = Self::read(response, now);
        error.error = UNUSABLE.to_owned();
        error.description = format!("the authority answered {} with {what}", response.status);
        error
    }

    /// Whether an authority said it: the answer has a code of OAuth's, and not one by its status.
    pub(crate) fn is_of_oauth(&self) -> bool {
        self.error != UNUSABLE && self.error != by_status(self.status)
    }
}

fn as_code(value: &serde_json::Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.parse().ok())
}

/// The number in a description that begins `AADSTS7000215:`, for answers without `error_codes`.
fn leading_code(description: &str) -> Option<u64> {
    let digits = description.strip_prefix("AADSTS")?;
    digits.split(|digit: char| !digit.is_ascii_digit()).next()?.parse().ok()
}

fn by_status(status: u16) -> &'static str {
    match status {
        300..=399 => "redirected",
        404 => "not_found",
        407 => PROXY_WANTS_PASSWORD,
        408 => "request_timeout",
        429 => "request_throttled",
        500.. => "service_not_available",
        _ => "no_oauth_answer",
    }
}

fn no_oauth_answer(response: &HttpResponse) -> String {
    let status = response.status;
    let kind = response.header("content-type").unwrap_or("no content type");
    match (status, response.header("location")) {
        (300..=399, Some(_)) => format!(
            "the authority answered {status} with a redirect; a request that carries a credential does not follow one"
        ),
        (407, _) => "a proxy answered 407 in the authority's place: it asks for a user name and password".to_owned(),
        _ if is_page(response) => format!("the authority answered {status} with {PAGE}"),
        _ => format!("the authority answered {status} with {} bytes of {}", response.body.len(), shorten(kind)),
    }
}

fn shorten(text: &str) -> String {
    text.chars().filter(|one| !moves_terminal(*one)).take(MAX_TEXT).collect()
}

impl fmt::Display for AuthorityRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.description.as_str() {
            "" => write!(f, "{}: the authority gives no reason", self.error),
            reason => write!(f, "{}: {reason}", self.error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_entras_members_and_keeps_one_line() {
        let body = r#"{"error":"invalid_client","error_description":"AADSTS7000215: Invalid client secret.\r\nTrace ID: t","error_codes":[7000215],"trace_id":"t","timestamp":"2026-01-01 00:00:00Z"}"#;
        let error = AuthorityRefusal::read(&HttpResponse::new(401, vec![], body), SystemTime::UNIX_EPOCH);
        assert_eq!(error.to_string(), "invalid_client: AADSTS7000215: Invalid client secret.");
        assert_eq!(error.error_codes, [7000215]);
        assert_eq!(error.trace_id.as_deref(), Some("t"));
    }

    #[test]
    fn what_moves_a_terminal_is_cut_from_an_authoritys_words() {
        let body = r#"{"error":"invalid\u202e_client","error_description":"AADSTS1:\u2028 a\u001b[31m\u200fb","trace_id":"\u2066t"}"#;
        let error = AuthorityRefusal::read(&HttpResponse::new(401, vec![], body), SystemTime::UNIX_EPOCH);
        assert_eq!(error.to_string(), "invalid_client: AADSTS1: a[31mb");
        assert_eq!(error.trace_id.as_deref(), Some("t"));
    }

    #[test]
    fn takes_the_number_from_the_description_when_there_is_no_list() {
        let body = r#"{"error":"invalid_client","error_description":"AADSTS700027: text AADSTS99999"}"#;
        assert_eq!(
            AuthorityRefusal::read(&HttpResponse::new(401, vec![], body), SystemTime::UNIX_EPOCH).error_codes,
            [700027]
        );
    }

    #[test]
    fn an_authority_is_left_alone_for_an_hour_at_most() {
        let date = "Sun, 06 Nov 1994 08:49:37 GMT";
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777 - 60);
        for (retry_after, seconds) in [
            ("120", Some(120)),
            (date, Some(60)),
            ("99999", Some(3600)),
            ("Sat, 06 Nov 2094 08:49:37 GMT", Some(3600)),
            ("soon", None),
        ] {
            let headers = vec![("Retry-After".to_owned(), retry_after.to_owned())];
            let wait = AuthorityRefusal::read(&HttpResponse::new(429, headers, ""), now).retry_after;
            assert_eq!(wait, seconds.map(Duration::from_secs), "{retry_after}");
        }
    }

    #[test]
    fn a_page_is_named_for_what_it_is() {
        let headers =
            vec![("Content-Type".to_owned(), "text/html".to_owned()), ("Retry-After".to_owned(), "99999".to_owned())];
        let error = AuthorityRefusal::read(&HttpResponse::new(503, headers, "<html>"), SystemTime::UNIX_EPOCH);
        assert_eq!(
            error.to_string(),
            "service_not_available: the authority answered 503 with an HTML page, not JSON: a proxy or captive portal may stand before it"
        );
        assert_eq!(error.retry_after, Some(Duration::from_secs(3600)));
    }
}
