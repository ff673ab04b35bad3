//! Lists of all lengths, read from their beginning to their end in all ways.

use hoopai::paging::PagingErrorKind;
use hoopai::{ErrorKind, runtime::operation::PageParam};
use hoopai_mock::Entry;

use super::id_lists::{IdList, ReadOptions, read_to_end};
use super::list_table::Row;
use super::{client, for_each_row, seeded};

/// Reads a list to its end and checks its position and total.
async fn read_full(row: &Row, mut list: Box<dyn IdList>, context: &str) -> Vec<String> {
    let (ids, error) = read_to_end(&mut *list).await;
    let (count, name) = (ids.len() as u64, row.name());
    assert!(error.is_none(), "{name} {context}: {error:?}");
    assert_eq!(list.position().items(), count, "{name}");
    let total = row.operation.paging.unwrap().total.map(|_| count);
    assert_eq!(list.total(), total, "{name} {context}: total");
    ids
}

/// Expects one request for each page, and one more if only an empty page shows the end.
fn assert_requests(row: &Row, count: usize, sent: usize) {
    let rule = row.operation.paging.unwrap();
    let pages = count.div_ceil(row.page_size).max(1);
    let is_short = !count.is_multiple_of(row.page_size) || count == 0;
    let shows_end = rule.more.is_some() || is_short && rule.total.is_some() || count == 0;
    let most = if shows_end { pages } else { pages + 1 };
    assert!(
        (pages..=most).contains(&sent),
        "{}: {sent} requests for {pages} pages",
        row.name()
    );
}

#[tokio::test]
async fn list_yields_each_item_once_in_order() {
    for_each_row(async |row| {
        let page = row.page_size;
        for count in [0, 1, page, page + 1, 3 * page + 2] {
            let (harness, seeded) = seeded(row, count).await;
            let (client, parent, name) = (client(&harness), &*seeded.parent, row.name());
            let expected = row.expected(&seeded);
            let read = |options| row.items(&client, parent, options);
            let ids = read_full(row, read(ReadOptions::default()), "items").await;
            assert_eq!(ids, expected, "{name}, {count}");
            assert_requests(row, count, harness.mock.journal().count());
            let options = ReadOptions {
                without_prefetch: true,
                ..ReadOptions::default()
            };
            let ids = read_full(row, read(options), "no prefetch").await;
            assert_eq!(ids, expected, "{name}, {count}, no prefetch");
            let options = ReadOptions {
                concurrent: 3,
                ..ReadOptions::default()
            };
            let ids = read_full(row, read(options), "3 pages at a time").await;
            assert_eq!(ids, expected, "{name}, {count}, 3 pages at a time");
            let pages = row.pages(&client, parent, ReadOptions::default());
            let ids = read_full(row, pages, "pages").await;
            assert_eq!(ids, expected, "{name} by pages, {count}");
            let ids = row.collect(&client, parent, count).await.unwrap();
            assert_eq!(ids, expected, "{name} collected, {count}");
            if count > 0 {
                let cut = row.collect(&client, parent, count - 1).await;
                let error = cut.unwrap_err();
                assert_eq!(error.kind(), ErrorKind::Paging, "{name}: {error}");
                let kind = error.paging_error_kind();
                assert_eq!(kind, Some(PagingErrorKind::TooMany), "{name}");
            }
        }
    })
    .await;
}

/// The value of a parameter in a request, as text.
fn sent(entry: &Entry, parameter: PageParam) -> Option<String> {
    match parameter {
        PageParam::Query(name) => entry.query(name).map(str::to_owned),
        PageParam::Body { name, text } => {
            let value = entry.json()?.get(name)?.clone();
            assert_eq!(value.is_string(), text, "{name}");
            Some(value.to_string().trim_matches('"').to_owned())
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn page_size_defaults_to_the_maximum() {
    for_each_row(async |row| {
        let Some(size) = row.operation.paging.unwrap().size else {
            return;
        };
        let max = size.max as usize;
        let (harness, seeded) = seeded(row, max + 3).await;
        let (client, name) = (client(&harness), row.name());
        let options = ReadOptions {
            full_pages: true,
            ..ReadOptions::default()
        };
        let list = row.items(&client, &seeded.parent, options);
        let ids = read_full(row, list, "full pages").await;
        assert_eq!(ids, row.expected(&seeded), "{name}");
        let entries = harness.mock.journal().entries();
        // A full page, the rest, and an empty page if there is no total.
        let requests = entries.len();
        assert!((2..=3).contains(&requests), "{name}: {requests}");
        for entry in entries {
            assert_eq!(sent(&entry, size.to), Some(max.to_string()), "{name}");
        }
    })
    .await;
}
