//! Every operation that pages, read on the mock of the platform through its builder: whole, interrupted, resumed.
//!
//! The mock goes by what is known of the platform and nothing of the rules, so that a rule which is wrong anywhere (where the
//! items stand, what asks for the next page, where the list ends) shows here.

mod faults;
mod lists;
mod random;
mod resume;
#[allow(
    deprecated,
    reason = "what the platform advises against pages like the rest"
)]
mod rows;
#[allow(
    deprecated,
    reason = "what the platform advises against pages like the rest"
)]
mod rows_of_business;
mod seeds;
mod traps;
mod whole;

use std::panic::AssertUnwindSafe;

use futures_util::FutureExt;
use hoopai::{Client, rate_limit::RateLimitSettings};
use hoopai_mock::{COMPANY, RateLimitSettings as MockLimits};

use crate::world::World;
use rows::{Row, Seeded};

/// A mock that limits nothing, with so many items of a row's list.
async fn seeded(row: &Row, count: usize) -> (World, Seeded) {
    let world = World::with(|mock| {
        mock.limits(MockLimits {
            burst: u32::MAX,
            daily: u32::MAX,
            ..MockLimits::default()
        })
    })
    .await;
    let seeded = (row.seed)(&world.mock, count);
    assert_eq!(seeded.ids.len(), count, "{}", row.name());
    world.mock.journal().clear();
    (world, seeded)
}

/// A client of the mock that holds nothing back.
fn client(world: &World) -> Client {
    world
        .builder()
        .company(COMPANY)
        .limits(RateLimitSettings::unlimited())
        .build()
        .unwrap()
}

/// Tests each row, and names those that fail.
async fn each(test: impl AsyncFn(&Row)) {
    let mut failed = Vec::new();
    for row in rows::all() {
        if AssertUnwindSafe(test(&row)).catch_unwind().await.is_err() {
            failed.push(row.name());
        }
    }
    assert!(failed.is_empty(), "{} lists: {failed:?}", failed.len());
}

#[test]
fn every_operation_that_pages_is_in_the_table_once() {
    let mut known: Vec<String> = hoopai::OPERATIONS
        .iter()
        .copied()
        .flatten()
        .filter(|operation| operation.paging.is_some())
        .map(|operation| format!("{}.{}", operation.module, operation.name))
        .collect();
    let mut rows: Vec<String> = rows::all().iter().map(Row::name).collect();
    known.sort_unstable();
    rows.sort_unstable();
    assert_eq!(rows, known);
    assert!(rows.len() >= 80, "{} rows", rows.len());
}
