//! Figures that can be compared on a machine that does other things too.
#![expect(clippy::disallowed_methods, reason = "what is measured is this machine's time")]

use std::hint::black_box;
use std::time::{Duration, Instant};

/// Something to measure: does it that many times and says how long that took.
pub type Subject<'a> = Box<dyn FnMut(u32) -> Duration + 'a>;

/// Measures a call over and over.
pub fn calls<'a, T>(mut call: impl FnMut() -> T + 'a) -> Subject<'a> {
    Box::new(move |times| {
        let start = Instant::now();
        for _ in 0..times {
            black_box(call());
        }
        start.elapsed()
    })
}

/// Nanoseconds for one call of each subject: the median of `rounds` rounds of `times` calls. Each round
/// measures every subject, so that what else the machine does falls on all of them.
pub fn side_by_side<const N: usize>(rounds: usize, times: u32, subjects: &mut [Subject<'_>; N]) -> [f64; N] {
    let mut figures = [const { Vec::new() }; N];
    for round in 0..=rounds {
        for (subject, figures) in subjects.iter_mut().zip(&mut figures) {
            let took = subject(times);
            // The first round warms up.
            if round > 0 {
                figures.push(took.as_secs_f64() * 1e9 / f64::from(times));
            }
        }
    }
    figures.map(median)
}

/// The median.
pub fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_unstable_by(f64::total_cmp);
    figures[figures.len() / 2]
}

/// A duration in nanoseconds, readable.
pub fn readable(nanoseconds: f64) -> String {
    match nanoseconds {
        ns if ns < 1e3 => format!("{ns:.1} ns"),
        ns if ns < 1e6 => format!("{:.2} µs", ns / 1e3),
        ns => format!("{:.2} ms", ns / 1e6),
    }
}

/// Whether this is a measurement and no trial run of the benches, as `cargo test --benches` does.
pub fn for_real() -> bool {
    std::env::args().any(|argument| argument == "--bench")
}
