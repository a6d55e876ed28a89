//! A token, and how it came about.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use credential_core::Secret;
use credential_core::chain::{Attempt, Outcome};

use crate::exchange::{BEARER, Issued};

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
    /// A token that the program has from elsewhere, for a [`TokenSource`](crate::TokenSource) of its own.
    pub fn new(value: impl Into<Secret>, expires_on: SystemTime) -> Self {
        let value = value.into();
        Self(Arc::new(Inner {
            header: header(&value),
            value,
            expires_on,
            refresh_on: None,
            scopes: Vec::new(),
            tenant: None,
            attempts: Vec::new(),
        }))
    }

    /// What the authority gave, for what was asked.
    pub(crate) fn of(issued: Issued, asked: &[String], tenant: Option<&str>, attempts: Vec<Attempt>) -> Self {
        let refresh_on = match issued.refresh_in {
            // A moment in the past means: at once.
            Some(seconds) => issued.at.checked_add(Duration::from_secs_f64(seconds.max(0.0))),
            None if issued.life >= LONG_LIFE => issued.at.checked_add(issued.life / 2),
            None => None,
        };
        Self(Arc::new(Inner {
            header: header(&issued.value),
            value: issued.value,
            expires_on: issued.at.checked_add(issued.life).unwrap_or(issued.at),
            refresh_on,
            scopes: issued.scopes.unwrap_or_else(|| asked.to_vec()),
            tenant: tenant.map(str::to_owned),
            attempts,
        }))
    }

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

    /// The entry of `ClientCredentials` that the authority accepted for it: its place in the list, its source, which
    /// credential. `None` for a token that no list gave.
    pub fn credential(&self) -> Option<&Attempt> {
        self.0.attempts.iter().find(|attempt| matches!(attempt.outcome, Outcome::Accepted))
    }

    /// The entries of `ClientCredentials` that were tried for it, the accepted one marked as such.
    pub fn attempts(&self) -> &[Attempt] {
        &self.0.attempts
    }
}

fn header(value: &Secret) -> Secret {
    Secret::new(format!("{BEARER} {}", value.expose()))
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

#[cfg(test)]
mod tests {
    use credential_core::world::HttpResponse;

    use super::*;
    use crate::AuthorityRefusal;

    fn issued(body: &str) -> Result<AccessToken, Box<AuthorityRefusal>> {
        let response = HttpResponse::new(200, vec![], body);
        let asked = ["api://a/.default".to_owned()];
        Issued::read(&response, SystemTime::UNIX_EPOCH).map(|issued| AccessToken::of(issued, &asked, None, vec![]))
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
