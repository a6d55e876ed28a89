//! Tokens by an entry that stands in another one: `"Credential": { "SourceType": ... }`.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use credential_core::chain::{Attempt, Outcome, Search};
use credential_core::codes::{AUTHORITY_UNREACHABLE, AUTHORITY_UNREADABLE, AUTHORITY_UNWELL, TOKEN_REFUSED};
use credential_core::flight::Flights;
use credential_core::guard::guarded;
use credential_core::source::Application;
use credential_core::text::shown_address;
use credential_core::tokens::{ProvidedToken, TokenFor, TokenProvider, TokenProviders};
use credential_core::world::{Clock, Moment};
use credential_core::{CredentialChain, SourceError, SourceErrorKind, World};
use tracing::{Instrument, Span};

use crate::authority::AuthorityKind;
use crate::exchange::rejection::{Meaning, meaning};
use crate::exchange::{Exchange, Issued};
use crate::http::addresses;
use crate::spans::{self, Parent};
use crate::store::shared_key::{Holder, SharedKey};
use crate::store::sharing::{Found, Sharing};
use crate::token::gate::{DEFAULT_MAX_REQUESTS, Gate, Gates};
use crate::token::hosts::Hosts;
use crate::{AccessToken, TokenError, TokenRequest};

/// The most tokens that one nested entry keeps: a vault's challenge decides over tenant and scope.
const MAX_TOKENS: usize = 64;
/// A token this close to its end is not handed out.
const MARGIN: Duration = Duration::from_secs(120);

/// Exchanges nested entries as the application's own are: chain, rejection table, one exchange for many.
///
/// A client binds with it by itself. For whoever binds a registry without one:
/// `Binding::new(world).tokens(&Engine)`.
#[derive(Clone, Copy, Debug)]
pub struct Engine;

impl TokenProviders for Engine {
    fn provider(&self, chain: CredentialChain) -> Arc<dyn TokenProvider> {
        let gates = Gates::new(Hosts::of(chain.world()), DEFAULT_MAX_REQUESTS);
        Arc::new(NestedTokens::new(chain, Arc::new(gates), None))
    }
}

type Given = Result<ProvidedToken, SourceError>;

/// What a token is asked with.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Key {
    client_id: String,
    authority: String,
    tenant: String,
    scope: String,
    claims: Option<String>,
    fmi_path: Option<String>,
}

/// Claims may be about a person.
impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Key")
            .field("client_id", &self.client_id)
            .field("authority", &shown_address(&self.authority))
            .field("scope", &self.scope)
            .finish_non_exhaustive()
    }
}

impl Key {
    /// What the request leaves open is the application's that the entry belongs to.
    fn of(request: &TokenFor<'_>, application: &Application) -> Self {
        let owned = |own: Option<&str>| own.map(str::to_owned);
        Self {
            client_id: request.client_id.unwrap_or(&application.client_id).to_owned(),
            authority: request.authority.unwrap_or(&application.authority).to_owned(),
            tenant: owned(request.tenant).or_else(|| application.tenant.clone()).unwrap_or_default(),
            scope: request.scope.to_owned(),
            claims: owned(request.claims),
            fmi_path: owned(request.fmi_path),
        }
    }
}

/// The tokens of one nested entry.
#[derive(Debug)]
pub(super) struct NestedTokens {
    chain: CredentialChain,
    kept: Arc<Kept>,
    flights: Flights<Key, Given>,
    gates: Arc<Gates>,
    /// The cache that processes share.
    sharing: Option<Arc<Sharing>>,
}

impl NestedTokens {
    /// By the entries of that chain.
    pub(super) fn new(chain: CredentialChain, gates: Arc<Gates>, sharing: Option<Arc<Sharing>>) -> Self {
        Self { chain, kept: Arc::default(), flights: Flights::default(), gates, sharing }
    }
}

/// The tokens that have not ended by the calendar, and each until when by the steady clock: a calendar that is set back
/// makes no token young again.
#[derive(Debug, Default)]
struct Kept(Mutex<HashMap<Key, (ProvidedToken, Moment)>>);

#[async_trait]
impl TokenProvider for NestedTokens {
    async fn token(&self, request: &TokenFor<'_>) -> Given {
        let key = Key::of(request, self.chain.application());
        let endpoint = format!("{}/oauth2/v2.0/token", key.authority.trim_end_matches('/'));
        addresses::credential_bearing(&endpoint)
            .map_err(|finding| SourceError::misconfigured(finding.code, finding.message))?;
        if request.fresh {
            self.kept.forget(&key);
        }
        let world = request.world;
        let kept = || self.kept.get(&key, &*world.clock).map(Ok);
        let parent = Parent::Caller(Span::current());
        let work = || {
            let (chain, authority, world) = (self.chain.clone(), key.authority.clone(), world.clone());
            let shared = self.shared(&key, &endpoint, request);
            let gate = self.gates.to(&endpoint, &key.authority);
            let (exchange, parent) = (exchange(&key, &endpoint, request, gate), parent.clone());
            async move {
                let span = spans::exchange(&parent, &exchange.client_id);
                drop(parent);
                spans::exchanges(&span, &exchange);
                let given = || shared_or_exchanged(shared, &chain, &authority, exchange, &world);
                let exchanged = guarded(given).instrument(span.clone());
                let exchanged = exchanged
                    .await
                    .unwrap_or_else(|_| Err(SourceError::transient("exchange-panicked", "the exchange panicked")));
                if let Err(error) = &exchanged {
                    spans::failed(&span, error.code());
                }
                exchanged
            }
        };
        let keep = {
            let (all, key, clock) = (Arc::clone(&self.kept), key.clone(), Arc::clone(&world.clock));
            move |given: &Given| {
                // What is asked for with claims is asked for once: nobody is served it later.
                if let (Ok(token), None) = (given, &key.claims) {
                    all.keep(&key, token, &*clock);
                }
            }
        };
        self.flights.fly(&key, world, request.deadline, kept, work, keep).await.unwrap_or_else(|_| Err(late()))
    }
}

/// How the token is looked for in the cache that processes share.
struct Shared {
    sharing: Arc<Sharing>,
    key: SharedKey,
    /// Another one is wanted than there may be.
    fresh: bool,
}

impl NestedTokens {
    /// A token for claims is shared with nobody.
    fn shared(&self, key: &Key, endpoint: &str, request: &TokenFor<'_>) -> Option<Shared> {
        let sharing = self.sharing.as_ref().filter(|sharing| sharing.takes(true) && key.claims.is_none())?;
        // The endpoint in place of the authority, whose tenant it is whatever the request says beside it: no client's
        // own token has that key.
        let holder = Holder { authority: endpoint, client_id: &key.client_id, capabilities: &[], extra_query: &[] };
        let mut wanted = TokenRequest::app(&key.scope);
        wanted.fmi_path.clone_from(&key.fmi_path);
        let key = SharedKey::of(&holder, &wanted, Some(&key.tenant));
        Some(Shared { sharing: Arc::clone(sharing), key, fresh: request.fresh })
    }
}

impl Kept {
    fn get(&self, key: &Key, clock: &dyn Clock) -> Option<ProvidedToken> {
        let (now, moment) = (clock.now(), clock.moment());
        let kept = self.lock();
        kept.get(key)
            .filter(|(token, until)| is_good(token.expires_on, now) && moment < *until)
            .map(|(token, _)| token.clone())
    }

    fn keep(&self, key: &Key, token: &ProvidedToken, clock: &dyn Clock) {
        let left = token.expires_on.duration_since(clock.now()).unwrap_or_default();
        let until = clock.moment().after(left.saturating_sub(MARGIN));
        let mut kept = self.lock();
        if kept.len() >= MAX_TOKENS && !kept.contains_key(key) {
            let first = kept.iter().min_by_key(|(_, (_, until))| *until).map(|(key, _)| key.clone());
            first.and_then(|first| kept.remove(&first));
        }
        kept.insert(key.clone(), (token.clone(), until));
    }

    fn forget(&self, key: &Key) {
        self.lock().remove(key);
    }

    /// Every change is whole when the lock is given back.
    fn lock(&self) -> MutexGuard<'_, HashMap<Key, (ProvidedToken, Moment)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a token that ends then is handed out.
fn is_good(expires_on: SystemTime, now: SystemTime) -> bool {
    now.checked_add(MARGIN).is_some_and(|end| expires_on > end)
}

fn exchange(key: &Key, endpoint: &str, request: &TokenFor<'_>, gate: Gate) -> Exchange {
    let now = request.world.clock.moment();
    Exchange {
        client_id: key.client_id.clone(),
        tenant: Some(key.tenant.clone()).filter(|tenant| !tenant.is_empty()),
        assertion_audience: endpoint.to_owned(),
        token_endpoint: endpoint.to_owned(),
        kind: AuthorityKind::Entra,
        send_x5c: request.certificate_chain,
        scope: key.scope.clone(),
        claims: key.claims.clone(),
        asked_claims: key.claims.clone(),
        capabilities: Vec::new(),
        user_assertion: None,
        correlation_id: request.world.uuid(),
        trace_context: None,
        fmi_path: key.fmi_path.clone(),
        assertion_fmi_path: None,
        extra_headers: Vec::new(),
        // A little less than there is: the request's own failure says more than the deadline's.
        deadline: now.after(request.deadline.since(now).mul_f64(0.95)),
        made_from: None,
        gate,
    }
}

/// What another process got, or what the authority gives.
async fn shared_or_exchanged(
    shared: Option<Shared>,
    chain: &CredentialChain,
    authority: &str,
    exchange: Exchange,
    world: &World,
) -> Given {
    let turn = match shared {
        None => None,
        Some(Shared { sharing, key, fresh: true }) => Some(sharing.turn(key)),
        Some(Shared { sharing, key, .. }) => {
            let patience = exchange.deadline.since(world.clock.moment()) / 4;
            match sharing.find(key, patience, |found| is_good(found.expires_on, world.clock.now())).await {
                Found::Token(found) => return Ok(ProvidedToken::new(found.issued.value, found.expires_on)),
                Found::Ask(turn) => Some(turn),
            }
        }
    };
    let (scope, tenant) = (exchange.scope.clone(), exchange.tenant.clone());
    let issued = exchanged(chain, authority, exchange, world).await?;
    if let Some(turn) = turn {
        turn.keep(&AccessToken::for_others(&issued, scope, tenant));
    }
    let expires_on = issued.expires_on();
    Ok(ProvidedToken::new(issued.value, expires_on))
}

async fn exchanged(
    chain: &CredentialChain,
    authority: &str,
    exchange: Exchange,
    world: &World,
) -> Result<Issued, SourceError> {
    let (deadline, exchange) = (exchange.deadline, Arc::new(exchange));
    let attempt_world = world.clone();
    let accepted = chain.first_accepted(Search::new(authority, deadline), move |candidate| {
        let (exchange, world) = (Arc::clone(&exchange), attempt_world.clone());
        async move { exchange.attempt(&candidate, &world).await }
    });
    match accepted.await {
        Ok(accepted) => Ok(accepted.value),
        Err(error) => Err(failed(&TokenError::new(error, world.clock.now(), false))),
    }
}

/// No token: why the credential could not be had, or what the authority answered.
pub(super) fn failed(error: &TokenError) -> SourceError {
    if let Some(error) = error.attempts().iter().find_map(unloaded) {
        return error.clone();
    }
    let said = error.authority();
    let first = error.findings().first();
    let (kind, code) = match said {
        Some(said) if said.status == 200 => (SourceErrorKind::Transient, AUTHORITY_UNREADABLE),
        Some(said) if meaning(said) == Meaning::Unwell => (SourceErrorKind::Transient, AUTHORITY_UNWELL),
        Some(said) if !said.is_of_oauth() => (SourceErrorKind::Invalid, AUTHORITY_UNREADABLE),
        Some(_) => (SourceErrorKind::Denied, TOKEN_REFUSED),
        None if error.is_transient() => (SourceErrorKind::Transient, AUTHORITY_UNREACHABLE),
        None => (SourceErrorKind::Invalid, first.map_or(TOKEN_REFUSED, |finding| finding.code)),
    };
    let message = match said {
        Some(said) => format!("{said} ({})", said.status),
        None => first.map_or_else(|| error.to_string(), |finding| finding.message.clone()),
    };
    let failure = SourceError::new(kind, code, message).retry_after(said.and_then(|said| said.retry_after));
    // The setting inside the section or entry that led to it.
    let place = first.and_then(|finding| Some((finding.path.clone()?, finding.origin.clone()?)));
    let failure = match place {
        Some((path, origin)) => failure.at(path, origin),
        None => failure,
    };
    match first.and_then(|finding| finding.remedy.as_deref()) {
        Some(remedy) => failure.remedy(remedy),
        None => failure,
    }
}

/// Why there was no credential to present.
fn unloaded(attempt: &Attempt) -> Option<&SourceError> {
    match &attempt.outcome {
        Outcome::Failed(error) => Some(error),
        _ => None,
    }
}

pub(super) fn late() -> SourceError {
    SourceError::transient(AUTHORITY_UNREACHABLE, "there was no token in time")
}

#[cfg(test)]
mod tests {
    use credential_core::testing::FakeClock;

    use super::*;

    #[test]
    fn of_many_tokens_those_that_end_last_stay() {
        let (kept, clock) = (Kept::default(), FakeClock::default());
        let key = |nth: usize| Key {
            client_id: String::new(),
            authority: String::new(),
            tenant: nth.to_string(),
            scope: String::new(),
            claims: None,
            fmi_path: None,
        };
        let keep = |nth: usize| {
            let end = clock.now() + Duration::from_secs(1000 + nth as u64);
            kept.keep(&key(nth), &ProvidedToken::new("t", end), &clock);
        };
        let there = || (0..200).filter(|nth| kept.get(&key(*nth), &clock).is_some()).collect::<Vec<_>>();
        (0..200).for_each(keep);
        assert_eq!(there(), (200 - MAX_TOKENS..200).collect::<Vec<_>>());
        keep(199);
        assert_eq!(there().len(), MAX_TOKENS, "it takes its own place");
    }
}
