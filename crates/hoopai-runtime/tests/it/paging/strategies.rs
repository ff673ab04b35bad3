//! Each paging strategy, from the first page to the last.

use hoopai_runtime::operation::{PageStrategy, Paging};

use super::fake_list::{FakeList, handle, ids, list, rules};

/// Returns the number of requests: one per page, and one more if only an empty page marks the end.
fn requests(rule: &Paging, count: usize) -> usize {
    let pages = count.div_ceil(10);
    let is_known_end = rule.more.is_some() && count > 0
        || rule.total.is_some() && !count.is_multiple_of(10)
        || count == 0;
    match rule.strategy {
        _ if is_known_end => pages.max(1),
        // The last page has no cursor in the reply, but has one in its last item.
        PageStrategy::Cursor(marks)
            if matches!(
                marks[0].from,
                hoopai_runtime::operation::CursorSource::Reply(_)
            ) =>
        {
            pages
        }
        _ => pages + 1,
    }
}

#[tokio::test]
async fn each_strategy_reads_all_items_with_minimal_requests() {
    for rule in rules() {
        for count in [0, 1, 9, 10, 11, 20, 57] {
            let fake = FakeList::full(count);
            let server = fake.server();
            let mut list = list(&handle(&server), rule);
            let (received, error) = ids(&mut list).await;
            assert!(error.is_none(), "{rule:?} {error:?}");
            assert_eq!(received, fake.ids(), "{rule:?}");
            assert_eq!(server.count(), requests(&rule, count), "{count} {rule:?}");
            assert_eq!(list.position().items(), count as u64);
        }
    }
}
