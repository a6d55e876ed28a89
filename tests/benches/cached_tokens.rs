//! Many cached tokens: a look at one of 1 to 1,000,000 beside a bare concurrent map of as many texts with the same
//! access pattern, tokens on behalf of users, the slowest token that comes into a full cache, and a crowd.
//!
//! Goals: within twice the bare map; on behalf of a user at most 1 µs for an incoming token of 1.2 KB; nothing that
//! comes in waits longer than a few milliseconds; 10,000 callers of one key within 1.2 times one exchange of 100 ms.
#![expect(clippy::disallowed_methods, reason = "what is measured is this machine's time")]

use std::collections::BTreeMap;
use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use credential_core::testing::FixedSource;
use credential_core::world::{HttpClient, HttpError, HttpRequest, HttpResponse};
use credential_core::{Credential, World};
use credential_tests::measure::{Subject, calls, for_real, median, readable, side_by_side};
use token_client::settings::{Configuration, Location};
use token_client::{TokenClient, TokenRequest};
use tokio::runtime::{Builder, Runtime};

const SCOPE: &str = "https://graph.microsoft.com/.default";
const REST_OF_TENANT: &str = "-3a3c-4a8b-9a5e-6b0c7a1d2e4f";
const ROUNDS: usize = 31;

/// Answers with a token of that length after that time.
#[derive(Debug)]
struct Authority {
    length: usize,
    delay: Duration,
    requests: AtomicUsize,
}

#[async_trait]
impl HttpClient for Authority {
    async fn send(&self, _request: HttpRequest) -> Result<HttpResponse, HttpError> {
        self.requests.fetch_add(1, Ordering::Relaxed);
        if self.delay.is_zero() {
            tokio::task::yield_now().await;
        } else {
            tokio::time::sleep(self.delay).await;
        }
        let token = "e".repeat(self.length);
        let body = format!(r#"{{"token_type":"Bearer","expires_in":86400,"access_token":"{token}"}}"#);
        Ok(HttpResponse::new(200, Vec::new(), body))
    }
}

fn authority(length: usize, delay: Duration) -> Arc<Authority> {
    Arc::new(Authority { length, delay, requests: AtomicUsize::new(0) })
}

async fn client(authority: &Arc<Authority>, max_bytes: usize) -> TokenClient {
    let settings = r#"{ "AzureAd": { "Instance": "https://login.microsoftonline.com/", "TenantId": "t.example",
        "ClientId": "app", "ClientCredentials": [{ "SourceType": "Given" }] } }"#;
    TokenClient::builder()
        .configuration(Configuration::from_json(settings, &Location::default(), &BTreeMap::new()))
        .source(FixedSource::new("Given", Ok(Credential::secret("bench", "s3cret"))))
        .world(World::new(Arc::clone(authority) as _))
        .max_cache_bytes(max_bytes)
        .build()
        .await
        .unwrap()
}

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

/// Writes the number over the first eight letters.
fn number(text: &mut String, nth: usize) {
    let digit = |place: usize| char::from_digit((nth >> (28 - 4 * place) & 15) as u32, 16).unwrap_or('0');
    let mut digits = [0; 8];
    (0..8).for_each(|place| digits[place] = digit(place) as u8);
    text.replace_range(..8, std::str::from_utf8(&digits).unwrap());
}

/// Numbers below a bound that nobody foresees, and that are the same each time.
struct Numbers(u64, usize);

impl Numbers {
    fn next(&mut self) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % self.1
    }
}

fn application(tokens: usize) {
    let (runtime, authority) = (runtime(), authority(32, Duration::ZERO));
    let client = runtime.block_on(client(&authority, usize::MAX));
    let mut request = TokenRequest::app(SCOPE).tenant(format!("00000000{REST_OF_TENANT}"));
    let bare = papaya::HashMap::<String, u64>::new();
    let mut key = format!("00000000{REST_OF_TENANT}{SCOPE}");
    for nth in 0..tokens {
        number(request.tenant.as_mut().unwrap(), nth);
        runtime.block_on(client.token(&request)).unwrap();
        number(&mut key, nth);
        bare.pin().insert(key.clone(), 1);
    }
    let (mut ours, mut theirs) = (Numbers(1, tokens), Numbers(1, tokens));
    let (client, bare) = (&client, &bare);
    let mut subjects: [Subject<'_>; 2] = [
        Box::new(move |times| {
            let start = Instant::now();
            for _ in 0..times {
                number(&mut key, theirs.next());
                black_box(bare.pin().get(black_box(&key)).copied().unwrap());
            }
            start.elapsed()
        }),
        Box::new(move |times| {
            runtime.block_on(async {
                let start = Instant::now();
                for _ in 0..times {
                    number(request.tenant.as_mut().unwrap(), ours.next());
                    drop(black_box(client.token(black_box(&request)).await.unwrap()));
                }
                start.elapsed()
            })
        }),
    ];
    let [bare, ours] = side_by_side(ROUNDS, 20_000, &mut subjects);
    let ratio = ours / bare;
    println!("{tokens:>9} tokens: {:>10}, bare map {:>10}: {ratio:.2} (goal 2)", readable(ours), readable(bare));
    assert_eq!(authority.requests.load(Ordering::Relaxed), tokens);
}

/// A call on behalf of one of so many users, whose token has just come in, as it has in a service, or was in memory
/// for long; beside a bare map by the incoming tokens themselves.
fn users(users: usize) {
    let (runtime, authority) = (runtime(), authority(32, Duration::ZERO));
    let client = runtime.block_on(client(&authority, usize::MAX));
    let token = |nth: usize| format!("e30.{}{nth:08x}.c2ln", "ey".repeat(594));
    let request = |nth: usize| TokenRequest::on_behalf_of(token(nth), ["user.read"]);
    let requests: Vec<TokenRequest> = (0..users).map(request).collect();
    requests.iter().for_each(|request| drop(runtime.block_on(client.token(request)).unwrap()));
    let bare: papaya::HashMap<String, u64> = (0..users).map(|nth| (token(nth), 1)).collect();
    let tokens: Vec<String> = (0..users).map(token).collect();
    let [mut bares, mut olds, mut news] = [1; 3].map(|seed| Numbers(seed, users));
    let mut subjects: [Subject<'_>; 3] = [
        calls(|| bare.pin().get(black_box(&tokens[bares.next()])).copied().unwrap()),
        Box::new(|times| {
            runtime.block_on(async {
                let start = Instant::now();
                for _ in 0..times {
                    drop(black_box(client.token(&requests[olds.next()]).await.unwrap()));
                }
                start.elapsed()
            })
        }),
        Box::new(|times| {
            runtime.block_on(async {
                let mut all = Duration::ZERO;
                for _ in 0..times {
                    let request = black_box(request(news.next()));
                    let start = Instant::now();
                    drop(black_box(client.token(&request).await.unwrap()));
                    all += start.elapsed();
                }
                all
            })
        }),
    ];
    let [bare, old, new] = side_by_side(ROUNDS, 20_000, &mut subjects);
    println!(
        "{users:>9} users:  {:>10} (goal 1 µs), out of memory {}, bare map {}",
        readable(new),
        readable(old),
        readable(bare)
    );
}

/// Tokens that come into a cache that has room for 100,000 of them.
fn full() {
    const ROOM: usize = 100_000;
    let (runtime, authority) = (runtime(), authority(1500, Duration::ZERO));
    let client = runtime.block_on(client(&authority, ROOM * 1850));
    let mut request = TokenRequest::app(SCOPE).tenant(format!("00000000{REST_OF_TENANT}"));
    let mut took: Vec<Duration> = (0..ROOM + ROOM / 2)
        .map(|nth| {
            number(request.tenant.as_mut().unwrap(), nth);
            let start = Instant::now();
            runtime.block_on(client.token(&request)).unwrap();
            start.elapsed()
        })
        .collect();
    took.sort_unstable();
    let at = |part: f64| readable(took[(took.len() as f64 * part) as usize].as_secs_f64() * 1e9);
    let slowest = readable(took[took.len() - 1].as_secs_f64() * 1e9);
    let mib = client.cached_bytes() / (1024 * 1024);
    println!("a token that comes in, {mib} MiB kept: half {}, 99.99 % {}, slowest {slowest}", at(0.5), at(0.9999));
    let (purge, slowest) = std::thread::scope(|scope| {
        let purge = scope.spawn(|| {
            let start = Instant::now();
            client.purge();
            start.elapsed()
        });
        let mut slowest = Duration::ZERO;
        for nth in 0.. {
            if purge.is_finished() {
                break;
            }
            number(request.tenant.as_mut().unwrap(), nth);
            let start = Instant::now();
            runtime.block_on(client.token(&request)).unwrap();
            slowest = slowest.max(start.elapsed());
        }
        (purge.join().unwrap(), slowest)
    });
    println!("a purge of them: {purge:?}; a token that comes in meanwhile: slowest {slowest:?}");
}

/// Many callers of a new client at once, beside as many tasks that wait for one signal with a limit of time: what the
/// runtime takes for them.
fn crowd() {
    const CALLERS: usize = 10_000;
    const DELAY: Duration = Duration::from_millis(100);
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let (mut ours, mut bare) = (Vec::new(), Vec::new());
    for _ in 0..11 {
        let authority = authority(1500, DELAY);
        let client = runtime.block_on(client(&authority, usize::MAX));
        ours.push(runtime.block_on(at_once(CALLERS, || {
            let client = client.clone();
            async move { drop(client.token(&TokenRequest::app(SCOPE)).await.unwrap()) }
        })));
        assert_eq!(authority.requests.load(Ordering::Relaxed), 1);
        let (sender, signal) = tokio::sync::watch::channel(false);
        bare.push(runtime.block_on(async {
            tokio::spawn(async move {
                tokio::time::sleep(DELAY).await;
                sender.send_replace(true);
            });
            at_once(CALLERS, || {
                let mut signal = signal.clone();
                async move {
                    let waited = tokio::time::timeout(Duration::from_secs(30), signal.wait_for(|sent| *sent)).await;
                    assert!(waited.is_ok_and(|heard| heard.is_ok()));
                }
            })
            .await
        }));
    }
    let [ours, bare] = [ours, bare].map(|took| median(took.iter().map(Duration::as_secs_f64).collect()));
    let delay = DELAY.as_secs_f64();
    println!(
        "{CALLERS} callers of one key, an exchange of 100 ms: {:.2} exchanges (goal 1.2), 1 request; bare tasks {:.2}",
        ours / delay,
        bare / delay
    );
}

async fn at_once<F: Future<Output = ()> + Send + 'static>(callers: usize, call: impl Fn() -> F) -> Duration {
    let start = Instant::now();
    let callers: Vec<_> = (0..callers).map(|_| tokio::spawn(call())).collect();
    for caller in callers {
        caller.await.unwrap();
    }
    start.elapsed()
}

fn main() {
    if !for_real() {
        application(10);
        users(10);
        return;
    }
    [1, 1000, 100_000, 1_000_000].into_iter().for_each(application);
    [1, 1000, 30_000].into_iter().for_each(users);
    full();
    crowd();
}
