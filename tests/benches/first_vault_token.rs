//! A first load from a vault on loopback, split in its parts: each request, and what is done between them.
//!
//! `cargo bench -p credential-tests --bench first_vault_token`

#![expect(clippy::disallowed_methods, reason = "measures real time")]

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use credential_core::SourceType;
use credential_core::world::{HttpClient, HttpError, HttpRequest, HttpResponse};
use credential_tests::vault::{Cloud, Key, Made, bind, entry, load};

const RUNS: usize = 50;

/// Times each request.
#[derive(Debug)]
struct Timed {
    inner: Arc<dyn HttpClient>,
    times: Arc<Mutex<Vec<(String, Duration)>>>,
}

#[async_trait]
impl HttpClient for Timed {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let path = request.url.split(['?', '#']).next().unwrap_or_default();
        let name = format!("{} {}", request.method, path.split('/').skip(3).collect::<Vec<_>>().join("/"));
        let start = Instant::now();
        let result = self.inner.send(request).await;
        self.times.lock().unwrap().push((name, start.elapsed()));
        result
    }
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

/// `exportable`: the key comes along and signs here. Otherwise the vault signs.
async fn measure(exportable: bool) {
    let cloud = Cloud::start().await;
    cloud.put("web", "v1", Made::new("web", Key::Rsa));
    cloud.edit(|state| state.certificates.get_mut("web").unwrap().exportable = exportable);
    let (mut totals, mut between, mut requests) = (Vec::new(), Vec::new(), Vec::<(String, Vec<Duration>)>::new());
    for _ in 0..RUNS {
        let times = Arc::new(Mutex::new(Vec::new()));
        let world = cloud.world(&Cloud::reader());
        let world = world.clone().with_http(Arc::new(Timed { inner: world.http, times: Arc::clone(&times) }));
        let source = credential_keyvault::sources().swap_remove(0);
        let entry = bind(&source, entry(SourceType::KEY_VAULT));
        let start = Instant::now();
        load(&entry, &world, None).await.unwrap();
        let total = start.elapsed();
        let times = std::mem::take(&mut *times.lock().unwrap());
        between.push(total.saturating_sub(times.iter().map(|(_, took)| *took).sum()));
        totals.push(total);
        for (nth, (name, took)) in times.into_iter().enumerate() {
            match requests.get_mut(nth) {
                Some((_, list)) => list.push(took),
                None => requests.push((name, vec![took])),
            }
        }
    }
    println!("first load, {}: {} requests", if exportable { "exportable" } else { "not exportable" }, requests.len());
    for (name, times) in requests {
        println!("  {:>9.2?}  {name}", median(times));
    }
    println!("  {:>9.2?}  between them: parsing, key derivation, client set-up", median(between));
    println!("  {:>9.2?}  in all\n", median(totals));
}

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        measure(true).await;
        measure(false).await;
    });
}
