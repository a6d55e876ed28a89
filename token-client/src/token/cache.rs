//! Tokens by what they were asked with. A hit takes no lock and allocates nothing.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::time::{Duration, SystemTime};

use credential_core::{Secret, World};
use papaya::{Equivalent, HashMap};

use crate::{AccessToken, ManagedIdentityId, TokenRequest};

/// The most tokens that are kept.
pub(crate) const MAX_TOKENS: usize = 100_000;
/// A token this close to its end is not handed out when another can be had.
const MARGIN: Duration = Duration::from_secs(300);
/// Renewals of tokens that were issued together are spread over this time.
const SPREAD: Duration = Duration::from_secs(300);

/// What a token was asked with.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct CacheKey {
    tenant: Option<String>,
    scopes: Vec<String>,
    user_assertion: Option<Secret>,
    extra_query: Vec<(String, String)>,
    extra_headers: Vec<(String, String)>,
    fmi_path: Option<String>,
    assertion_fmi_path: Option<String>,
    managed_identity: Option<ManagedIdentityId>,
}

/// The same, borrowed from a request.
#[derive(Clone, Copy, Eq)]
pub(crate) struct CacheKeyRef<'a> {
    tenant: Option<&'a str>,
    scopes: &'a [String],
    user_assertion: Option<&'a Secret>,
    extra_query: &'a [(String, String)],
    extra_headers: &'a [(String, String)],
    fmi_path: Option<&'a str>,
    assertion_fmi_path: Option<&'a str>,
    managed_identity: Option<&'a ManagedIdentityId>,
}

impl<'a> CacheKeyRef<'a> {
    /// The key of a request to a tenant, where the authority has tenants.
    pub(crate) fn of(request: &'a TokenRequest, tenant: Option<&'a str>) -> Self {
        Self {
            tenant,
            scopes: &request.scopes,
            user_assertion: request.user_assertion.as_ref(),
            extra_query: &request.extra_query,
            extra_headers: &request.extra_headers,
            fmi_path: request.fmi_path.as_deref(),
            assertion_fmi_path: request.assertion_fmi_path.as_deref(),
            managed_identity: request.managed_identity.as_ref(),
        }
    }

    pub(crate) fn to_owned(self) -> CacheKey {
        CacheKey {
            tenant: self.tenant.map(str::to_owned),
            scopes: self.scopes.to_vec(),
            user_assertion: self.user_assertion.cloned(),
            extra_query: self.extra_query.to_vec(),
            extra_headers: self.extra_headers.to_vec(),
            fmi_path: self.fmi_path.map(str::to_owned),
            assertion_fmi_path: self.assertion_fmi_path.map(str::to_owned),
            managed_identity: self.managed_identity.cloned(),
        }
    }
}

impl Hash for CacheKeyRef<'_> {
    /// What a request doesn't have is left out, and so is the tenant's end: most requests are a tenant and
    /// a scope, and each write costs as much as the text itself. Equality tells apart what is left.
    fn hash<H: Hasher>(&self, state: &mut H) {
        if let Some(tenant) = self.tenant {
            state.write(tenant.as_bytes());
        }
        for scope in self.scopes {
            scope.hash(state);
        }
        if let Some(user) = self.user_assertion {
            user.expose().hash(state);
        }
        for path in [self.fmi_path, self.assertion_fmi_path].into_iter().flatten() {
            path.hash(state);
        }
        if let Some(identity) = self.managed_identity {
            identity.hash(state);
        }
        for pair in self.extra_query {
            pair.hash(state);
        }
        for pair in self.extra_headers {
            pair.hash(state);
        }
    }
}

impl CacheKeyRef<'_> {
    /// The tenant that is asked, where the authority has tenants.
    pub(crate) fn tenant(&self) -> Option<&str> {
        self.tenant
    }

    /// A tenant and scopes alone, as most are.
    fn is_plain(&self) -> bool {
        self.user_assertion.is_none()
            && self.fmi_path.is_none()
            && self.assertion_fmi_path.is_none()
            && self.managed_identity.is_none()
            && self.extra_query.is_empty()
            && self.extra_headers.is_empty()
    }
}

impl PartialEq for CacheKeyRef<'_> {
    fn eq(&self, other: &Self) -> bool {
        if self.tenant != other.tenant || self.scopes != other.scopes {
            return false;
        }
        if self.is_plain() {
            return other.is_plain();
        }
        self.user_assertion == other.user_assertion
            && self.extra_query == other.extra_query
            && self.extra_headers == other.extra_headers
            && self.fmi_path == other.fmi_path
            && self.assertion_fmi_path == other.assertion_fmi_path
            && self.managed_identity == other.managed_identity
    }
}

impl fmt::Debug for CacheKey {
    /// Tenant and scopes: what else there is may be secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CacheKey").field("tenant", &self.tenant).field("scopes", &self.scopes).finish_non_exhaustive()
    }
}

impl CacheKey {
    pub(crate) fn as_ref(&self) -> CacheKeyRef<'_> {
        CacheKeyRef {
            tenant: self.tenant.as_deref(),
            scopes: &self.scopes,
            user_assertion: self.user_assertion.as_ref(),
            extra_query: &self.extra_query,
            extra_headers: &self.extra_headers,
            fmi_path: self.fmi_path.as_deref(),
            assertion_fmi_path: self.assertion_fmi_path.as_deref(),
            managed_identity: self.managed_identity.as_ref(),
        }
    }
}

impl Hash for CacheKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_ref().hash(state);
    }
}

impl Equivalent<CacheKey> for CacheKeyRef<'_> {
    fn equivalent(&self, key: &CacheKey) -> bool {
        *self == key.as_ref()
    }
}

#[derive(Debug)]
struct Kept {
    token: AccessToken,
    /// The margin before its end: until then it is handed out.
    until: SystemTime,
    /// From when on it is renewed behind the caller's back.
    due: Option<SystemTime>,
}

/// Whether a token is handed out: it is not within the margin before its end.
pub(crate) fn lasts(expires_on: SystemTime, now: SystemTime) -> bool {
    until(expires_on) > now
}

fn until(expires_on: SystemTime) -> SystemTime {
    expires_on.checked_sub(MARGIN).unwrap_or(SystemTime::UNIX_EPOCH)
}

/// A token from the cache.
#[derive(Debug)]
pub(crate) struct Hit {
    pub(crate) token: AccessToken,
    /// It should be renewed behind the caller's back.
    pub(crate) due: bool,
}

#[derive(Debug)]
pub(crate) struct TokenCache {
    tokens: HashMap<CacheKey, Kept>,
    capacity: usize,
}

impl TokenCache {
    pub(crate) fn new(capacity: usize) -> Self {
        Self { tokens: HashMap::new(), capacity }
    }

    /// A token with more than the margin left.
    pub(crate) fn get(&self, key: &CacheKeyRef<'_>, now: SystemTime) -> Option<Hit> {
        let tokens = self.tokens.pin();
        let kept = tokens.get(key)?;
        (now < kept.until).then(|| Hit { token: kept.token.clone(), due: kept.due.is_some_and(|due| due <= now) })
    }

    /// A token that has not ended yet, for when no other can be had.
    pub(crate) fn last_resort(&self, key: &CacheKeyRef<'_>, now: SystemTime) -> Option<AccessToken> {
        let tokens = self.tokens.pin();
        tokens.get(key).filter(|kept| kept.token.expires_on() > now).map(|kept| kept.token.clone())
    }

    pub(crate) fn insert(&self, key: CacheKey, token: AccessToken, world: &World) {
        let tokens = self.tokens.pin();
        if tokens.len() >= self.capacity {
            self.make_room(world.clock.now());
        }
        let due = token.refresh_on().map(|at| at.checked_add(SPREAD.mul_f64(world.jitter())).unwrap_or(at));
        let until = until(token.expires_on());
        tokens.insert(key, Kept { token, until, due });
    }

    /// Forgets every token.
    pub(crate) fn clear(&self) {
        self.tokens.pin().clear();
    }

    /// Takes over another cache's tokens that still stand.
    pub(crate) fn take_from(&self, other: &Self, stands: impl Fn(&AccessToken) -> bool, world: &World) {
        let tokens = other.tokens.pin();
        for (key, kept) in tokens.iter().filter(|(_, kept)| stands(&kept.token)) {
            self.insert(key.clone(), kept.token.clone(), world);
        }
    }

    /// Drops what has ended; if that is not enough, the tenth of the tokens that ends first.
    fn make_room(&self, now: SystemTime) {
        let tokens = self.tokens.pin();
        tokens.retain(|_, kept| kept.token.expires_on() > now);
        if tokens.len() < self.capacity {
            return;
        }
        let mut ends: Vec<SystemTime> = tokens.values().map(|kept| kept.token.expires_on()).collect();
        ends.sort_unstable();
        if let Some(limit) = ends.get(ends.len() / 10) {
            tokens.retain(|_, kept| kept.token.expires_on() > *limit);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::Issued;
    use credential_core::testing::FakeWorld;
    use credential_core::world::HttpResponse;

    fn token(life: u64, world: &World) -> AccessToken {
        let body = format!(r#"{{"access_token":"t{life}","expires_in":{life},"refresh_in":60}}"#);
        let response = HttpResponse::new(200, vec![], body);
        AccessToken::of(Issued::read(&response, world.clock.now()).unwrap(), &[], None, vec![])
    }

    #[test]
    fn the_margin_the_tenant_and_the_user_decide() {
        let (fake, cache) = (FakeWorld::new(), TokenCache::new(10));
        let world = fake.world();
        let request = TokenRequest::app("api://a/.default");
        cache.insert(CacheKeyRef::of(&request, Some("t1")).to_owned(), token(310, &world), &world);
        let hit =
            |request: &TokenRequest, tenant| cache.get(&CacheKeyRef::of(request, Some(tenant)), world.clock.now());
        assert!(hit(&request, "t1").is_some_and(|hit| !hit.due));
        assert!(hit(&request, "t2").is_none());
        assert!(hit(&TokenRequest::on_behalf_of("user", ["api://a/.default"]), "t1").is_none());
        fake.clock.advance(Duration::from_secs(11));
        assert!(hit(&request, "t1").is_none());
        assert!(cache.last_resort(&CacheKeyRef::of(&request, Some("t1")), world.clock.now()).is_some());
    }

    #[test]
    fn a_full_cache_drops_what_ends_first() {
        let (fake, cache) = (FakeWorld::new(), TokenCache::new(20));
        let world = fake.world();
        let request = |nth: u64| TokenRequest::app(format!("api://{nth}/.default"));
        for nth in 0..21 {
            cache.insert(CacheKeyRef::of(&request(nth), None).to_owned(), token(1000 + nth, &world), &world);
        }
        let kept = |nth| cache.get(&CacheKeyRef::of(&request(nth), None), world.clock.now()).is_some();
        assert!(!kept(0) && kept(5) && kept(20));
    }
}
