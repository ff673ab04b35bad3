//! The seeds of random tests, and random numbers.

use std::sync::Mutex;

use fastrand::Rng;

/// Returns and prints the seed of a test: the value of `HOOPAI_SEED`, or else a random number.
pub fn seed() -> u64 {
    let seed = configured_seed().unwrap_or_else(|| fastrand::u64(..));
    println!("HOOPAI_SEED={seed}");
    seed
}

/// Returns the seeds of a test that repeats, and prints each before its run. The first is the value
/// of `HOOPAI_SEED`, or else 1 in CI and a number of the process elsewhere.
pub fn seeds(runs: u64) -> impl Iterator<Item = u64> {
    let first = configured_seed().unwrap_or_else(|| match std::env::var_os("CI") {
        Some(_) => 1,
        None => u64::from(std::process::id()) * 1000,
    });
    (first..first + runs).inspect(|seed| println!("HOOPAI_SEED={seed}"))
}

fn configured_seed() -> Option<u64> {
    let seed = std::env::var("HOOPAI_SEED").ok()?;
    Some(seed.parse().expect("a number in HOOPAI_SEED"))
}

/// Returns a source of random numbers from 0 up to 1, the same ones for the same seed.
pub fn seeded_random(seed: u64) -> impl Fn() -> f64 + Send + Sync + 'static {
    let random = Mutex::new(Rng::with_seed(seed));
    move || random.lock().expect("a lock without panics").f64()
}
