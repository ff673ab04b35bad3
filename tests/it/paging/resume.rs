//! Lists that are interrupted and resumed.

use super::id_lists::{IdList, ReadOptions, read_all, round_tripped};
use super::{client, for_each_row, seeded};

/// Reads items or pages until there are at least `count` ids.
async fn take(list: &mut dyn IdList, count: usize) -> Vec<String> {
    let mut ids = Vec::new();
    while ids.len() < count {
        let Some(own) = list.next().await else { break };
        ids.extend(own.unwrap());
    }
    ids
}

#[tokio::test]
async fn list_resumes_from_any_item_and_page() {
    for_each_row(async |row| {
        let (page_size, name) = (row.page_size, row.name());
        let (harness, seeded) = seeded(row, 3 * page_size + 2).await;
        let (client, parent) = (client(&harness), &*seeded.parent);
        let expected = row.expected(&seeded);
        let items = |options| row.items(&client, parent, options);
        let pages = |options| row.pages(&client, parent, options);
        for stop in 0..=expected.len() {
            let mut list = items(ReadOptions::default());
            assert_eq!(take(&mut *list, stop).await, expected[..stop]);
            let position = list.position();
            assert_eq!(round_tripped(&position).items(), stop as u64);
            drop(list);
            let context = format!("{name} from {stop}");
            let list = items(ReadOptions::resume(&position));
            let ids = read_all(list, &context).await;
            assert_eq!(ids, expected[stop..], "{context}");
            // Every other position covers positions within a page and at its end.
            if stop % 2 == 0 {
                let list = pages(ReadOptions::resume(&position));
                let ids = read_all(list, &context).await;
                assert_eq!(ids, expected[stop..], "{context} by pages");
            }
        }
        for stop in (0..=expected.len()).step_by(page_size) {
            let mut list = pages(ReadOptions::default());
            assert_eq!(take(&mut *list, stop).await, expected[..stop]);
            let context = format!("{name} after {stop}");
            let list = items(ReadOptions::resume(&list.position()));
            let ids = read_all(list, &context).await;
            assert_eq!(ids, expected[stop..], "{context}");
        }
    })
    .await;
}
