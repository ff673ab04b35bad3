//! Time of a call, of a list and of decoding a page, compared with plain reqwest and serde_json.
//! The server is on loopback.
//!
//! The two runs of a pair follow each other, and each is first in half of the pairs, so that other
//! load affects both. A row shows the median and the quartiles of the ratios of all pairs.
//!
//! `cargo bench -p hoopai` prints these results and those of `memory`. An argument selects the rows
//! whose name contains it.

mod support;

use std::hint::black_box;
use std::time::{Duration, Instant};

use hoopai::contacts::types::ListContactsResponse;
use hoopai::runtime::json;
use serde_json::Value;

use support::server::Bench;
use support::{contact, list, page};

/// So many that the median is known to about 0.4 %: a single ratio varies by 10 %.
const PAIRS: usize = 400;

fn main() {
    let filter = std::env::args().skip(1).find(|arg| !arg.starts_with('-'));
    let runs = |name: &str| filter.as_ref().is_none_or(|part| name.contains(&**part));
    println!(
        "{:<28}{:>12}{:>12}{:>9}{:>17}  goal",
        "median of pairs", "plain", "ours", "ratio", "quartiles"
    );
    let row =
        |name: &str, goal: &str, plain: &dyn Fn() -> Duration, ours: &dyn Fn() -> Duration| {
            if runs(name) {
                measure_pairs(name, goal, plain, ours);
            }
        };

    let calls = contact::bench();
    let sequential = |ours: bool| per_call(&calls, 1, ours);
    row(
        "one call, time",
        "at most 1.03",
        &|| sequential(false),
        &|| sequential(true),
    );
    let concurrent = |ours: bool| per_call(&calls, 20, ours);
    // A throughput of at least 0.97 is a time ratio of at most 1.031.
    row(
        "20 concurrent calls, time",
        "at most 1.031",
        &|| concurrent(false),
        &|| concurrent(true),
    );
    let lists = list::bench();
    let stream = |prefetch: Option<bool>| per_item(&lists, prefetch);
    row(
        "stream, time an item",
        "at most 1.00",
        &|| stream(None),
        &|| stream(Some(true)),
    );
    row(
        "stream without prefetch",
        "at most 1.00",
        &|| stream(None),
        &|| stream(Some(false)),
    );
    let conforming = page::list();
    let any_json = || timed(|| serde_json::from_slice::<Value>(&conforming).unwrap());
    row(
        "page, of a Value's time",
        "at most 0.45",
        &any_json,
        &|| timed(|| json::from_slice::<ListContactsResponse>(&conforming).unwrap()),
    );
    let drifted = page::drifted_list();
    row("page, all drifted", "none", &any_json, &|| {
        timed(|| json::from_slice::<ListContactsResponse>(&drifted).unwrap())
    });
}

/// Measures pairs of runs and prints the ratio of their times.
fn measure_pairs(
    name: &str,
    goal: &str,
    plain: &dyn Fn() -> Duration,
    ours: &dyn Fn() -> Duration,
) {
    let (mut of_plain, mut of_ours, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for pair in 0..=PAIRS {
        let (plain, ours) = if pair % 2 == 0 {
            let plain = plain();
            (plain, ours())
        } else {
            let ours = ours();
            (plain(), ours)
        };
        // The first pair opens the connections.
        if pair > 0 {
            of_plain.push(plain.as_secs_f64());
            of_ours.push(ours.as_secs_f64());
            ratios.push(ours.as_secs_f64() / plain.as_secs_f64());
        }
    }
    let micros = |times: &mut Vec<f64>| format!("{:.2} µs", quantile(times, 0.5) * 1e6);
    println!(
        "{name:<28}{:>12}{:>12}{:>9.3}{:>17}  {goal}",
        micros(&mut of_plain),
        micros(&mut of_ours),
        quantile(&mut ratios, 0.5),
        format!(
            "{:.3} to {:.3}",
            quantile(&mut ratios, 0.25),
            quantile(&mut ratios, 0.75)
        ),
    );
}

fn quantile(values: &mut [f64], share: f64) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    values[((values.len() - 1) as f64 * share).round() as usize]
}

/// The time per call, with a number of concurrent calls.
fn per_call(bench: &Bench, concurrency: usize, ours: bool) -> Duration {
    const CALLS: usize = 100;
    bench.free_requests();
    let started = Instant::now();
    bench.runtime.block_on(async {
        let workers = (0..concurrency).map(|_| async {
            for _ in 0..CALLS / concurrency {
                if ours {
                    contact::call_ours(bench).await;
                } else {
                    contact::call_plain(bench).await;
                }
            }
        });
        futures_util::future::join_all(workers).await;
    });
    started.elapsed() / CALLS as u32
}

/// The time per item of a list; `None` measures the loop of a plain client.
fn per_item(bench: &Bench, prefetch: Option<bool>) -> Duration {
    const ITEMS: usize = list::PAGES * list::PER_PAGE;
    bench.free_requests();
    let started = Instant::now();
    let read = bench.runtime.block_on(async {
        match prefetch {
            None => list::read_plain(bench).await,
            Some(prefetch) => list::read_ours(bench, prefetch).await,
        }
    });
    let time = started.elapsed();
    assert_eq!(read, ITEMS);
    time / ITEMS as u32
}

/// The mean time of a few runs, without dropping their results.
fn timed<T>(run: impl Fn() -> T) -> Duration {
    let mut time = Duration::ZERO;
    for _ in 0..4 {
        let started = Instant::now();
        let value = black_box(run());
        time += started.elapsed();
        drop(value);
    }
    time / 4
}
