//! From nothing to the first token: settings and a PFX on disk, the emulator over sockets; in its parts.

#![expect(clippy::disallowed_methods, reason = "what is measured is this machine's time")]

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use async_trait::async_trait;
use credential_cert_store::Material;
use credential_core::credential::SecretBytes;
use credential_core::world::{HttpClient, HttpError, HttpRequest, HttpResponse};
use credential_core::{Secret, World};
use credential_tests::measure::{for_real, median, readable};
use criterion::Criterion;
use token_client::emulator::{EmulatedApp, Emulator};
use token_client::settings::{Configuration, Location};
use token_client::{ReqwestHttp, TokenClient, TokenRequest};
use tokio::runtime::Runtime;

const ROUNDS: usize = 51;
/// RSA 2048 in PBES2 with AES-256 and 2048 rounds, as OpenSSL 3 writes it.
const PFX: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/golden/pfx/ossl-default.pfx");
const PASSWORD: &str = "pw";

/// HTTP over sockets that remembers when the last request began and ended.
#[derive(Debug)]
struct Watched {
    http: ReqwestHttp,
    last: Mutex<Option<(Instant, Instant)>>,
}

#[async_trait]
impl HttpClient for Watched {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let begin = Instant::now();
        let response = self.http.send(request).await;
        *self.last.lock().unwrap() = Some((begin, Instant::now()));
        response
    }
}

const PARTS: [&str; 7] = [
    "HTTP client with the system's certificate authorities",
    "configuration read",
    "authority and chain bound",
    "PFX read (key derivation and parsing)",
    "assertion and the rest of the client",
    "exchange, connection and emulator included",
    "answer read, token cached",
];

/// The parts of one first token, in nanoseconds.
async fn first_token(location: &Location) -> [f64; 7] {
    let start = Instant::now();
    let http = Arc::new(Watched { http: ReqwestHttp::new().unwrap(), last: Mutex::new(None) });
    let world = World::new(Arc::clone(&http) as _);
    let connected = Instant::now();
    let configuration = Configuration::read(location, &world).await;
    let read = Instant::now();
    let client = TokenClient::builder().configuration(configuration).world(world).build().await.unwrap();
    let bound = Instant::now();
    client.token(&TokenRequest::app("api://demo/.default")).await.unwrap();
    let done = Instant::now();
    let (sent, answered) = http.last.lock().unwrap().unwrap();
    // The same file once more, by itself: inside the client nothing tells its reading from what follows.
    let begin = Instant::now();
    material().await;
    let pfx = begin.elapsed().as_secs_f64() * 1e9;
    let between = |from: Instant, to: Instant| to.duration_since(from).as_secs_f64() * 1e9;
    [
        between(start, connected),
        between(connected, read),
        between(read, bound),
        pfx,
        between(bound, sent) - pfx,
        between(sent, answered),
        between(answered, done),
    ]
}

async fn material() -> Material {
    let content = SecretBytes::new(std::fs::read(PFX).unwrap());
    Material::read(content, Some(Secret::new(PASSWORD))).await.unwrap()
}

async fn emulator() -> Emulator {
    let certificate = material().await.chain()[0].clone();
    let app = EmulatedApp::new("app1").certificate(certificate);
    Emulator::builder().tenant("contoso.example").app(app).start().await.unwrap()
}

fn settings(instance: &str) -> PathBuf {
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("first-token.json");
    let entry = serde_json::json!({
        "SourceType": "Path", "CertificateDiskPath": PFX, "CertificatePassword": PASSWORD,
    });
    let settings = serde_json::json!({ "AzureAd": {
        "Instance": instance, "TenantId": "contoso.example", "ClientId": "app1", "ClientCredentials": [entry],
    }});
    std::fs::write(&file, settings.to_string()).unwrap();
    file
}

fn main() {
    let runtime = Runtime::new().unwrap();
    let emulator = runtime.block_on(emulator());
    let location = Location::new().file(settings(&emulator.instance()));
    let mut criterion = Criterion::default().sample_size(10).configure_from_args();
    criterion.bench_function("first token from a PFX, all parts", |bencher| {
        bencher.iter(|| runtime.block_on(first_token(&location)));
    });
    if for_real() {
        criterion.final_summary();
        runtime.block_on(report(&location));
    }
}

async fn report(location: &Location) {
    let mut figures = [const { Vec::new() }; PARTS.len()];
    let mut totals = Vec::new();
    for _ in 0..ROUNDS {
        let parts = first_token(location).await;
        totals.push(parts.iter().sum());
        for (part, figures) in parts.into_iter().zip(&mut figures) {
            figures.push(part);
        }
    }
    println!("\nfirst token from a PFX against the emulator (median of {ROUNDS} runs)");
    for (name, figures) in PARTS.iter().zip(figures) {
        println!("  {name:<56}{:>10}", readable(median(figures)));
    }
    println!("  {:<56}{:>10}", "all", readable(median(totals)));
}
