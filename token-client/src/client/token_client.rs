//! The token client: from a request to a token, through the cache, the credentials and the authority.

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use credential_core::chain::{ChainError, Search};
use credential_core::flight::{Begun, Flights, NoFlight};
use credential_core::guard::{Unanswered, bounded, guarded};
use credential_core::world::Moment;
use credential_core::{CredentialChain, Finding, World};
use tracing::{Instrument, Span};

use super::builder::TokenClientBuilder;
use super::current::Current;
use super::life::Life;
use super::recipe::Recipe;
use super::trouble::Trouble;
use crate::authority::{Authority, AuthorityError, merge_query, with_query};
use crate::exchange::led::MadeFrom;
use crate::exchange::{Exchange, ExchangeError, Issued, chain_gap, claims};
use crate::http::{addresses, headers};
use crate::meters::{Began, Meters, Reason};
use crate::settings::scopes::{app_scope, check_user_token, user_scopes};
use crate::settings::{ApplicationOptions, Configuration};
use crate::spans::{self, Parent};
use crate::store::SharedToken;
use crate::store::shared_key::{Holder, SharedKey};
use crate::store::sharing::Found;
use crate::token::asked::{Asked, Key};
use crate::token::cache::{Came, TokenCache};
use crate::token::error::panicked;
use crate::token::flight_key::FlightKey;
use crate::token::throttled::Throttled;
use crate::token::time::Tick;
use crate::token::user_assertion;
use crate::{AccessToken, ConfigurationError, TokenError, TokenRequest};

/// The exchange has its own end at the client's patience; a caller waits this much longer for its error.
const OVERRUN: Duration = Duration::from_secs(1);

/// A renewal that was refused is tried again after this: what can be mended is not mended in a moment.
const RENEWAL_PAUSE: Duration = Duration::from_secs(30);

/// What an exchange gives to all who wait for it.
type Outcome = Result<AccessToken, TokenError>;

/// Where a token came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TokenOrigin {
    /// The cache in memory.
    Cache,
    /// The cache that processes share: another one got it.
    SharedCache,
    /// The authority, now.
    Authority,
}

impl TokenOrigin {
    /// Where a token came from that was not at hand: the authority accepts a credential, another process's has none.
    pub(crate) fn of_exchange(token: &AccessToken) -> Self {
        if token.attempts().is_empty() { Self::SharedCache } else { Self::Authority }
    }
}

/// A token and where it came from.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Acquired {
    /// The token.
    pub token: AccessToken,
    /// Where it came from.
    pub origin: TokenOrigin,
}

/// Gets tokens for one application: cached, renewed in time, one exchange for any number of callers.
///
/// Cheap to clone; clones share the cache and what is known of the credentials.
///
/// ```no_run
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// use token_client::{TokenClient, TokenRequest};
///
/// let client = TokenClient::from_file("appsettings.json").await?;
/// let token = client.token(&TokenRequest::app("https://graph.microsoft.com/.default")).await?;
/// # let _ = token.authorization_header();
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct TokenClient {
    /// Replaced as a whole when the configuration is read again.
    inner: Arc<Current<Inner>>,
}

/// Which client it is; what it remembers is left out.
impl fmt::Debug for TokenClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = self.inner.load();
        f.debug_struct("TokenClient")
            .field("client_id", &inner.client_id)
            .field("authority", &inner.authority.endpoints().authority)
            .field("credentials", &inner.chain)
            .finish_non_exhaustive()
    }
}

#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) configuration: Arc<Configuration>,
    pub(crate) client_id: String,
    pub(crate) authority: Authority,
    pub(crate) chain: CredentialChain,
    pub(crate) recipe: Recipe,
    /// The configured tenant, in lower case.
    pub(crate) tenant: Option<String>,
    /// Whether a tenant that a call names is a part of what it asks: it reaches the authority, or is refused.
    pub(crate) hears_call_tenant: bool,
    pub(crate) cache: Arc<TokenCache>,
    pub(crate) flights: Flights<FlightKey, Outcome>,
    pub(crate) throttled: Throttled,
    pub(crate) trouble: Trouble,
    pub(crate) meters: Meters,
    /// The same before and after a reload.
    pub(crate) life: Arc<Life>,
}

impl TokenClient {
    /// A client from a settings file, section `AzureAd`, with the environment's variables over it.
    ///
    /// # Errors
    /// Everything that is wrong with the configuration, at once. No request is sent.
    pub async fn from_file(file: impl AsRef<Path>) -> Result<Self, ConfigurationError> {
        Self::builder().file(file).build().await
    }

    /// Chooses the file, the section, sources of your own, the HTTP client.
    pub fn builder() -> TokenClientBuilder {
        TokenClientBuilder::default()
    }

    pub(crate) fn from_inner(inner: Inner) -> Self {
        Self { inner: Arc::new(Current::new(inner)) }
    }

    /// A token, from the cache where it can be.
    ///
    /// Cancel-safe: dropping the future ends nobody else's exchange. Ends within the client's
    /// [`patience`](TokenClientBuilder::patience), whatever sources, signers and the authority do.
    ///
    /// # Errors
    /// [`TokenError`]: the request cannot work as it is, the authority refused it, or no credential of
    /// the list worked. Never while a token that has not ended is cached and the authority is unwell. What failed a
    /// moment ago fails again at once, without a request, until the time that the error says
    /// ([`retry_after`](TokenError::retry_after)).
    pub async fn token(&self, request: &TokenRequest) -> Result<AccessToken, TokenError> {
        match self.cached(request) {
            Some(token) => Ok(token),
            None => Box::pin(self.exchange(request)).await,
        }
    }

    /// A token, and whether it came from the cache.
    ///
    /// # Errors
    /// As [`token`](Self::token).
    pub async fn acquire(&self, request: &TokenRequest) -> Result<Acquired, TokenError> {
        match self.cached(request) {
            Some(token) => Ok(Acquired { token, origin: TokenOrigin::Cache }),
            None => {
                let token = Box::pin(self.exchange(request)).await?;
                let origin = TokenOrigin::of_exchange(&token);
                Ok(Acquired { token, origin })
            }
        }
    }

    /// The cached token for the request, without waiting for anything; starts its renewal when due. A user's token
    /// that was got for more scopes serves too.
    pub fn cached(&self, request: &TokenRequest) -> Option<AccessToken> {
        if request.force_refresh {
            return None;
        }
        let inner = self.inner.load();
        let (asked, now) = (inner.asked(request), inner.cache.time.now());
        if inner.cache.wants_sweep(now) {
            inner.tidy();
        }
        let found = match inner.cache.get(&asked, now) {
            Some(hit) => {
                if hit.due {
                    Inner::renew(&inner, &asked.to_key(), request, now);
                }
                Some(hit.token)
            }
            None if asked.is_for_user() => inner.cache.wider(&asked, now),
            None => None,
        };
        if found.is_some() {
            inner.meters.hit(request.is_for_app());
        }
        found
    }

    /// How many bytes of memory the cached tokens take, about: what
    /// [`max_cache_bytes`](TokenClientBuilder::max_cache_bytes) bounds.
    pub fn cached_bytes(&self) -> usize {
        self.inner.load().cache.bytes_kept()
    }

    /// Forgets every cached token, at once, and what failed before. Tokens that were handed out are their owners'.
    pub fn purge(&self) {
        let inner = self.inner.load();
        inner.cache.clear();
        inner.throttled.clear();
    }

    /// The configuration that the client was made from, warnings and hints included; after a
    /// [`reload`](Self::reload) the one that was read last.
    pub fn configuration(&self) -> Arc<Configuration> {
        Arc::clone(&self.inner.load().configuration)
    }

    /// The credentials: which one is in use, since when and why.
    pub fn credentials(&self) -> CredentialChain {
        self.inner.load().chain.clone()
    }

    /// The same client with the entry at that place alone, and with empty memory; `None` when there is
    /// no such entry.
    pub fn with_only(&self, index: usize) -> Option<Self> {
        let old = self.inner.load();
        let chain = old.chain.only(index)?;
        Some(Self::from_inner(Inner {
            configuration: Arc::clone(&old.configuration),
            client_id: old.client_id.clone(),
            authority: old.authority.clone(),
            chain,
            // What another process got says nothing of this entry.
            recipe: Recipe { sharing: None, ..old.recipe.clone() },
            tenant: old.tenant.clone(),
            hears_call_tenant: old.hears_call_tenant,
            cache: old.recipe.cache(),
            flights: Flights::default(),
            throttled: Throttled::default(),
            trouble: Trouble::default(),
            meters: Meters::of(&old.configuration.section),
            life: Arc::default(),
        }))
    }

    /// The authority that tokens come from.
    pub fn authority(&self) -> Authority {
        self.inner.load().authority.clone()
    }

    /// What the client is made of at this moment.
    pub(crate) fn inner(&self) -> Arc<Inner> {
        Arc::clone(&self.inner.load())
    }

    /// What a client that nobody else has is made of.
    pub(crate) fn into_inner(self) -> Arc<Inner> {
        Arc::clone(&self.inner.load())
    }

    pub(crate) fn replace(&self, inner: Arc<Inner>) {
        let old = self.inner();
        self.inner.replace(inner);
        old.cache.close();
    }

    /// How long one call may wait.
    #[cfg(feature = "cli")]
    pub(crate) fn patience(&self) -> Duration {
        self.inner.load().recipe.patience
    }

    /// A token for a request whose claims an API asked for when it refused a token: not that same one.
    pub(crate) async fn other_than(
        &self,
        refused: Option<&AccessToken>,
        request: TokenRequest,
    ) -> Result<AccessToken, TokenError> {
        let acquired = self.acquire(&request).await?;
        let is_same = refused.is_some_and(|refused| refused.value() == acquired.token.value());
        match acquired.origin {
            TokenOrigin::Cache if is_same => self.token(&request.force_refresh()).await,
            _ => Ok(acquired.token),
        }
    }

    pub(crate) async fn exchange(&self, request: &TokenRequest) -> Result<AccessToken, TokenError> {
        let inner = self.inner();
        let span = spans::get_token(&inner.client_id, inner.tenant_of(request), request);
        let outcome = Self::wait(&inner, request, &span).instrument(span.clone()).await;
        spans::gave(&span, &outcome);
        outcome
    }

    /// A token that is not cached, or what is left of an old one.
    async fn wait(inner: &Arc<Inner>, request: &TokenRequest, span: &Span) -> Outcome {
        if inner.life.has_ended() {
            return Err(TokenError::shut_down());
        }
        let key = inner.asked(request).to_key();
        let left_alone = inner.throttled.answer(&key, request.force_refresh, inner.world().clock.moment());
        let result = match left_alone {
            Some(error) => Err(error),
            None => Inner::exchanged(inner, &key, request, Parent::Caller(span.clone())).await,
        };
        match result {
            // The authority is unwell: what is left of the old token serves meanwhile.
            Err(error) if error.is_transient() && !request.force_refresh => inner.cache.last_resort(&key).ok_or(error),
            result => result,
        }
    }
}

impl Inner {
    /// What the exchange for the request gives: the one under way, or a new one where that is lost with
    /// its runtime. Nobody waits longer than the client's patience.
    async fn exchanged(inner: &Arc<Self>, key: &Key, request: &TokenRequest, parent: Parent) -> Outcome {
        let (world, key) = (inner.world(), FlightKey { key: key.clone(), force: request.force_refresh });
        let patience_ends = world.clock.moment().after(inner.recipe.patience).after(OVERRUN);
        // The exchange before may have ended between this caller's look at the cache and its start.
        let kept = || inner.fresh(&key).map(Ok);
        let work = || Self::work(inner, &key, request, &parent);
        let outcome = inner.flights.fly(&key, world, patience_ends, kept, work, |_| {}).await;
        outcome.unwrap_or_else(|none| match none {
            NoFlight::Late => Err(TokenError::late(inner.recipe.patience)),
            _ => Err(TokenError::abandoned()),
        })
    }

    /// Renews the token behind the caller's back, unless somebody does, or did in vain a moment ago.
    #[cold]
    fn renew(inner: &Arc<Self>, key: &Key, request: &TokenRequest, now: Tick) {
        let begins = || Self::start(inner, key.clone(), request, &Parent::Renewal(Span::current()));
        if inner.cache.take_turn(key, now) && !begins() {
            inner.cache.give_back_turn(key);
        }
    }

    /// Begins the exchange, unless it is under way, and waits for nothing. Gives whether there is a runtime for it.
    pub(super) fn start(inner: &Arc<Self>, key: Key, request: &TokenRequest, parent: &Parent) -> bool {
        let key = FlightKey { key, force: request.force_refresh };
        // Somebody may have renewed it since this caller looked.
        let kept = || inner.fresh(&key).map(Ok);
        let work = || Self::work(inner, &key, request, parent);
        let begun = inner.flights.begin(&key, inner.world(), kept, work, |_| {});
        !matches!(begun, Begun::UnderWay(flight) if flight.is_gone())
    }

    /// Forgets what has ended, behind the caller's back.
    #[cold]
    fn tidy(&self) {
        self.throttled.tidy(self.world().clock.moment());
        self.cache.sweep(self.world());
    }

    /// The exchange as a task of its own: a caller that leaves ends nobody's.
    fn work(
        inner: &Arc<Self>,
        key: &FlightKey,
        request: &TokenRequest,
        parent: &Parent,
    ) -> impl Future<Output = Outcome> + use<> {
        let (inner, request, key, parent) = (Arc::clone(inner), request.clone(), key.key.clone(), parent.clone());
        async move {
            let span = spans::exchange(&parent, &inner.client_id);
            drop(parent);
            let outcome = guarded(|| inner.exchange(&key, &request, &span)).instrument(span.clone()).await;
            let outcome = outcome.unwrap_or_else(|_| Err(TokenError::panicked()));
            spans::gave(&span, &outcome);
            outcome
        }
    }

    pub(crate) fn world(&self) -> &World {
        self.chain.world()
    }

    pub(super) fn options(&self) -> &ApplicationOptions {
        &self.configuration.application
    }

    /// What a request asks here.
    pub(crate) fn asked<'a>(&'a self, request: &'a TokenRequest) -> Asked<'a> {
        Asked::of(request, self.tenant_of(request), &self.recipe.shared.digests)
    }

    /// Whose tenant a token is asked for, where the authority has tenants.
    fn tenant_of<'a>(&'a self, request: &'a TokenRequest) -> Option<&'a str> {
        match &request.tenant {
            _ if request.managed_identity.is_some() => None,
            Some(tenant) if self.hears_call_tenant && !tenant.is_empty() => Some(tenant.as_str()),
            _ => self.tenant.as_deref(),
        }
    }

    /// A cached token that need not be renewed yet.
    fn fresh(&self, key: &FlightKey) -> Option<AccessToken> {
        if key.force { None } else { self.cache.fresh(&key.key) }
    }

    /// As [`shared_or_asked`](Self::shared_or_asked), measured.
    async fn exchange(&self, key: &Key, request: &TokenRequest, span: &Span) -> Outcome {
        let _under_way = self.life.begin();
        if self.life.has_ended() {
            return Err(TokenError::shut_down());
        }
        let (world, start) = (self.world(), self.world().clock.moment());
        let began = self.meters.begin(|| Began { for_app: request.is_for_app(), reason: self.reason(key, request) });
        let result = self.shared_or_asked(key, request, span).await;
        self.meters.ended(began, &result, world.clock.moment().since(start), world);
        self.meters.credentials(&self.chain);
        result
    }

    fn reason(&self, key: &Key, request: &TokenRequest) -> Reason {
        match request {
            TokenRequest { claims: Some(_), .. } => Reason::Claims,
            TokenRequest { force_refresh: true, .. } => Reason::Forced,
            _ if self.cache.last_resort(key).is_some() => Reason::Proactive,
            _ => Reason::Missing,
        }
    }

    /// What another process shares, or the whole exchange; what it gives is in the cache when it ends. A managed
    /// identity's token is the machine's alone.
    async fn shared_or_asked(&self, key: &Key, request: &TokenRequest, span: &Span) -> Outcome {
        if let Some(identity) = &request.managed_identity {
            return self.identity_token(identity, key, request).await;
        }
        let world = self.world().clone();
        let deadline = world.clock.moment().after(self.recipe.patience);
        let turn = match self.shared(key, request).await {
            Some(Found::Token(SharedToken { issued, tenant, .. })) => {
                let came = Came { attempts: Vec::new(), tenant };
                return Ok(self.keep(key, &issued, came));
            }
            Some(Found::Ask(turn)) => Some(turn),
            None => None,
        };
        let asked = self.ask(key, request, deadline, span).await;
        self.trouble.note(&asked, world.clock.now());
        let token = asked?;
        if let Some(turn) = turn {
            turn.keep(&token);
        }
        Ok(token)
    }

    /// The exchange with the authority.
    async fn ask(&self, key: &Key, request: &TokenRequest, deadline: Moment, span: &Span) -> Outcome {
        let world = self.world().clone();
        let (exchange, authority) = self.prepare(request, deadline).await.map_err(TokenError::before)?;
        spans::exchanges(span, &exchange);
        let (tenant, sends_x5c) = (exchange.tenant.clone(), exchange.send_x5c);
        let presented = match exchange.gate.refusal(world.clock.moment()) {
            Some(error) => Err(ChainError::Stopped { error, attempts: Vec::new() }),
            None => {
                let (exchange, world) = (Arc::new(exchange), world.clone());
                let search = Search::new(&authority, deadline).anew(request.force_refresh);
                let presented = self.chain.first_accepted(search, move |candidate| {
                    let (exchange, world) = (Arc::clone(&exchange), world.clone());
                    async move { exchange.attempt(&candidate, &world).await }
                });
                presented.await
            }
        };
        let mut presented = presented;
        if sends_x5c {
            chain_gap::warn(match &mut presented {
                Ok(accepted) => &mut accepted.attempts,
                Err(error) => error.attempts_mut(),
            });
        }
        match presented {
            Ok(accepted) => {
                let came = Came { attempts: accepted.attempts, tenant };
                let token = self.keep(key, &accepted.value, came);
                self.throttled.forget(key);
                Ok(token)
            }
            Err(error) => Err(self.failed(key, error, request)),
        }
    }

    fn made_from(&self, request: &TokenRequest) -> MadeFrom {
        MadeFrom {
            configuration: Arc::clone(&self.configuration),
            api: request.section.0.clone(),
            scopes: request.scopes.clone(),
            tenant: request.tenant.clone(),
            user_assertion: request.user_assertion.clone(),
        }
    }

    /// What other processes share for the request, or the turn to ask; `None` where nothing is shared. A request that
    /// cannot work as it is waits for nobody.
    async fn shared(&self, key: &Key, request: &TokenRequest) -> Option<Found> {
        let sharing = self.recipe.sharing.as_ref().filter(|sharing| sharing.takes(request.is_for_app()))?;
        scope_to_send(request).ok()?;
        let options = self.options();
        let holder = Holder {
            authority: &self.authority.endpoints().authority,
            client_id: &self.client_id,
            capabilities: options.client_capabilities.as_ref().map_or(&[], |list| &list.value),
            extra_query: &options.extra_query(),
        };
        let shared = SharedKey::of(&holder, request, key.tenant());
        // A store has no token for claims of its own.
        if request.force_refresh || request.claims.is_some() {
            return Some(Found::Ask(sharing.turn(shared)));
        }
        let kept = self.cache.last_resort(key);
        // Whoever renews wants a newer one than it has; whoever has none takes what still lasts.
        let fit = |shared: &SharedToken| match &kept {
            Some(kept) => kept.expires_on() < shared.expires_on,
            None => true,
        };
        Some(sharing.find(shared, self.recipe.patience / 4, fit).await)
    }

    /// Keeps what came for a key, and makes a token of it.
    pub(super) fn keep(&self, key: &Key, issued: &Issued, came: Came) -> AccessToken {
        let token = self.cache.keep(key, issued, came, self.world());
        // Whatever was wrong with the one without claims: this one is newer, and has more.
        key.without_claims().inspect(|plain| self.cache.keep_as(plain, &token));
        token
    }

    /// Remembers a failure, so that the next callers do not repeat it at once.
    fn failed(&self, key: &Key, error: ChainError<ExchangeError>, request: &TokenRequest) -> TokenError {
        let world = self.world();
        let was_sent = !matches!(error, ChainError::Stopped { error: ExchangeError::LeftAlone(..), .. });
        let error = TokenError::new(error, world.clock.now(), !request.is_for_app());
        let error = if was_sent { self.throttled.note(key, error, world) } else { error };
        let least = if error.is_transient() { Duration::ZERO } else { RENEWAL_PAUSE };
        self.cache.put_off(key, error.retry_after().unwrap_or_default().max(least));
        error
    }

    /// Checks the request and learns the token endpoint, and the authority that it belongs to.
    async fn prepare(&self, request: &TokenRequest, deadline: Moment) -> Result<(Exchange, String), ExchangeError> {
        let (options, world) = (self.options(), self.world());
        let scope = scope_to_send(request)?;
        let capabilities = options.client_capabilities.as_ref().map_or_else(Vec::new, |list| list.value.clone());
        let claims = claims::merged(&capabilities, request.claims.as_deref())?;
        for (name, value) in &request.extra_headers {
            headers::check_unreserved(name, value)?;
        }
        if let Some(id) = &request.correlation_id {
            let checked = headers::check("client-request-id", id);
            checked.map_err(|finding| Box::new(finding.remedy("write correlation_id as a GUID")))?;
        }
        let resolve = || self.authority.resolve(request.tenant.as_deref(), request.is_for_app(), world);
        let endpoints = match bounded(&*world.clock, deadline, resolve).await {
            Ok(endpoints) => endpoints,
            Err(Unanswered::Panicked) => return Err(panicked().into()),
            Err(_) => Err(AuthorityError::late(&self.authority.endpoints().authority, self.recipe.patience)),
        };
        let endpoints = endpoints.map_err(ExchangeError::Endpoints)?;
        let gate = self.recipe.shared.gates.to(&endpoints.token, &endpoints.authority);
        let query = merge_query(&request.extra_query, &options.extra_query());
        let token_endpoint = addresses::credential_bearing(&with_query(&endpoints.token, &query))?;
        let exchange = Exchange {
            client_id: self.client_id.clone(),
            tenant: endpoints.tenant,
            token_endpoint: token_endpoint.into(),
            assertion_audience: endpoints.assertion_audience,
            kind: self.authority.kind(),
            send_x5c: options.sends_x5c(),
            scope,
            claims,
            asked_claims: request.claims.clone(),
            capabilities,
            user_assertion: request.user_assertion.clone(),
            correlation_id: request.correlation_id.clone().unwrap_or_else(|| world.uuid()),
            fmi_path: request.fmi_path.clone(),
            assertion_fmi_path: request.assertion_fmi_path.clone(),
            extra_headers: request.extra_headers.clone(),
            deadline,
            made_from: Some(self.made_from(request)),
            gate,
        };
        Ok((exchange, endpoints.authority))
    }
}

/// The `scope` parameter.
fn scope_to_send(request: &TokenRequest) -> Result<String, Box<Finding>> {
    if request.is_for_app() {
        return app_scope(&request.scopes).map(str::to_owned);
    }
    check_user_token(&request.scopes)?;
    request.user_assertion.as_ref().map_or(Ok(()), user_assertion::check)?;
    Ok(user_scopes(&request.scopes).join(" "))
}
