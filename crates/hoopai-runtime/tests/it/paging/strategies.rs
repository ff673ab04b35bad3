//! Each way of paging, from the first page to the last.

use hoopai_runtime::operation::{PageStrategy, Paging};

use super::fake_list::{FakeList, handle, ids, list, rules};

/// How many requests a list takes: one for each page, and one that sees the end where nothing else tells it.
fn requests(rule: &Paging, count: usize) -> usize {
    let pages = count.div_ceil(10);
    let told = rule.more.is_some() && count > 0
        || rule.total.is_some() && !count.is_multiple_of(10)
        || count == 0;
    match rule.strategy {
        _ if told => pages.max(1),
        // The mark of the reply is missing on the last page, that of an item is not.
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
async fn all_items_come_once_in_their_order_with_no_request_too_many() {
    for rule in rules() {
        for count in [0, 1, 9, 10, 11, 20, 57] {
            let fake = FakeList::full(count);
            let server = fake.server();
            let mut list = list(&handle(&server), rule);
            let (came, error) = ids(&mut list).await;
            assert!(error.is_none(), "{rule:?} {error:?}");
            assert_eq!(came, fake.ids(), "{rule:?}");
            assert_eq!(server.count(), requests(&rule, count), "{count} {rule:?}");
            assert_eq!(list.position().items(), count as u64);
        }
    }
}
