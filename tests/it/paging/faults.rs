//! Lists while something goes wrong, at each of their pages.

use hoopai_mock::{Denial, ErrorBody, Failure, Fault, FaultId, FaultRule};

use super::lists::{Manner, kept, rest};
use super::{client, each, seeded};
use crate::world::World;

/// What waiting mends.
pub(super) fn passing() -> [Fault; 8] {
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

/// A fault that strikes the requests of one page.
fn strike(world: &World, fault: Fault, operation: &str, page: usize, times: u64) -> FaultId {
    let rule = FaultRule::new(fault)
        .on(operation)
        .skip(page as u64)
        .times(times);
    world.mock.faults().clear();
    world.mock.faults().add(rule)
}

#[tokio::test]
async fn every_list_goes_on_over_faults_at_every_page() {
    let faults = passing();
    each(async |row| {
        let count = 3 * row.page + 2;
        let (world, seeded) = seeded(row, count).await;
        let (client, of, name) = (client(&world), seeded.of.as_str(), row.name());
        let expected = row.expected(&seeded);
        for page in 0..4 {
            // Each list meets four, its neighbour in the table the other four.
            let half = 4 * (name.len() % 2);
            let fault = &faults[half + page];
            let id = strike(&world, fault.clone(), &row.key(), page, 1);
            let mut list = (row.reads.items)(row, &client, of, true, Manner::default());
            let before = world.mock.journal().count();
            let (ids, error) = world.run(rest(&mut *list)).await;
            assert!(error.is_none(), "{name}, {page}, {fault:?}: {error:?}");
            assert_eq!(ids, expected, "{name}, {page}, {fault:?}");
            assert_eq!(world.mock.faults().hits(id), 1, "{name}, {page}");
            // One request more than without the fault.
            let sent = world.mock.journal().count() - before;
            assert!((5..=6).contains(&sent), "{name}, {page}: {sent} requests");
        }
    })
    .await;
}

#[tokio::test]
async fn every_list_is_gone_on_with_after_an_error_at_any_page() {
    each(async |row| {
        let count = 3 * row.page + 2;
        let (world, seeded) = seeded(row, count).await;
        let (client, of, name) = (client(&world), seeded.of.as_str(), row.name());
        let expected = row.expected(&seeded);
        for page in 0..4 {
            let (fault, times) = match page % 2 {
                0 => (Fault::Denied(Denial::Scope), 1),
                // As often as a call is tried.
                _ => (Fault::status(503), 5),
            };
            for read in [row.reads.items, row.reads.pages] {
                let id = strike(&world, fault.clone(), &row.key(), page, times);
                let mut list = read(row, &client, of, true, Manner::default());
                let (mut ids, error) = world.run(rest(&mut *list)).await;
                let error = error.unwrap_or_else(|| panic!("{name}, {page}: no error"));
                assert!(error.status().is_some(), "{name}, {page}: {error}");
                assert_eq!(ids, expected[..page * row.page], "{name}, {page}");
                assert_eq!(world.mock.faults().hits(id), times, "{name}, {page}");
                let manner = Manner {
                    resume: Some(kept(&list.position())),
                    ..Manner::default()
                };
                let mut list = read(row, &client, of, true, manner);
                let (more, error) = world.run(rest(&mut *list)).await;
                assert!(error.is_none(), "{name} after {page}: {error:?}");
                ids.extend(more);
                assert_eq!(ids, expected, "{name}, {page}");
            }
        }
    })
    .await;
}
