//! A token, and how it came about.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use credential_core::{Attempt, HttpResponse, Secret, printable};
use serde::Deserialize;

use crate::AuthorityRefusal;

/// The most bytes that an access token may have.
const MAX_TOKEN: usize = 256 * 1024;
/// The only type of token that is asked for (RFC 6750).
const BEARER: &str = "Bearer";
/// The most characters of an authority's text that a message shows.
const MAX_SHOWN: usize = 40;
/// Where the authority does not say how long a token lives, it is not kept.
const UNKNOWN_LIFE: Duration = Duration::ZERO;
/// A token that lives at least this long is renewed at half its life when the authority does not say.
const LONG_LIFE: Duration = Duration::from_secs(2 * 3600);

/// An access token. Cheap to clone; clones share it. Shows no secret.
#[derive(Clone)]
pub struct AccessToken(Arc<Inner>);

struct Inner {
    value: Secret,
    header: Secret,
    expires_on: SystemTime,
    refresh_on: Option<SystemTime>,
    scopes: Vec<String>,
    tenant: Option<String>,
    attempts: Vec<Attempt>,
}

impl AccessToken {
    /// The token itself.
    pub fn value(&self) -> &Secret {
        &self.0.value
    }

    /// The value of an `Authorization` header: `Bearer ey...`.
    pub fn authorization_header(&self) -> &Secret {
        &self.0.header
    }

    /// `Bearer`: no other type is asked for or taken (RFC 6749 §7.1).
    pub fn token_type(&self) -> &str {
        BEARER
    }

    /// When it ends.
    pub fn expires_on(&self) -> SystemTime {
        self.0.expires_on
    }

    /// From when on it should be renewed, though it still works.
    pub fn refresh_on(&self) -> Option<SystemTime> {
        self.0.refresh_on
    }

    /// The scopes that it was issued for, or asked with where the authority does not say.
    pub fn scopes(&self) -> &[String] {
        &self.0.scopes
    }

    /// The tenant that it was asked from, where the authority has tenants.
    pub fn tenant(&self) -> Option<&str> {
        self.0.tenant.as_deref()
    }

    /// The entries of `ClientCredentials` that were tried for it, the accepted one marked as such.
    pub fn attempts(&self) -> &[Attempt] {
        &self.0.attempts
    }
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessToken")
            .field("token_type", &BEARER)
            .field("expires_on", &self.0.expires_on)
            .field("scopes", &self.0.scopes)
            .field("tenant", &self.0.tenant)
            .finish_non_exhaustive()
    }
}

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
    value: Secret,
    life: Duration,
    refresh_in: Option<f64>,
    scopes: Option<Vec<String>>,
    at: SystemTime,
}

impl Issued {
    /// Reads a 200.
    ///
    /// # Errors
    /// When the body is no JSON object or holds no usable token.
    pub(crate) fn read(response: &HttpResponse, now: SystemTime) -> Result<Self, Box<AuthorityRefusal>> {
        let Ok(body) = serde_json::from_slice::<Body>(response.body.expose()) else {
            let kind = printable(response.header("content-type").unwrap_or("no content type"), MAX_SHOWN);
            return Err(Box::new(AuthorityRefusal::unusable(response, &format!("no JSON token answer ({kind})"))));
        };
        let value = body.access_token.map(Secret::new).filter(|value| !value.is_empty());
        let value = value.ok_or_else(|| Box::new(AuthorityRefusal::unusable(response, "no access_token")))?;
        if value.expose().len() > MAX_TOKEN || !value.expose().bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(Box::new(AuthorityRefusal::unusable(response, "an access_token that no header can carry")));
        }
        // RFC 6749 §5.1: a client must not use a token whose type it does not understand.
        if let Some(other) = body.token_type.filter(|other| !other.eq_ignore_ascii_case(BEARER)) {
            let what = format!("a token of the type \"{}\", not {BEARER}", printable(&other, MAX_SHOWN));
            return Err(Box::new(AuthorityRefusal::unusable(response, &what)));
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

    pub(crate) fn into_token(self, asked: &[String], tenant: Option<&str>, attempts: Vec<Attempt>) -> AccessToken {
        let refresh_on = match self.refresh_in {
            // A moment in the past means: at once.
            Some(seconds) => self.at.checked_add(Duration::from_secs_f64(seconds.max(0.0))),
            None if self.life >= LONG_LIFE => self.at.checked_add(self.life / 2),
            None => None,
        };
        AccessToken(Arc::new(Inner {
            header: Secret::new(format!("{BEARER} {}", self.value.expose())),
            value: self.value,
            expires_on: self.at.checked_add(self.life).unwrap_or(self.at),
            refresh_on,
            scopes: self.scopes.unwrap_or_else(|| asked.to_vec()),
            tenant: tenant.map(str::to_owned),
            attempts,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn issued(body: &str) -> Result<AccessToken, Box<AuthorityRefusal>> {
        let response = HttpResponse::new(200, vec![], body);
        let asked = ["api://a/.default".to_owned()];
        Issued::read(&response, SystemTime::UNIX_EPOCH).map(|issued| issued.into_token(&asked, None, vec![]))
    }

    #[test]
    fn numbers_may_be_text_and_missing_scopes_are_those_asked_for() {
        let token = issued(r#"{"access_token":"t","expires_in":"3600","refresh_in":1800}"#).unwrap();
        assert_eq!(token.expires_on(), SystemTime::UNIX_EPOCH + Duration::from_secs(3600));
        assert_eq!(token.refresh_on(), Some(SystemTime::UNIX_EPOCH + Duration::from_secs(1800)));
        assert_eq!(token.scopes(), ["api://a/.default"]);
        assert_eq!(token.authorization_header().expose(), "Bearer t");
    }

    #[test]
    fn a_long_life_is_renewed_at_its_half() {
        let token = issued(r#"{"access_token":"t","expires_in":86400}"#).unwrap();
        assert_eq!(token.refresh_on(), Some(SystemTime::UNIX_EPOCH + Duration::from_secs(43200)));
    }

    #[test]
    fn what_is_no_token_is_refused() {
        for body in [r#"{"token_type":"Bearer"}"#, r#"{"access_token":""}"#, r#"{"access_token":"a\nb"}"#, "<html>"] {
            assert!(issued(body).is_err(), "{body}");
        }
    }

    #[test]
    fn the_type_is_bearer_in_any_case_and_nothing_else() {
        for good in ["", r#","token_type":"Bearer""#, r#","token_type":"bEARER""#, r#","token_type":null"#] {
            let token = issued(&format!(r#"{{"access_token":"t"{good}}}"#)).unwrap();
            assert_eq!((token.authorization_header().expose(), token.token_type()), ("Bearer t", "Bearer"), "{good}");
        }
        let long = "x".repeat(500_000);
        for (bad, shown) in [
            ("pop", "\"pop\""),
            ("mac", "\"mac\""),
            ("", "\"\""),
            ("Bearer ", "\"Bearer \""),
            (r"Bearer\r\nX-Forged: 1", r#""Bearer\u{d}\u{a}X-Forged: 1""#),
            (long.as_str(), "xxx…\""),
        ] {
            let body = format!(r#"{{"access_token":"ey-very-secret","expires_in":3600,"token_type":"{bad}"}}"#);
            let error = issued(&body).unwrap_err().to_string();
            assert!(error.contains(shown) && error.len() < 200 && !error.contains("ey-very"), "{error}");
            assert!(!error.contains(char::is_control), "{error:?}");
        }
    }

    #[test]
    fn debug_shows_no_token() {
        let token = issued(r#"{"access_token":"ey-very-secret","expires_in":60}"#).unwrap();
        assert!(!format!("{token:?}").contains("ey-very-secret"));
    }
}
