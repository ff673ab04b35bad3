//! Every operation that pages, read from the mock server through its builder.
//!
//! The mock server is independent of the paging rules of the operation tables. So a wrong rule
//! (path of the items, parameter of the next page, end of the list) fails here.

mod bulk_export;
mod faults;
mod full_read;
mod harness;
mod id_lists;
#[allow(deprecated, reason = "deprecated lists page like all others")]
mod list_table;
mod misbehaving_server;
mod random_faults;
mod resume;
mod seeds;

use std::panic::AssertUnwindSafe;

use futures_util::FutureExt;
use hoopai::{Client, rate_limit::RateLimitSettings};
use hoopai_mock::{COMPANY, RateLimitSettings as MockLimits};

use crate::operations::{all_operations, qualified_name};
use crate::paging::harness::Harness;
use list_table::Row;
use seeds::Seeded;

/// A mock server without rate limits that has `count` items of a row's list.
async fn seeded(row: &Row, count: usize) -> (Harness, Seeded) {
    let harness = Harness::with(|mock| {
        mock.limits(MockLimits {
            burst: u32::MAX,
            daily: u32::MAX,
            ..MockLimits::default()
        })
    })
    .await;
    let seeded = row.seed.insert(&harness.mock, count);
    assert_eq!(seeded.ids.len(), count, "{}", row.name());
    harness.mock.journal().clear();
    (harness, seeded)
}

/// A client of the mock server without rate limits.
fn client(harness: &Harness) -> Client {
    harness
        .builder()
        .company(COMPANY)
        .limits(RateLimitSettings::unlimited())
        .build()
        .unwrap()
}

/// Runs a test for each row and lists the rows that fail.
async fn for_each_row(test: impl AsyncFn(&Row)) {
    let mut failed = Vec::new();
    for row in list_table::all() {
        if AssertUnwindSafe(test(&row)).catch_unwind().await.is_err() {
            failed.push(row.name());
        }
    }
    assert!(failed.is_empty(), "{} lists: {failed:?}", failed.len());
}

#[test]
fn paging_operation_has_one_row() {
    let paging = all_operations().filter(|operation| operation.paging.is_some());
    let mut declared: Vec<String> = paging.map(qualified_name).collect();
    let mut rows: Vec<String> = list_table::all().iter().map(Row::name).collect();
    declared.sort_unstable();
    rows.sort_unstable();
    assert_eq!(rows, declared);
    assert!(rows.len() >= 80, "{} rows", rows.len());
}
