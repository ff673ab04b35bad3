//! Lists that are broken off and gone on with.

use super::lists::{List, Manner, kept, rest};
use super::{client, each, seeded};

/// Takes items or pages until there are so many; the ids.
async fn take(list: &mut dyn List, count: usize) -> Vec<String> {
    let mut ids = Vec::new();
    while ids.len() < count {
        match list.next().await {
            Some(own) => ids.extend(own.unwrap()),
            None => break,
        }
    }
    ids
}

#[tokio::test]
async fn every_list_goes_on_from_every_page_and_from_within() {
    each(async |row| {
        let (page, name) = (row.page, row.name());
        let (world, seeded) = seeded(row, 3 * page + 2).await;
        let (client, of) = (client(&world), seeded.of.as_str());
        let expected = row.expected(&seeded);
        let items = |manner| (row.reads.items)(row, &client, of, true, manner);
        let pages = |manner| (row.reads.pages)(row, &client, of, true, manner);
        let from = |position| Manner {
            resume: Some(position),
            ..Manner::default()
        };
        for stop in 0..=expected.len() {
            let mut list = items(Manner::default());
            assert_eq!(take(&mut *list, stop).await, expected[..stop]);
            let position = kept(&list.position());
            assert_eq!(position.items(), stop as u64);
            drop(list);
            let (ids, error) = rest(&mut *items(from(position.clone()))).await;
            assert!(error.is_none(), "{name} from {stop}: {error:?}");
            assert_eq!(ids, expected[stop..], "{name} from {stop}");
            // By pages from every other place, within a page and at its end.
            if stop % 2 == 0 {
                let (ids, error) = rest(&mut *pages(from(position))).await;
                assert!(error.is_none(), "{name} from {stop} by pages: {error:?}");
                assert_eq!(ids, expected[stop..], "{name} from {stop} by pages");
            }
        }
        for stop in (0..=expected.len()).step_by(page) {
            let mut list = pages(Manner::default());
            assert_eq!(take(&mut *list, stop).await, expected[..stop]);
            let (ids, error) = rest(&mut *items(from(kept(&list.position())))).await;
            assert!(error.is_none(), "{name} after {stop}: {error:?}");
            assert_eq!(ids, expected[stop..], "{name} after {stop}");
        }
    })
    .await;
}
