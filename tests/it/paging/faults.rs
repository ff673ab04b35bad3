//! Lists while the server fails at one of their pages.

use hoopai_mock::{Denial, ErrorBody, Failure, Fault, FaultId, FaultRule};

use super::id_lists::{ReadOptions, read_all, read_to_end};
use super::list_table::Row;
use super::{client, for_each_row, seeded};
use crate::paging::harness::Harness;

/// Faults after which a retry succeeds.
pub(super) fn transient_faults() -> [Fault; 8] {
    [
        Fault::status(503),
        Fault::Status(Failure::new(502).body(ErrorBody::Html)),
        Fault::Cut,
        Fault::status(429),
        Fault::ResetBefore,
        Fault::CloseAfter,
        Fault::StatusAfter(Failure::new(500)),
        Fault::ResetAfter,
    ]
}

/// Makes the first requests of one page fail.
fn inject(harness: &Harness, fault: Fault, operation: &str, page: usize, times: u64) -> FaultId {
    let rule = FaultRule::new(fault)
        .on(operation)
        .skip(page as u64)
        .times(times);
    harness.mock.faults().clear();
    harness.mock.faults().add(rule)
}

#[tokio::test]
async fn list_is_complete_after_transient_fault_at_any_page() {
    let faults = transient_faults();
    for_each_row(async |row| {
        let count = 3 * row.page_size + 2;
        let (harness, seeded) = seeded(row, count).await;
        let (client, name) = (client(&harness), row.name());
        let expected = row.expected(&seeded);
        for page in 0..4 {
            // Each list gets one half of the faults.
            let half = 4 * (name.len() % 2);
            let fault = &faults[half + page];
            let context = format!("{name}, {page}, {fault:?}");
            let id = inject(&harness, fault.clone(), &row.key(), page, 1);
            let list = row.items(&client, &seeded.parent, ReadOptions::default());
            let before = harness.mock.journal().count();
            let ids = harness.run(read_all(list, &context)).await;
            assert_eq!(ids, expected, "{context}");
            assert_eq!(harness.mock.faults().hits(id), 1, "{context}");
            // One request more than without the fault.
            let sent = harness.mock.journal().count() - before;
            assert!((5..=6).contains(&sent), "{context}: {sent} requests");
        }
    })
    .await;
}

#[tokio::test]
async fn list_resumes_after_error_at_any_page() {
    for_each_row(async |row| {
        let count = 3 * row.page_size + 2;
        let (harness, seeded) = seeded(row, count).await;
        let (client, parent, name) = (client(&harness), &*seeded.parent, row.name());
        let expected = row.expected(&seeded);
        for page in 0..4 {
            let (fault, times) = match page % 2 {
                0 => (Fault::Denied(Denial::Scope), 1),
                // The number of attempts of a call.
                _ => (Fault::status(503), 5),
            };
            for read in [Row::items, Row::pages] {
                let id = inject(&harness, fault.clone(), &row.key(), page, times);
                let mut list = read(row, &client, parent, ReadOptions::default());
                let (mut ids, error) = harness.run(read_to_end(&mut *list)).await;
                let error = error.unwrap_or_else(|| panic!("{name}, {page}: no error"));
                assert!(error.status().is_some(), "{name}, {page}: {error}");
                assert_eq!(ids, expected[..page * row.page_size], "{name}, {page}");
                assert_eq!(harness.mock.faults().hits(id), times, "{name}, {page}");
                let options = ReadOptions::resume(&list.position());
                let list = read(row, &client, parent, options);
                ids.extend(harness.run(read_all(list, &name)).await);
                assert_eq!(ids, expected, "{name}, {page}");
            }
        }
    })
    .await;
}
