//! Allocations of a call and memory of a decoded page, compared with plain reqwest and serde_json.
//!
//! `cargo bench -p hoopai` prints these results and those of `run_time`.

mod support;

use allocation_counter::{AllocationInfo, measure};
use hoopai::contacts::types::SearchContactsResponse;
use hoopai::runtime::json;

use support::{contact, page};

fn main() {
    let calls = contact::bench();
    let plain = || calls.runtime.block_on(contact::call_plain(&calls));
    let ours = || calls.runtime.block_on(contact::call_ours(&calls));
    // The first calls open the connections.
    plain();
    ours();
    let (plain, ours) = (median(&plain), median(&ours));
    println!(
        "{:<28}{:>12}{:>12}{:>9}  goal",
        "", "plain", "ours", "ratio"
    );
    row(
        "one call, allocations",
        plain.count_total,
        ours.count_total,
        "at most 1.00",
    );
    row(
        "one call, bytes allocated",
        plain.bytes_total,
        ours.bytes_total,
        "none",
    );
    row(
        "one call, bytes at once",
        plain.bytes_max,
        ours.bytes_max,
        "none",
    );

    let page = page::search();
    let (mut plain_page, mut our_page) = (None, None);
    let plain = measure(|| {
        plain_page = Some(serde_json::from_slice::<page::PlainSearch>(&page).unwrap());
    });
    let ours = measure(|| {
        let read = json::from_slice::<SearchContactsResponse>(&page).unwrap();
        assert!(read.drift.is_empty());
        our_page = Some(read.value);
    });
    row(
        "page, bytes retained",
        retained(plain),
        retained(ours),
        "at most 1.50",
    );
    row(
        "page, allocations",
        plain.count_total,
        ours.count_total,
        "none",
    );
}

/// The bytes that were allocated and not freed.
fn retained(info: AllocationInfo) -> u64 {
    u64::try_from(info.bytes_current).unwrap_or_default()
}

/// The run with the median number of allocations; in some runs a connection buffer grows.
fn median(run: &dyn Fn()) -> AllocationInfo {
    let mut runs: Vec<_> = (0..99).map(|_| measure(run)).collect();
    runs.sort_unstable_by_key(|info| (info.count_total, info.bytes_total));
    runs[runs.len() / 2]
}

fn row(name: &str, plain: u64, ours: u64, goal: &str) {
    let ratio = ours as f64 / plain as f64;
    println!("{name:<28}{plain:>12}{ours:>12}{ratio:>9.3}  {goal}");
}
