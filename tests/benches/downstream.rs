//! A downstream call beside the same call by the HTTP client alone, both against an API in memory, the token cached.
//!
//! Goal: one microsecond more, and one kilobyte (which `downstream_overhead` sees to).
#![expect(clippy::disallowed_methods, reason = "what is measured is this machine's time")]

use std::hint::black_box;
use std::time::Instant;

use credential_core::Secret;
use credential_core::world::HttpClient;
use credential_tests::canned_api::{self, CannedApi};
use credential_tests::measure::{Subject, for_real, readable, side_by_side};
use criterion::Criterion;
use token_client::{DownstreamApi, DownstreamCall};
use tokio::runtime::{Builder, Runtime};

const ROUNDS: usize = 101;
const NAMES: [&str; 3] = ["HTTP client alone", "DownstreamApi", "DownstreamApi, segment and query"];

struct Subjects {
    runtime: Runtime,
    api: DownstreamApi,
    http: Box<dyn HttpClient>,
    authorization: Secret,
}

impl Subjects {
    fn new() -> Self {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let api = runtime.block_on(async {
            let api = canned_api::api().await;
            api.call(DownstreamCall::new()).await.unwrap();
            api
        });
        let authorization = Secret::new(format!("Bearer {}", "e".repeat(1500)));
        Self { runtime, api, http: Box::new(CannedApi), authorization }
    }

    fn measured<F: Future>(&self, times: u32, call: impl Fn() -> F) -> std::time::Duration {
        self.runtime.block_on(async {
            let start = Instant::now();
            for _ in 0..times {
                drop(black_box(call().await));
            }
            start.elapsed()
        })
    }

    fn all(&self) -> [Subject<'_>; 3] {
        [
            Box::new(|times| self.measured(times, || canned_api::bare(&*self.http, black_box(&self.authorization)))),
            Box::new(|times| self.measured(times, || self.api.call(DownstreamCall::new().path(black_box("items/42"))))),
            Box::new(|times| {
                self.measured(times, || {
                    let call = DownstreamCall::new().path("items").segment(black_box("42"));
                    self.api.call(call.query("expand", black_box("all of it")))
                })
            }),
        ]
    }
}

fn main() {
    let subjects = Subjects::new();
    let mut criterion = Criterion::default().configure_from_args();
    let mut group = criterion.benchmark_group("downstream call");
    for (name, mut body) in NAMES.iter().zip(subjects.all()) {
        group.bench_function(*name, |bencher| {
            bencher.iter_custom(|times| body(u32::try_from(times).unwrap_or(u32::MAX)));
        });
    }
    group.finish();
    if for_real() {
        criterion.final_summary();
        let figures = side_by_side(ROUNDS, 20_000, &mut subjects.all());
        println!("\ndownstream call (median of {ROUNDS} rounds side by side)");
        for (name, figure) in NAMES.iter().zip(figures) {
            println!("  {name:<34}{:>10}  {:>10} more", readable(figure), readable(figure - figures[0]));
        }
    }
}
