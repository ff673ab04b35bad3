//! Time of a call, of a list and of decoding a page, compared with plain reqwest and serde_json.
//! The server is on loopback.
//!
//! The two runs of a pair follow each other, and each is first in half of the pairs, so that other
//! load affects both. A row shows the median and the quartiles of the ratios of all pairs. The pairs
//! of a row are measured in several processes, because the medians of two processes differ by up to
//! 3 %, however many pairs they measure.
//!
//! `cargo bench -p hoopai` prints these results and those of `memory`. An argument selects the rows
//! whose name contains it.

mod support;

use std::hint::black_box;
use std::process::Command;
use std::rc::Rc;
use std::time::{Duration, Instant};

use hoopai::contacts::types::ListContactsResponse;
use hoopai::runtime::json;
use serde_json::Value;

use support::server::Bench;
use support::{contact, list, page};

const PROCESSES: usize = 10;

/// The pairs of a process. A single ratio varies by 10 %.
const PAIRS: usize = 50;

/// The argument with which this program starts itself; the name of a row follows.
const MEASURE: &str = "--measure";

/// Measures a run once.
type Run = Box<dyn Fn() -> Duration>;

struct Row {
    name: &'static str,
    goal: &'static str,
    /// Returns the plain run and ours.
    prepare: fn() -> (Run, Run),
}

const ROWS: [Row; 6] = [
    Row {
        name: "one call, time",
        goal: "at most 1.03",
        prepare: || calls(1),
    },
    Row {
        name: "20 concurrent calls, time",
        // A throughput of at least 0.97 is a time ratio of at most 1.031.
        goal: "at most 1.031",
        prepare: || calls(20),
    },
    Row {
        name: "stream, time an item",
        goal: "at most 1.00",
        prepare: || stream(true),
    },
    Row {
        name: "stream without prefetch",
        goal: "at most 1.00",
        prepare: || stream(false),
    },
    Row {
        name: "page, of a Value's time",
        goal: "at most 0.45",
        prepare: || decode(page::list()),
    },
    Row {
        name: "page, all drifted",
        goal: "none",
        prepare: || decode(page::drifted_list()),
    },
];

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    if let [first, name] = &args[..]
        && first == MEASURE
    {
        let row = ROWS.iter().find(|row| row.name == *name);
        measure_pairs(row.expect("the name of a row"));
        return;
    }
    let filter = args.iter().find(|arg| !arg.starts_with('-'));
    println!(
        "{:<28}{:>12}{:>12}{:>9}{:>17}  goal",
        "median of pairs", "plain", "ours", "ratio", "quartiles"
    );
    for row in &ROWS {
        if filter.is_none_or(|part| row.name.contains(&**part)) {
            print_row(row);
        }
    }
}

/// Measures pairs of runs and prints the times of each pair.
fn measure_pairs(row: &Row) {
    let (plain, ours) = (row.prepare)();
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
            println!("{} {}", plain.as_secs_f64(), ours.as_secs_f64());
        }
    }
}

/// Measures a row in several processes and prints the ratio of the times.
fn print_row(row: &Row) {
    let (mut of_plain, mut of_ours, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..PROCESSES {
        let mut process = Command::new(std::env::current_exe().unwrap());
        let output = process.args([MEASURE, row.name]).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        for pair in String::from_utf8(output.stdout).unwrap().lines() {
            let (plain, ours) = pair.split_once(' ').unwrap();
            let (plain, ours): (f64, f64) = (plain.parse().unwrap(), ours.parse().unwrap());
            of_plain.push(plain);
            of_ours.push(ours);
            ratios.push(ours / plain);
        }
    }
    let micros = |times: &mut Vec<f64>| format!("{:.2} µs", quantile(times, 0.5) * 1e6);
    println!(
        "{:<28}{:>12}{:>12}{:>9.3}{:>17}  {}",
        row.name,
        micros(&mut of_plain),
        micros(&mut of_ours),
        quantile(&mut ratios, 0.5),
        format!(
            "{:.3} to {:.3}",
            quantile(&mut ratios, 0.25),
            quantile(&mut ratios, 0.75)
        ),
        row.goal
    );
}

fn quantile(values: &mut [f64], share: f64) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    values[((values.len() - 1) as f64 * share).round() as usize]
}

fn calls(concurrency: usize) -> (Run, Run) {
    let bench = Rc::new(contact::bench());
    let run = |ours| -> Run {
        let bench = bench.clone();
        Box::new(move || per_call(&bench, concurrency, ours))
    };
    (run(false), run(true))
}

fn stream(prefetch: bool) -> (Run, Run) {
    let bench = Rc::new(list::bench());
    let run = |prefetch| -> Run {
        let bench = bench.clone();
        Box::new(move || per_item(&bench, prefetch))
    };
    (run(None), run(Some(prefetch)))
}

/// Compares `serde_json` with this client's decoder.
fn decode(body: Vec<u8>) -> (Run, Run) {
    fn run<T: 'static>(body: Vec<u8>, decode: fn(&[u8]) -> T) -> Run {
        Box::new(move || timed(|| decode(&body)))
    }
    let any_json = run(body.clone(), |body| {
        serde_json::from_slice::<Value>(body).unwrap()
    });
    let model = run(body, |body| {
        json::from_slice::<ListContactsResponse>(body).unwrap()
    });
    (any_json, model)
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
