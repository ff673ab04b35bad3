//! What a call allocates, next to plain reqwest and serde_json. The times that divan prints here are those of an allocator that
//! counts; `overhead` has the real ones.
//!
//! `cargo bench -p hoopai --bench allocations`

mod scene;

use scene::{bench, call_ours, call_plain};

#[global_allocator]
static ALLOCATOR: divan::AllocProfiler = divan::AllocProfiler::system();

fn main() {
    divan::main();
}

#[divan::bench]
fn plain() {
    bench().runtime.block_on(call_plain(bench()));
}

#[divan::bench]
fn ours() {
    bench().runtime.block_on(call_ours(bench()));
}
