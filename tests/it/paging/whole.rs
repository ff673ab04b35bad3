//! Lists from their beginning to their end, however long they are and however they are read.

use hoopai::paging::PagingErrorKind;
use hoopai::{ErrorKind, runtime::operation::PageParam};
use hoopai_mock::Entry;

use super::lists::{List, Manner, rest};
use super::rows::Row;
use super::{client, each, seeded};

/// Reads a list to its end.
async fn whole(row: &Row, mut list: Box<dyn List>, what: &str) -> Vec<String> {
    let (ids, error) = rest(&mut *list).await;
    assert!(error.is_none(), "{} {what}: {error:?}", row.name());
    let (count, name) = (ids.len() as u64, row.name());
    assert_eq!(list.position().items(), count, "{name}");
    let told = row.operation.paging.unwrap().total.map(|_| count);
    assert_eq!(list.total(), told, "{name} {what}: the count of all");
    ids
}

/// A request for each page, and one more at most, where only that sees the end.
fn assert_requests(row: &Row, count: usize, sent: usize) {
    let rule = row.operation.paging.unwrap();
    let pages = count.div_ceil(row.page).max(1);
    let is_short = !count.is_multiple_of(row.page) || count == 0;
    let told = rule.more.is_some() || is_short && rule.total.is_some() || count == 0;
    let most = if told { pages } else { pages + 1 };
    assert!(
        (pages..=most).contains(&sent),
        "{}: {sent} requests for {pages} pages",
        row.name()
    );
}

#[tokio::test]
async fn every_list_gives_each_item_once_in_order() {
    each(async |row| {
        let page = row.page;
        for count in [0, 1, page, page + 1, 3 * page + 2] {
            let (world, seeded) = seeded(row, count).await;
            let (client, of, name) = (client(&world), seeded.of.as_str(), row.name());
            let expected = row.expected(&seeded);
            let plain = Manner::default;
            let read = |manner| (row.reads.items)(row, &client, of, true, manner);
            let came = whole(row, read(plain()), "items").await;
            assert_eq!(came, expected, "{name}, {count}");
            assert_requests(row, count, world.mock.journal().count());
            let alone = Manner {
                without_prefetch: true,
                ..plain()
            };
            assert_eq!(whole(row, read(alone), "no prefetch").await, expected);
            let three = Manner {
                concurrent: 3,
                ..plain()
            };
            assert_eq!(whole(row, read(three), "three at once").await, expected);
            let pages = (row.reads.pages)(row, &client, of, true, plain());
            let came = whole(row, pages, "pages").await;
            assert_eq!(came, expected, "{name} by pages, {count}");
            let came = (row.reads.all)(row, &client, of, true, count).await;
            assert_eq!(came.unwrap(), expected, "{name} at once, {count}");
            if count > 0 {
                let cut = (row.reads.all)(row, &client, of, true, count - 1).await;
                let error = cut.unwrap_err();
                assert_eq!(error.kind(), ErrorKind::Paging, "{name}: {error}");
                assert_eq!(
                    error.paging_error_kind(),
                    Some(PagingErrorKind::TooMany),
                    "{name}"
                );
            }
        }
    })
    .await;
}

/// What a request says of a parameter, as text.
fn sent(entry: &Entry, parameter: PageParam) -> Option<String> {
    match parameter {
        PageParam::Query(name) => entry.query(name).map(str::to_owned),
        PageParam::Body { name, text } => {
            let value = entry.json()?.get(name)?.clone();
            assert_eq!(value.is_string(), text, "{name}");
            Some(value.to_string().trim_matches('"').to_owned())
        }
    }
}

#[tokio::test]
async fn pages_are_as_large_as_the_platform_allows_unless_the_call_says_otherwise() {
    each(async |row| {
        let Some(size) = row.operation.paging.unwrap().size else {
            return;
        };
        let max = size.max as usize;
        let (world, seeded) = seeded(row, max + 3).await;
        let (client, name) = (client(&world), row.name());
        let list = (row.reads.items)(row, &client, &seeded.of, false, Manner::default());
        assert_eq!(whole(row, list, "").await, row.expected(&seeded), "{name}");
        let entries = world.mock.journal().entries();
        // A full page, the rest, and where no count tells so, a page that sees the end.
        assert!(
            (2..=3).contains(&entries.len()),
            "{name}: {}",
            entries.len()
        );
        for entry in entries {
            assert_eq!(sent(&entry, size.to), Some(max.to_string()), "{name}");
        }
    })
    .await;
}
