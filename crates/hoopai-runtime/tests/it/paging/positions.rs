//! Positions: serialized, resumed from, and rejected by other lists.

use hoopai_runtime::error::{ErrorKind, PagingErrorKind};
use hoopai_runtime::operation::Paging;
use hoopai_runtime::paging::ListPosition;
use hoopai_runtime::serde_json;
use hoopai_runtime::{Handle, Method};
use hoopai_test_support::{Reply, Server};

use super::fake_list::{
    CURSOR, FakeList, Item, ItemsReply, OFFSET, PAGE, handle, ids, list, rules,
};

/// Returns a position after serializing and parsing it.
fn kept(position: &ListPosition) -> ListPosition {
    let text = serde_json::to_string(position).unwrap();
    let read: ListPosition = serde_json::from_str(&text).unwrap();
    assert_eq!(&read, position);
    read
}

/// Reads a number of items. Returns their ids and the position.
async fn take(
    handle: &Handle,
    rule: Paging,
    from: Option<ListPosition>,
    count: usize,
) -> (Vec<String>, ListPosition) {
    let mut list = list(handle, rule);
    if let Some(from) = from {
        list = list.resume(from);
    }
    let mut received = Vec::new();
    for _ in 0..count {
        match list.next().await {
            Some(item) => received.push(item.unwrap().id.unwrap()),
            None => break,
        }
    }
    (received, kept(&list.position()))
}

#[tokio::test]
async fn list_resumes_after_any_item() {
    let fake = FakeList::of(vec![
        (0..10).collect(),
        (10..13).collect(),
        (13..23).collect(),
    ]);
    let server = fake.server();
    let handle = handle(&server);
    for rule in rules() {
        for count in 0..=23 {
            let (mut received, position) = take(&handle, rule, None, count).await;
            assert_eq!(position.items(), count as u64);
            let (rest, error) = ids(&mut list(&handle, rule).resume(position)).await;
            assert!(error.is_none(), "{error:?}");
            received.extend(rest);
            assert_eq!(received, fake.ids(), "{count} {rule:?}");
        }
    }
}

#[tokio::test]
async fn one_item_per_process_reads_the_list() {
    let fake = FakeList::full(23);
    let server = fake.server();
    let handle = handle(&server);
    for rule in rules() {
        let (mut all, mut position) = (Vec::new(), None);
        loop {
            let (received, next) = take(&handle, rule, position, 1).await;
            position = Some(next);
            if received.is_empty() {
                break;
            }
            all.extend(received);
        }
        assert_eq!(all, fake.ids(), "{rule:?}");
    }
}

#[tokio::test]
async fn list_resumes_at_the_failed_page() {
    for rule in rules() {
        let fake = FakeList::full(25);
        let own = fake.clone();
        let count = std::sync::atomic::AtomicUsize::new(0);
        let server = Server::start(move |request| {
            match count.fetch_add(1, std::sync::atomic::Ordering::SeqCst) {
                1 => Reply::json(500, "{}"),
                _ => own.reply(request),
            }
        });
        let handle = handle(&server);
        let mut first = list(&handle, rule);
        let (mut received, error) = ids(&mut first).await;
        let error = error.unwrap();
        assert!(error.is_server_error() && error.is_retryable(), "{error:?}");
        assert_eq!(received.len(), 10);
        let position = kept(&first.position());
        let failed = server.last().target;
        let (rest, error) = ids(&mut list(&handle, rule).resume(position)).await;
        assert!(error.is_none(), "{error:?}");
        received.extend(rest);
        assert_eq!(received, fake.ids());
        assert_eq!(server.targets()[2], failed);
    }
}

#[tokio::test]
async fn earlier_items_count_towards_the_total() {
    for rule in [OFFSET, PAGE, CURSOR] {
        let rule = Paging {
            total: Some("meta.total"),
            ..rule
        };
        let server = FakeList::full(13).server();
        let (_, position) = take(&handle(&server), rule, None, 11).await;
        let before = server.count();
        let (received, _) = ids(&mut list(&handle(&server), rule).resume(position)).await;
        assert_eq!((received.len(), server.count()), (2, before + 1));
    }
}

#[tokio::test]
async fn start_offset_is_part_of_the_position() {
    let server = FakeList::full(30).server();
    let handle = handle(&server);
    for (rule, name, value) in [
        (OFFSET, "skip", "10"),
        (PAGE, "page", "2"),
        (CURSOR, "after", "p/1"),
    ] {
        let call = handle.request(Method::GET, "/items").query(name, value);
        let position = kept(&call.stream::<Item>(rule).position());
        let (received, _) = ids(&mut list(&handle, rule).resume(position)).await;
        assert_eq!(received.len(), 20);
        assert_eq!(received[0], "10");
    }
}

#[tokio::test]
async fn position_of_ended_list_finds_new_items() {
    let server = FakeList::full(13).server();
    let (_, position) = take(&handle(&server), OFFSET, None, 99).await;
    let grown = FakeList::full(17).server();
    let (received, error) = ids(&mut list(&handle(&grown), OFFSET).resume(position)).await;
    assert!(error.is_none(), "{error:?}");
    assert_eq!(received, ["13", "14", "15", "16"]);
}

#[tokio::test]
async fn shrunk_page_loses_no_item() {
    let server = FakeList::full(10).server();
    let (_, position) = take(&handle(&server), CURSOR, None, 7).await;
    let shrunken = FakeList::of(vec![vec![0, 1], vec![2, 3]]).server();
    let mut rest = list(&handle(&shrunken), CURSOR).resume(position);
    let (received, error) = ids(&mut rest).await;
    assert!(error.is_none(), "{error:?}");
    assert_eq!(received, ["2", "3"]);
    assert_eq!(
        rest.position().items(),
        4,
        "what vanished is not counted on"
    );
}

#[tokio::test]
async fn position_of_another_list_is_rejected_before_sending() {
    let server = Server::with_body("{}");
    let handle = handle(&server);
    let position = list(&handle, OFFSET).position();
    let calls = [
        (handle.request(Method::GET, "/others"), OFFSET),
        (handle.request(Method::POST, "/items"), OFFSET),
        (handle.request(Method::GET, "/items"), PAGE),
        (handle.request(Method::GET, "/items"), CURSOR),
    ];
    for (call, rule) in calls {
        let mut list = call.stream::<Item>(rule).resume(position.clone());
        let error = list.next().await.unwrap().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Paging);
        assert_eq!(
            error.paging_error_kind(),
            Some(PagingErrorKind::OtherPosition)
        );
        assert!(list.next().await.is_none());
    }
    let marks = r#"{"operation":"GET /items","start":"marks","number":0,"marks":[["other","1"]],"delivered":0,"items":0}"#;
    let marks: ListPosition = serde_json::from_str(marks).unwrap();
    let error = ids(&mut list(&handle, CURSOR).resume(marks))
        .await
        .1
        .unwrap();
    assert_eq!(
        error.paging_error_kind(),
        Some(PagingErrorKind::OtherPosition)
    );
    assert_eq!(server.count(), 0);
}

#[tokio::test]
async fn resume_after_first_item_is_an_error() {
    let server = FakeList::full(13).server();
    let mut first = list(&handle(&server), OFFSET);
    first.next().await.unwrap().unwrap();
    let position = first.position();
    let error = ids(&mut first.resume(position)).await.1.unwrap();
    assert_eq!(error.kind(), ErrorKind::Request);
}

#[test]
fn invalid_position_text_is_rejected() {
    for text in [
        "",
        "null",
        "7",
        "{}",
        r#"{"operation":"GET /items","start":"first","number":0,"marks":[],"delivered":0}"#,
        r#"{"operation":"GET /items","start":"first","delivered":0,"items":0}"#,
        r#"{"operation":"GET /items","start":"first","number":1,"marks":[],"delivered":0,"items":0}"#,
        r#"{"operation":"GET /items","start":"last","number":0,"marks":[],"delivered":0,"items":0}"#,
        r#"{"operation":"GET /items","start":"page","number":-1,"marks":[],"delivered":0,"items":0}"#,
        r#"{"operation":"GET /items","start":"page","number":1.5,"marks":[],"delivered":0,"items":0}"#,
        r#"{"operation":"GET /items","start":"page","number":1,"marks":[],"delivered":2,"items":1}"#,
        r#"{"operation":"GET /items","start":"page","number":1,"marks":[],"delivered":0,"items":0,"more":1}"#,
        r#"{"operation":"GET /items","start":"page","number":1,"marks":[["after","1"]],"delivered":0,"items":0}"#,
        r#"{"operation":"GET /items","start":"marks","number":0,"marks":[],"delivered":0,"items":0}"#,
        r#"{"operation":"GET /items","start":"marks","number":1,"marks":[["after","1"]],"delivered":0,"items":0}"#,
        r#"{"operation":"GET /items","start":"marks","number":0,"marks":[["after","\"x"]],"delivered":0,"items":0}"#,
        r#"{"operation":"GET /items","start":"marks","number":0,"marks":[["after","1} x"]],"delivered":0,"items":0}"#,
        r#"{"operation":"GET /items","start":"marks","number":0,"marks":[["after",7]],"delivered":0,"items":0}"#,
        r#"{"operation":7,"start":"first","number":0,"marks":[],"delivered":0,"items":0}"#,
    ] {
        assert!(
            serde_json::from_str::<ListPosition>(text).is_err(),
            "{text}"
        );
    }
}

#[tokio::test]
async fn extreme_numbers_cause_no_panic() {
    let server = FakeList::full(3).server();
    let handle = handle(&server);
    for (rule, start) in [(OFFSET, "offset"), (PAGE, "page")] {
        let text = format!(
            r#"{{"operation":"GET /items","start":"{start}","number":{max},"marks":[],"delivered":{max},"items":{max}}}"#,
            max = u64::MAX
        );
        let position: ListPosition = serde_json::from_str(&text).unwrap();
        for concurrent in [1, 3] {
            let list = list(&handle, rule).concurrent(concurrent);
            let (received, _) = ids(&mut list.resume(position.clone())).await;
            assert!(received.is_empty());
        }
    }
}

#[tokio::test]
async fn position_debug_output_contains_no_cursor() {
    let server = Server::with_body(r#"{"items":[{"id":"0"}],"meta":{"next":"jane@example.com"}}"#);
    let call = handle(&server).request(Method::GET, "/items/Cm7Pj2Xs9Gf4Ua1Ne6Kt");
    let mut list = call.stream::<Item>(CURSOR);
    list.next().await.unwrap().unwrap();
    let shown = format!("{:?} {list:?}", list.position());
    assert!(shown.contains("[1 hidden]"), "{shown}");
    assert!(
        !shown.contains("jane") && !shown.contains("Cm7Pj2"),
        "{shown}"
    );
}

#[tokio::test]
async fn pages_and_items_share_positions() {
    let fake = FakeList::full(25);
    let server = fake.server();
    let handle = handle(&server);
    for rule in rules() {
        let call = handle.request(Method::GET, "/items");
        let mut pages = call.pages::<ItemsReply>(rule);
        assert_eq!(pages.next().await.unwrap().unwrap().items(), 10);
        let (received, position) = take(&handle, rule, Some(kept(&pages.position())), 4).await;
        assert_eq!(received, ["10", "11", "12", "13"]);
        let call = handle.request(Method::GET, "/items");
        let mut pages = call.pages::<ItemsReply>(rule).resume(position.clone());
        let page = pages.next().await.unwrap().unwrap();
        assert_eq!((page.items(), page.taken_before()), (10, 4));
        let ids: Vec<_> = page
            .items
            .iter()
            .flatten()
            .filter_map(|item| item.id.as_deref())
            .collect();
        assert_eq!(ids[4], "14");
        assert_eq!(pages.position().items(), 20);
        // A page that was read completely is not repeated.
        let (_, whole) = take(&handle, rule, Some(position), 6).await;
        let call = handle.request(Method::GET, "/items");
        let mut pages = call.pages::<ItemsReply>(rule).resume(whole);
        assert_eq!(pages.next().await.unwrap().unwrap().items(), 5);
        // The last page is not repeated either.
        let (_, end) = take(&handle, rule, None, 99).await;
        let call = handle.request(Method::GET, "/items");
        let mut pages = call.pages::<ItemsReply>(rule).resume(end);
        while let Some(page) = pages.next().await {
            assert_eq!(page.unwrap().items(), 0);
        }
    }
}
