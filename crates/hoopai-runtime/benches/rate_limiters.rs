//! Prints the time and memory of the rate limiters of many accounts:
//! `cargo bench -p hoopai-runtime --bench rate_limiters`.

use std::hint::black_box;
use std::time::{Duration, Instant};

use hoopai_runtime::Handle;
use hoopai_runtime::rate_limit::RateLimitSettings;

fn main() {
    let client = client(RateLimitSettings::default());
    for accounts in [1_000, 10_000, 100_000] {
        let before = resident_kib();
        let started = Instant::now();
        let handles: Vec<Handle> = (0..accounts)
            .map(|number| client.as_location(format!("account-{accounts}-{number}")))
            .collect();
        let added = started.elapsed();
        let started = Instant::now();
        for number in 0..accounts {
            black_box(client.as_location(format!("account-{accounts}-{number}")));
        }
        let found = started.elapsed();
        let memory = resident_kib().saturating_sub(before);
        println!(
            "{accounts} accounts in use: added in {added:?}, found in {found:?}, {memory} KiB"
        );
        drop(handles);
    }

    let client = self::client(RateLimitSettings::default());
    let before = resident_kib();
    let started = Instant::now();
    for number in 0..1_000_000 {
        black_box(client.as_location(format!("dropped-{number}")));
    }
    let memory = resident_kib().saturating_sub(before);
    let took = started.elapsed();
    println!("1000000 accounts, each dropped at once: {took:?}, {memory} KiB");

    for max in [100, u32::MAX] {
        let client = self::client(RateLimitSettings::default().max(max));
        let rounds = 1_000_000;
        let started = Instant::now();
        for _ in 0..rounds {
            black_box(client.rate_limit_delay());
        }
        let each: Duration = started.elapsed() / rounds;
        println!("delay of a limiter with {max} slots: {each:?}");
    }
}

fn client(limits: RateLimitSettings) -> Handle {
    let builder = Handle::builder().private_token("pit-1").limits(limits);
    builder.build().expect("valid settings")
}

/// The memory of this process. Zero where the system does not report it.
fn resident_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let number = line.and_then(|line| line.split_whitespace().next());
    number.and_then(|number| number.parse().ok()).unwrap_or(0)
}
