//! Lists read as a whole and page by page.

use hoopai_runtime::Method;
use hoopai_runtime::error::{ErrorKind, PagingErrorKind};
use hoopai_runtime::operation::Paging;
use hoopai_test_support::{Reply, Server};

use super::fake_list::{CURSOR, FakeList, Item, ItemsReply, OFFSET, PAGE, handle, list, rules};
use crate::clients::Clients;
use crate::sample_api;

#[tokio::test]
async fn list_is_collected_to_its_end() {
    for rule in rules() {
        for count in [0, 1, 10, 11, 25] {
            for limit in [count, count + 1, 1_000] {
                let server = FakeList::full(count).server();
                let all = list(&handle(&server), rule)
                    .collect_all(limit)
                    .await
                    .unwrap();
                assert_eq!(all.len(), count, "{rule:?}");
            }
        }
    }
}

#[tokio::test]
async fn list_above_limit_is_an_error_and_stops_reading() {
    for rule in rules() {
        for concurrent in [1, 4] {
            for (limit, requests) in [(0, 1), (9, 1), (10, 2), (19, 2), (20, 3), (24, 3)] {
                let server = FakeList::full(57).server();
                let list = list(&handle(&server), rule).concurrent(concurrent);
                let error = list.collect_all(limit).await.unwrap_err();
                assert_eq!(error.kind(), ErrorKind::Paging);
                assert_eq!(error.paging_error_kind(), Some(PagingErrorKind::TooMany));
                assert!(!error.is_retryable());
                let text = error.to_string();
                assert!(text.contains(&format!("more than {limit} items")), "{text}");
                assert!(text.contains("stream()"), "{text}");
                for _ in 0..500 {
                    tokio::task::yield_now().await;
                }
                assert_eq!(server.count(), requests, "{limit} {rule:?}");
            }
        }
    }
}

#[tokio::test]
async fn limit_counts_collected_items() {
    let server = FakeList::full(30).server();
    let handle = handle(&server);
    let mut first = list(&handle, CURSOR);
    for _ in 0..15 {
        first.next().await.unwrap().unwrap();
    }
    let rest = list(&handle, CURSOR).resume(first.position());
    assert_eq!(rest.collect_all(15).await.unwrap().len(), 15);
    let rest = list(&handle, CURSOR).resume(first.position());
    assert!(rest.collect_all(14).await.is_err());
}

#[tokio::test]
async fn pages_equal_the_replies_of_send() {
    const TOTAL: Paging = Paging {
        total: Some("meta.total"),
        ..PAGE
    };
    let server = FakeList::full(23).server();
    let call = handle(&server).request(Method::GET, "/items");
    let mut pages = call.pages::<ItemsReply>(TOTAL);
    let mut lengths = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.unwrap();
        assert_eq!(page.items.as_ref().unwrap().len(), page.items());
        assert_eq!(page.trace_id(), Some("t-1"));
        assert_eq!(page.status().as_u16(), 200);
        lengths.push((page.number(), page.items()));
        assert!(page.into_response().into_inner().items.is_some());
    }
    assert_eq!(lengths, [(1, 10), (2, 10), (3, 3)]);
    assert_eq!((server.count(), pages.total()), (3, Some(23)));

    let server = Server::with_body(r#"{"items":[]}"#);
    let call = handle(&server).request(Method::GET, "/items");
    let mut pages = call.pages::<ItemsReply>(OFFSET);
    assert_eq!(pages.next().await.unwrap().unwrap().items(), 0);
    assert!(pages.next().await.is_none());
}

#[tokio::test]
async fn page_debug_output_contains_no_items() {
    let server = Server::with_body(r#"{"items":[{"id":"jane@example.com"}]}"#);
    let call = handle(&server).request(Method::GET, "/items");
    let mut pages = call.pages::<ItemsReply>(CURSOR);
    let page = pages.next().await.unwrap().unwrap();
    let collecting = list(&handle(&server), OFFSET).collect_all(1);
    let shown = format!("{page:?} {pages:?} {collecting:?}");
    assert!(!shown.contains("jane"), "{shown}");
}

#[tokio::test]
async fn builders_of_paged_operations_have_all_methods() {
    use futures_util::StreamExt;

    let server = Server::start(|request| {
        Reply::json(
            200,
            match request.number("skip").unwrap() {
                0 => r#"{"contacts":[{"id":"0"},{"id":"1"}],"count":3}"#,
                2 => r#"{"contacts":[{"id":"2"}],"count":3}"#,
                _ => r#"{"contacts":[],"count":3}"#,
            },
        )
    });
    let client = server.client_with_location();
    let page = |client: &sample_api::Client| client.page_contacts();
    let all = page(&client).collect_all(3).await.unwrap();
    assert_eq!(all[2].id.as_deref(), Some("2"));
    assert_eq!(server.count(), 2);
    assert_eq!(
        server.last().target,
        format!(
            "/contacts/paged?limit=100&skip=2&locationId={}",
            crate::clients::LOCATION
        )
    );
    let ids: Vec<String> = page(&client)
        .stream()
        .map(|contact| contact.unwrap().id.unwrap())
        .collect()
        .await;
    assert_eq!(ids, ["0", "1", "2"]);
    let pages: Vec<_> = page(&client).limit(2).pages().collect().await;
    assert_eq!(pages.len(), 2);
    let first = pages[0].as_ref().unwrap();
    assert_eq!(first.contacts.as_ref().unwrap().len(), 2);
    assert!(server.last().target.contains("limit=2"));
    // An operation without a paging rule has no pages.
    let call = hoopai_runtime::Call::new(&handle(&server), &sample_api::operations::LIST_CONTACTS);
    let error = hoopai_runtime::__private::item_stream::<Item>(call)
        .next()
        .await
        .unwrap()
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Request);
}

#[test]
fn lists_are_send() {
    fn is_send<T: Send + Unpin>() {}
    is_send::<hoopai_runtime::paging::ItemStream<std::marker::PhantomPinned>>();
    is_send::<hoopai_runtime::paging::PageStream<std::marker::PhantomPinned>>();
    is_send::<hoopai_runtime::paging::CollectFuture<Item>>();
}
