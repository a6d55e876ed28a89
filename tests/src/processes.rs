//! Processes that share a store, each with a client and a memory of its own.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use credential_core::testing::{FakeClock, FixedSource};
use credential_core::world::{Clock, HttpClient, HttpError, HttpRequest, HttpResponse, Moment, SystemClock};
use credential_core::{Credential, World};
use token_client::settings::{Configuration, Location};
use token_client::store::{FakeStore, SealingKeys, SharedCache};
use token_client::{Acquired, TokenClient, TokenClientBuilder, TokenOrigin, TokenRequest};
use tokio::time::Instant;

/// The scope of [`app`].
pub const SCOPE: &str = "api://inventory/.default";

/// Issues `token-1`, `token-2`, ... after a while.
#[derive(Debug)]
pub struct Authority {
    clock: Arc<dyn Clock>,
    requests: AtomicUsize,
    /// Seconds that a token lives.
    pub life: AtomicU64,
    /// Milliseconds that an exchange takes.
    pub takes: AtomicU64,
    /// It refuses everything, as unwell authorities do.
    pub unwell: AtomicUsize,
}

impl Authority {
    /// The requests so far.
    pub fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl HttpClient for Authority {
    async fn send(&self, _request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let nth = self.requests.fetch_add(1, Ordering::SeqCst) + 1;
        let takes = Duration::from_millis(self.takes.load(Ordering::SeqCst));
        self.clock.sleep_until(self.clock.moment().after(takes)).await;
        if self.unwell.load(Ordering::SeqCst) > 0 {
            return Ok(HttpResponse::new(503, Vec::new(), "{}"));
        }
        let life = self.life.load(Ordering::SeqCst);
        let body = format!(r#"{{"token_type":"Bearer","expires_in":{life},"access_token":"token-{nth}"}}"#);
        Ok(HttpResponse::new(200, Vec::new(), body))
    }
}

/// Tokio's time, from 2026 on.
#[derive(Debug)]
struct Paused(Instant);

#[async_trait]
impl Clock for Paused {
    fn now(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(1_767_225_600) + self.0.elapsed()
    }

    fn moment(&self) -> Moment {
        Moment::since_start(self.0.elapsed())
    }

    async fn sleep_until(&self, moment: Moment) {
        tokio::time::sleep_until(self.0 + moment.since(Moment::default())).await;
    }
}

/// The machines around one store and one authority.
pub struct Machines {
    /// Whom they all ask.
    pub authority: Arc<Authority>,
    /// What [`cache`](Self::cache) shares by.
    pub store: FakeStore,
    clock: Arc<dyn Clock>,
}

impl Default for Machines {
    fn default() -> Self {
        Self::new()
    }
}

impl Machines {
    /// By the real clock.
    pub fn new() -> Self {
        Self::by(Arc::new(SystemClock::default()))
    }

    /// By a clock that the test moves.
    pub fn standing() -> (Self, Arc<FakeClock>) {
        let clock = Arc::<FakeClock>::default();
        (Self::by(clock.clone()), clock)
    }

    /// By tokio's time, which passes at once where a test has paused it.
    pub fn paused() -> Self {
        Self::by(Arc::new(Paused(Instant::now())))
    }

    fn by(clock: Arc<dyn Clock>) -> Self {
        let authority = Authority {
            clock: Arc::clone(&clock),
            requests: AtomicUsize::new(0),
            life: AtomicU64::new(3599),
            takes: AtomicU64::new(0),
            unwell: AtomicUsize::new(0),
        };
        Self { authority: Arc::new(authority), store: FakeStore::with_clock(Arc::clone(&clock)), clock }
    }

    /// A cache in the store.
    pub fn cache(&self) -> SharedCache {
        SharedCache::new(self.store.clone(), keys(&["a"]))
    }

    /// A process of the application `app1`.
    pub async fn process(&self) -> TokenClient {
        self.process_of("app1", self.cache()).await
    }

    /// A process of that application, with that cache.
    pub async fn process_of(&self, client_id: &str, cache: SharedCache) -> TokenClient {
        let section = section(client_id, r#"{"SourceType": "Given"}"#);
        self.builder(&format!(r#"{{"AzureAd": {section}}}"#), cache).build().await.unwrap()
    }

    /// A process with those settings and that cache; the source `Given` has a secret.
    pub fn builder(&self, settings: &str, cache: SharedCache) -> TokenClientBuilder {
        let world = World::new(Arc::clone(&self.authority) as _).with_clock(Arc::clone(&self.clock));
        TokenClient::builder()
            .configuration(Configuration::from_json(settings, &Location::default(), &BTreeMap::new()))
            .source(FixedSource::new("Given", Ok(Credential::secret("given", "s3cr3t"))))
            .world(world)
            .shared_cache(cache)
    }

    /// Waits until what is written behind the caller's back is there and no lock is held.
    pub async fn settled(&self, values: usize) {
        for _ in 0..2000 {
            let names: Vec<String> = self.store.values().into_keys().collect();
            if names.len() == values && !names.iter().any(|name| name.contains("lock:")) {
                return;
            }
            tokio::task::yield_now().await;
            std::thread::sleep(Duration::from_micros(100));
        }
        panic!("not {values} values: {:?}", self.store.values().keys());
    }
}

/// The section of an application with that credential.
pub fn section(client_id: &str, credential: &str) -> String {
    format!(
        r#"{{"Instance": "https://login.microsoftonline.com/", "TenantId": "contoso.example",
             "ClientId": "{client_id}", "ClientCredentials": [{credential}]}}"#
    )
}

/// Keys of those ids, each of its own bytes.
pub fn keys(ids: &[&str]) -> SealingKeys {
    let key = |id: &str| id.repeat(43).chars().take(42).collect::<String>() + "A";
    let mut ids = ids.iter();
    let first = ids.next().unwrap();
    ids.fold(SealingKeys::new(first, key(first)).unwrap(), |keys, id| keys.and(id, key(id)).unwrap())
}

/// For the application itself.
pub fn app() -> TokenRequest {
    TokenRequest::app(SCOPE)
}

/// On behalf of that user.
pub fn user(name: &str) -> TokenRequest {
    use base64::Engine;
    let part = |text: &str| base64::prelude::BASE64_URL_SAFE_NO_PAD.encode(text);
    let token = format!("{}.{}.{}", part("{}"), part(name), part("signature"));
    TokenRequest::on_behalf_of(token, ["api://inventory/read"])
}

/// Which token, and where it came from.
pub async fn got(client: &TokenClient, request: &TokenRequest) -> (String, TokenOrigin) {
    let Acquired { token, origin, .. } = client.acquire(request).await.unwrap();
    (token.value().expose().to_owned(), origin)
}
