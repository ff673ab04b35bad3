//! What a call costs on top of plain reqwest and serde_json: the same request to the same server on loopback, with limiter,
//! credentials, deadlines and tracing (no subscriber).
//!
//! First both are measured in turns, in rounds of one run, so that what else the machine does meets both; the ratio is that of
//! the medians. Then divan measures each. `allocations` counts what they allocate.
//!
//! `cargo bench -p hoopai --bench overhead`

mod scene;

use std::time::{Duration, Instant};

use scene::{Bench, bench, call_ours, call_plain};

const ROUNDS: usize = 400;
const CALLS: usize = 100;
const IN_FLIGHT: usize = 20;

/// One call after the other.
fn one_by_one<F: Future<Output = ()>>(
    call: impl Fn(&'static Bench) -> F,
    calls: usize,
) -> Duration {
    let bench = bench();
    let started = Instant::now();
    bench.runtime.block_on(async {
        for _ in 0..calls {
            call(bench).await;
        }
    });
    started.elapsed()
}

/// Twenty at a time.
fn together<F: Future<Output = ()>>(call: impl Fn(&'static Bench) -> F, calls: usize) -> Duration {
    let bench = bench();
    let started = Instant::now();
    bench.runtime.block_on(async {
        let lanes = (0..IN_FLIGHT).map(|_| async {
            for _ in 0..calls / IN_FLIGHT {
                call(bench).await;
            }
        });
        futures_util::future::join_all(lanes).await;
    });
    started.elapsed()
}

fn paired(name: &str, plain: impl Fn() -> Duration, ours: impl Fn() -> Duration) {
    plain();
    ours();
    let mut times = [Vec::new(), Vec::new()];
    for round in 0..ROUNDS {
        // Each goes first as often as the other.
        for which in [round % 2, (round + 1) % 2] {
            times[which].push(if which == 0 { plain() } else { ours() });
        }
    }
    let [plain, ours] = times.map(|mut times| {
        times.sort_unstable();
        times[times.len() / 2].as_secs_f64() / CALLS as f64 * 1e6
    });
    println!(
        "{name}: plain {plain:.2} µs, ours {ours:.2} µs a call: {:.3} x its time, {:.3} x its throughput",
        ours / plain,
        plain / ours
    );
}

fn main() {
    paired(
        "one by one",
        || one_by_one(call_plain, CALLS),
        || one_by_one(call_ours, CALLS),
    );
    paired(
        "20 in flight",
        || together(call_plain, CALLS),
        || together(call_ours, CALLS),
    );
    divan::main();
}

#[divan::bench]
fn plain() {
    one_by_one(call_plain, 1);
}

#[divan::bench]
fn ours() {
    one_by_one(call_ours, 1);
}
