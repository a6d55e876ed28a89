//! The token client: from a request to a token, through the cache, the credentials and the authority.

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use credential_core::flight::{Begun, Flights, NoFlight};
use credential_core::guard::guarded;
use credential_core::{CredentialChain, World};
use tracing::{Instrument, Span};

use super::builder::TokenClientBuilder;
use super::current::Current;
use super::life::Life;
use super::recipe::Recipe;
use super::trouble::Trouble;
use crate::authority::Authority;
use crate::meters::Meters;
use crate::settings::{ApplicationOptions, Configuration};
use crate::spans::{self, Parent};
use crate::token::asked::{Asked, Key};
use crate::token::cache::TokenCache;
use crate::token::flight_key::FlightKey;
use crate::token::throttled::Throttled;
use crate::token::time::Tick;
use crate::{AccessToken, Acquired, ConfigurationError, TokenError, TokenOrigin, TokenRequest};

/// The exchange has its own end at the client's patience; a caller waits this much longer for its error.
pub(super) const OVERRUN: Duration = Duration::from_secs(1);

/// What an exchange gives to all who wait for it.
pub(super) type Outcome = Result<AccessToken, TokenError>;

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
        // One after the other: in a pair they would be moved.
        let now = inner.cache.time.now();
        let asked = inner.asked(request);
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

    /// Forgets every cached token, at once, and what failed before. Tokens that were handed out are their owners', and
    /// those in a shared cache stay there.
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
            // What another process got says nothing of this entry.
            recipe: Recipe { sharing: None, ..old.recipe.clone() },
            tenant: old.tenant.clone(),
            hears_call_tenant: old.hears_call_tenant,
            cache: old.recipe.cache(),
            flights: Flights::default(),
            throttled: Throttled::default(),
            trouble: Trouble::default(),
            meters: Meters::of(&old.configuration.section, &chain),
            chain,
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
        let new = self.inner();
        old.meters.replaced(&old.chain, &new.meters, &new.chain);
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
            Err(error) if error.is_transient() && !request.force_refresh => {
                // A wider one may have come in while this caller waited.
                let wider = || inner.cache.wider(&inner.asked(request), inner.cache.time.now());
                inner.cache.last_resort(&key).or_else(wider).ok_or(error)
            }
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
}
