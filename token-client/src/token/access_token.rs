//! A token, and how it came about.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use arc_swap::Guard;
use credential_core::Secret;
use credential_core::chain::{Attempt, Outcome};

use super::asked;
use super::lasts::Lasts;
use super::report::Report;
use crate::exchange::{BEARER, Issued};

/// An access token. Cheap to clone; clones share it. Shows no secret.
pub struct AccessToken(Guard<Arc<Inner>>);

/// What a token is, in as few bytes as it can be: there may be many.
pub(crate) struct Inner {
    header: Secret,
    value: Secret,
    /// Nanoseconds since 1970.
    expires_on: u64,
    /// Milliseconds between the time to renew it and its end.
    renewed_before: u32,
    pub(super) lasts: Lasts,
    /// The text of its key in the cache.
    asked: Option<Arc<[u8]>>,
    report: Option<Arc<Report>>,
}

impl AccessToken {
    /// A token that the program has from elsewhere, for a [`TokenSource`](crate::TokenSource) of its own.
    pub fn new(value: impl Into<Secret>, expires_on: SystemTime) -> Self {
        let mut inner = Inner::nothing();
        (inner.header, inner.value) = spelled(&value.into());
        inner.expires_on = nanoseconds(expires_on);
        Self::owned(Arc::new(inner))
    }

    /// What the authority gave, for what was asked.
    pub(super) fn of(issued: &Issued, lasts: Lasts, asked: Arc<[u8]>, report: Arc<Report>) -> Self {
        let (header, value) = spelled(&issued.value);
        let before = issued.life.saturating_sub(issued.renewed_after());
        Self::owned(Arc::new(Inner {
            header,
            value,
            expires_on: nanoseconds(issued.expires_on()),
            renewed_before: u32::try_from(before.as_millis()).unwrap_or(u32::MAX - 1),
            lasts,
            asked: Some(asked),
            report: Some(report),
        }))
    }

    /// What the authority gave to somebody who keeps it elsewhere, for whoever shares it.
    pub(crate) fn for_others(issued: &Issued, scope: String, tenant: Option<String>) -> Self {
        let granted = Some(issued.scopes.clone().unwrap_or_else(|| vec![scope]));
        let report = Report { attempts: Vec::new(), granted, other_tenant: Some(tenant) };
        Self::of(issued, Lasts::default(), Arc::default(), Arc::new(report))
    }

    fn owned(inner: Arc<Inner>) -> Self {
        Self(Guard::from_inner(inner))
    }

    /// A token out of the cache, of which no further owner is counted.
    #[inline]
    pub(super) fn lent(inner: Guard<Arc<Inner>>) -> Self {
        Self(inner)
    }

    pub(super) fn lasts(&self) -> Lasts {
        self.0.lasts
    }

    pub(super) fn share(&self) -> Arc<Inner> {
        Arc::clone(&self.0)
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
        SystemTime::UNIX_EPOCH + Duration::from_nanos(self.0.expires_on)
    }

    /// From when on it should be renewed, though it still works: the authority's `refresh_in`, or half its life.
    /// `None` for a token that no authority gave.
    pub fn refresh_on(&self) -> Option<SystemTime> {
        let before = Duration::from_millis(u64::from(self.0.renewed_before));
        self.0.report.as_ref().and_then(|_| self.expires_on().checked_sub(before))
    }

    /// The scopes that it was issued for, or asked with where the authority does not say.
    pub fn scopes(&self) -> Vec<&str> {
        match self.0.report.as_ref().and_then(|report| report.granted.as_ref()) {
            Some(granted) => granted.iter().map(String::as_str).collect(),
            None => self.0.asked.iter().flat_map(|asked| asked::scopes_in(asked)).collect(),
        }
    }

    /// The tenant that it was asked from, where the authority has tenants.
    pub fn tenant(&self) -> Option<&str> {
        let other = self.0.report.as_ref().and_then(|report| report.other_tenant.as_ref());
        match other {
            Some(other) => other.as_deref(),
            None => self.0.asked.as_deref().and_then(asked::tenant_in),
        }
    }

    /// The entry of `ClientCredentials` that the authority accepted for it: its place in the list, its source, which
    /// credential. `None` for a token that no list gave.
    pub fn credential(&self) -> Option<&Attempt> {
        self.attempts().iter().find(|attempt| matches!(attempt.outcome, Outcome::Accepted))
    }

    /// The entries of `ClientCredentials` that were tried for it, the accepted one marked as such. Tokens of a client
    /// that came about in the same way share what is said here: how long it took is said of the first of them.
    pub fn attempts(&self) -> &[Attempt] {
        self.0.report.as_ref().map_or(&[], |report| &report.attempts)
    }
}

impl Inner {
    /// No token at all: what a place in the cache holds when it is empty.
    pub(super) fn nothing() -> Self {
        let none = Secret::new("");
        Self {
            header: none.clone(),
            value: none,
            expires_on: 0,
            renewed_before: 0,
            lasts: Lasts::default(),
            asked: None,
            report: None,
        }
    }

    /// Whether it has that scope for sure, as far as is known.
    pub(super) fn has_scope(&self, scope: &str) -> bool {
        self.report.as_ref().is_some_and(|report| report.grants(scope))
    }

    /// What it takes in memory beside its text is counted with this.
    const BESIDE: usize = 256;

    /// Roughly what it takes in memory, its place in the cache included.
    pub(super) fn bytes(&self) -> usize {
        let key = self.asked.as_ref().map_or(0, |asked| asked.len());
        self.header.expose().len().saturating_add(Self::BESIDE).saturating_add(key)
    }
}

/// The header's value and the token in it, out of one copy, without any growing of it.
fn spelled(value: &Secret) -> (Secret, Secret) {
    let mut text = String::with_capacity(BEARER.len() + 1 + value.expose().len());
    [BEARER, " ", value.expose()].iter().for_each(|part| text.push_str(part));
    let header = Secret::new(text);
    let value = header.without_prefix(BEARER).and_then(|rest| rest.without_prefix(" "));
    let value = value.unwrap_or_else(|| header.clone());
    (header, value)
}

fn nanoseconds(time: SystemTime) -> u64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}

impl Clone for AccessToken {
    fn clone(&self) -> Self {
        Self::owned(self.share())
    }
}

impl fmt::Debug for Inner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inner").field("lasts", &self.lasts).finish_non_exhaustive()
    }
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessToken")
            .field("token_type", &BEARER)
            .field("expires_on", &self.expires_on())
            .field("scopes", &self.scopes())
            .field("tenant", &self.tenant())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use credential_core::testing::FakeWorld;
    use credential_core::world::HttpResponse;

    use super::*;
    use crate::token::asked::Asked;
    use crate::token::digest::Digests;
    use crate::{AuthorityRefusal, TokenRequest};

    fn issued(body: &str) -> Result<AccessToken, Box<AuthorityRefusal>> {
        let response = HttpResponse::new(200, vec![], body);
        let request = TokenRequest::app("api://a/.default");
        let key = Asked::of(&request, None, &Digests::new(&FakeWorld::new().world())).to_key();
        let report = Arc::new(Report::default());
        Issued::read(&response, SystemTime::UNIX_EPOCH)
            .map(|issued| AccessToken::of(&issued, Lasts::default(), key.text, report))
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
    fn a_life_is_renewed_at_its_half() {
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
