//! A cached token, on one thread and on two, beside the bare hash look-up and `azure_identity`.
//!
//! Goals: no allocation; within twice the bare look-up of the same run, and a quarter of `azure_identity`; a prepared
//! source at most 20 ns, and the same on two threads. The look-up of a shared value stands beside them: the count of
//! its owners goes to and fro between the cores.
#![expect(clippy::disallowed_methods, reason = "what is measured is this machine's time")]

use std::collections::HashMap;
use std::hint::black_box;
use std::sync::{Arc, Barrier};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use azure_core::credentials::TokenCredential;
use azure_core::http::headers::Headers;
use azure_core::http::{AsyncRawResponse, ClientOptions, HttpClient, Request, StatusCode, Transport};
use azure_identity::{ClientSecretCredential, ClientSecretCredentialOptions};
use credential_core::Credential;
use credential_tests::measure::{Subject, calls, for_real, readable, side_by_side};
use credential_tests::memory_authority::{CLIENT_ID, MemoryAuthority, SCOPE, TENANT, client};
use criterion::Criterion;
use token_client::{PreparedToken, TokenClient, TokenRequest, TokenSource};
use tokio::runtime::{Builder, Runtime};

const SECRET: &str = "s3cret";
/// Callers of the first token at the same time.
const CROWD: usize = 100;
const ROUNDS: usize = 101;

/// The in-memory authority as the Azure SDK sees it.
#[derive(Debug)]
struct SdkTransport(Arc<MemoryAuthority>);

#[async_trait]
impl HttpClient for SdkTransport {
    async fn execute_request(&self, _request: &Request) -> azure_core::Result<AsyncRawResponse> {
        let body = self.0.answer().await;
        Ok(AsyncRawResponse::from_bytes(StatusCode::Ok, Headers::new(), body))
    }
}

fn peer(authority: &Arc<MemoryAuthority>) -> Arc<ClientSecretCredential> {
    let transport = Some(Transport::new(Arc::new(SdkTransport(Arc::clone(authority)))));
    let client_options = ClientOptions { transport, ..ClientOptions::default() };
    let options = ClientSecretCredentialOptions { client_options };
    ClientSecretCredential::new(TENANT, CLIENT_ID.to_owned(), SECRET.into(), Some(options)).unwrap()
}

async fn ours(authority: &Arc<MemoryAuthority>) -> TokenClient {
    client(authority, Credential::secret("bench", SECRET)).await
}

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

/// What is measured: each with its token cached.
struct Subjects {
    bare_std: HashMap<String, u64>,
    bare: papaya::HashMap<String, u64>,
    /// What no client that hands out shared tokens can do without: the look-up and one more owner.
    bare_shared: papaya::HashMap<String, Arc<u64>>,
    /// A text of the same length as what our cache looks for.
    key: String,
    client: TokenClient,
    request: TokenRequest,
    source: PreparedToken,
    peer: Arc<ClientSecretCredential>,
}

impl Subjects {
    async fn new() -> Self {
        let (authority, request) = (Arc::default(), TokenRequest::app(SCOPE));
        let (client, peer) = (ours(&authority).await, peer(&authority));
        client.token(&request).await.unwrap();
        peer.get_token(&[SCOPE], None).await.unwrap();
        let key = format!("{TENANT}{SCOPE}");
        let (bare, bare_shared) = (papaya::HashMap::new(), papaya::HashMap::new());
        bare.pin().insert(key.clone(), 1);
        bare_shared.pin().insert(key.clone(), Arc::new(1));
        let (bare_std, source) = (HashMap::from([(key.clone(), 1)]), client.token_source(request.clone()));
        source.token().await.unwrap();
        Self { bare_std, bare, bare_shared, key, client, request, source, peer }
    }

    const NAMES: [&str; 6] =
        ["std HashMap", "papaya HashMap", "papaya, shared value", "TokenClient", "PreparedToken", "azure_identity"];

    fn on_one_thread(&self) -> [Subject<'_>; 6] {
        [
            calls(|| self.bare_std.get(black_box(&self.key)).copied()),
            calls(|| self.bare.pin().get(black_box(&self.key)).copied()),
            calls(|| self.bare_shared.pin().get(black_box(&self.key)).cloned()),
            Box::new(|times| {
                runtime().block_on(async {
                    let start = Instant::now();
                    for _ in 0..times {
                        drop(black_box(self.client.token(black_box(&self.request)).await.unwrap()));
                    }
                    start.elapsed()
                })
            }),
            Box::new(|times| {
                runtime().block_on(async {
                    let start = Instant::now();
                    for _ in 0..times {
                        drop(black_box(black_box(&self.source).token().await.unwrap()));
                    }
                    start.elapsed()
                })
            }),
            Box::new(|times| {
                runtime().block_on(async {
                    let start = Instant::now();
                    for _ in 0..times {
                        drop(black_box(self.peer.get_token(black_box(&[SCOPE]), None).await.unwrap()));
                    }
                    start.elapsed()
                })
            }),
        ]
    }

    /// The same on two threads at once; the slower one counts.
    fn on_two_threads(&self) -> [Subject<'_>; 6] {
        [0, 1, 2, 3, 4, 5].map(|nth| -> Subject<'_> {
            Box::new(move |times| {
                let barrier = Barrier::new(2);
                let run = || {
                    let mut subject = self.on_one_thread().into_iter().nth(nth).unwrap();
                    barrier.wait();
                    subject(times)
                };
                std::thread::scope(|scope| {
                    let other = scope.spawn(run);
                    run().max(other.join().unwrap())
                })
            })
        })
    }

    /// Allocations of one call: by the client, by a source, theirs.
    fn allocations(&self) -> [u64; 3] {
        const CALLS: u32 = 1000;
        let [_, _, _, ours, source, theirs] = self.on_one_thread();
        [ours, source, theirs].map(|mut subject| {
            // Starting the runtime allocates too.
            let nothing = allocation_counter::measure(|| _ = subject(0)).count_total;
            let all = allocation_counter::measure(|| _ = subject(CALLS)).count_total;
            (all - nothing).div_ceil(u64::from(CALLS))
        })
    }
}

/// Many callers that ask a new client at the same time: how long, and how many requests it took.
struct Crowd {
    runtime: Runtime,
    /// Requests and rounds: ours, theirs.
    counted: [(usize, usize); 2],
}

impl Crowd {
    fn new() -> Self {
        let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        Self { runtime, counted: [(0, 0); 2] }
    }

    fn ours(&mut self) -> Duration {
        let authority = Arc::default();
        let client = self.runtime.block_on(ours(&authority));
        let took = self.all(|| {
            let client = client.clone();
            async move { drop(client.token(&TokenRequest::app(SCOPE)).await.unwrap()) }
        });
        self.count(0, &authority);
        took
    }

    fn theirs(&mut self) -> Duration {
        let authority = Arc::default();
        let peer = peer(&authority);
        let took = self.all(|| {
            let peer = Arc::clone(&peer);
            async move { drop(peer.get_token(&[SCOPE], None).await.unwrap()) }
        });
        self.count(1, &authority);
        took
    }

    fn all<F: Future<Output = ()> + Send + 'static>(&self, call: impl Fn() -> F) -> Duration {
        self.runtime.block_on(async {
            let start = Instant::now();
            let callers: Vec<_> = (0..CROWD).map(|_| tokio::spawn(call())).collect();
            for caller in callers {
                caller.await.unwrap();
            }
            start.elapsed()
        })
    }

    fn count(&mut self, whose: usize, authority: &MemoryAuthority) {
        let (requests, rounds) = &mut self.counted[whose];
        *requests += authority.requests();
        *rounds += 1;
    }
}

fn main() {
    let subjects = runtime().block_on(Subjects::new());
    let mut criterion = Criterion::default().configure_from_args();
    for (group, mut bodies) in [("one thread", subjects.on_one_thread()), ("two threads", subjects.on_two_threads())] {
        let mut group = criterion.benchmark_group(format!("cached token, {group}"));
        for (name, body) in Subjects::NAMES.iter().zip(&mut bodies) {
            group.bench_function(*name, |bencher| {
                bencher.iter_custom(|times| body(u32::try_from(times).unwrap_or(u32::MAX)));
            });
        }
        group.finish();
    }
    if for_real() {
        criterion.final_summary();
        report(&subjects);
        report_crowd();
    }
}

fn report(subjects: &Subjects) {
    let mut sources = Vec::new();
    for (threads, mut bodies) in [(1, subjects.on_one_thread()), (2, subjects.on_two_threads())] {
        let figures = side_by_side(ROUNDS, 20_000, &mut bodies);
        println!("\ncached token, threads: {threads} (median of {ROUNDS} rounds side by side)");
        for (name, figure) in Subjects::NAMES.iter().zip(figures) {
            println!("  {name:<22}{:>10}", readable(figure));
        }
        let [standard, papaya, shared, ours, source, theirs] = figures;
        println!("  ours / bare look-up   {:.2} (papaya, goal 2), {:.2} (std)", ours / papaya, ours / standard);
        println!("  ours / shared value   {:.2}", ours / shared);
        println!("  azure_identity / ours {:.2} (goal 4), / source {:.2}", theirs / ours, theirs / source);
        sources.push(source);
    }
    println!("\na source on two threads / on one: {:.2} (goal 0.8 to 1.2)", sources[1] / sources[0]);
    let [ours, source, theirs] = subjects.allocations();
    println!("allocations of one cached token: ours {ours}, by a source {source} (goal 0), azure_identity {theirs}");
}

fn report_crowd() {
    let crowd = std::cell::RefCell::new(Crowd::new());
    let mut bodies: [Subject<'_>; 2] = [
        Box::new(|times| (0..times).map(|_| crowd.borrow_mut().ours()).sum()),
        Box::new(|times| (0..times).map(|_| crowd.borrow_mut().theirs()).sum()),
    ];
    let [ours, theirs] = side_by_side(ROUNDS, 10, &mut bodies);
    drop(bodies);
    let [our_requests, their_requests] =
        crowd.into_inner().counted.map(|(requests, rounds)| requests as f64 / rounds as f64);
    println!(
        "\n{CROWD} first calls at once: ours {} ({our_requests} requests), azure_identity {} ({their_requests} requests), ours / theirs {:.2}",
        readable(ours),
        readable(theirs),
        ours / theirs
    );
}
