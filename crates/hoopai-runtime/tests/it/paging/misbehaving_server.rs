//! Servers that would make a list endless or silently incomplete.

use hoopai_runtime::error::{ErrorKind, PagingErrorKind};
use hoopai_runtime::operation::{CursorField, CursorSource, PageParam, PageStrategy, Paging};
use hoopai_runtime::retry::FailureKind;
use hoopai_runtime::serde_json::{Value, json};
use hoopai_runtime::{Error, Method};
use hoopai_test_support::{Reply, Server};

use super::fake_list::{CURSOR, Item, LAST_ITEM, OFFSET, PAGE, handle, ids, list};

/// Returns the kind of a paging error, and checks that the text names call, page and remedy.
fn fault(error: Option<Error>) -> PagingErrorKind {
    let error = error.expect("an error");
    assert_eq!(error.kind(), ErrorKind::Paging, "{error:?}");
    assert!(!error.is_retryable());
    assert_eq!(FailureKind::of(&error), FailureKind::Final);
    assert!(error.to_string().starts_with("GET /items: "), "{error}");
    let fault = error.paging_error_kind().unwrap();
    assert!(format!("{error:?}").contains(&format!("{fault:?}")));
    fault
}

fn page(ids: impl IntoIterator<Item = usize>, next: &Value) -> Reply {
    let items: Vec<Value> = ids
        .into_iter()
        .map(|n| json!({"id": n.to_string()}))
        .collect();
    Reply::json(
        200,
        json!({"items": items, "meta": {"next": next}}).to_string(),
    )
}

const CONTACTS: Paging = Paging {
    strategy: PageStrategy::Cursor(&[
        CursorField {
            from: CursorSource::Reply("meta.startAfter"),
            to: PageParam::Query("startAfter"),
        },
        CursorField {
            from: CursorSource::Reply("meta.startAfterId"),
            to: PageParam::Query("startAfterId"),
        },
    ]),
    ..OFFSET
};

#[tokio::test]
async fn incomplete_contacts_cursor_is_detected() {
    fn reply(start: usize, with_id: bool) -> Reply {
        let items: Vec<Value> = (start..(start + 2).min(5))
            .map(|n| json!({"id": n.to_string()}))
            .collect();
        let meta = match items.last() {
            None => json!({}),
            Some(last) if with_id => {
                json!({"startAfter": 1769851800000_u64, "startAfterId": last["id"]})
            }
            Some(_) => json!({"startAfter": 1769851800000_u64}),
        };
        Reply::json(200, json!({"items": items, "meta": meta}).to_string())
    }
    // As on the platform: one cursor field alone is ignored.
    let server = Server::start(|request| {
        match (request.query("startAfter"), request.number("startAfterId")) {
            (Some(_), Some(id)) => reply(id + 1, true),
            _ => reply(0, true),
        }
    });
    let (received, error) = ids(&mut list(&handle(&server), CONTACTS)).await;
    assert!(error.is_none(), "{error:?}");
    assert_eq!(received, ["0", "1", "2", "3", "4"]);
    assert_eq!(
        server.targets()[1],
        "/items?limit=10&startAfter=1769851800000&startAfterId=1"
    );

    let server = Server::start(|_| reply(0, false));
    let (received, error) = ids(&mut list(&handle(&server), CONTACTS)).await;
    assert_eq!(fault(error), PagingErrorKind::RepeatedCursor);
    assert_eq!(
        (received, server.count()),
        (vec!["0".to_owned(), "1".to_owned()], 2)
    );
}

#[tokio::test]
async fn cursor_to_its_own_page_is_an_error_after_its_items() {
    let server = Server::start(|request| match request.query("after") {
        None => page([0, 1], &json!("x")),
        Some(_) => page([2, 3], &json!("x")),
    });
    let handle = handle(&server);
    let mut first = list(&handle, CURSOR);
    let (received, error) = ids(&mut first).await;
    assert_eq!(fault(error), PagingErrorKind::RepeatedCursor);
    assert_eq!(received, ["0", "1", "2", "3"]);
    // Resuming ends in the same error, and repeats no item.
    let (received, error) = ids(&mut list(&handle, CURSOR).resume(first.position())).await;
    assert_eq!(fault(error), PagingErrorKind::RepeatedCursor);
    assert!(received.is_empty());
}

#[tokio::test]
async fn cursor_cycle_is_detected_in_a_few_rounds() {
    for (before, round) in [(0, 1), (0, 2), (1, 3), (5, 7), (9, 1), (40, 30)] {
        // Items differ each time, so that only the cursors reveal the cycle.
        let received = std::sync::atomic::AtomicUsize::new(0);
        let server = Server::start(move |request| {
            let at = request.number("after").unwrap_or(0);
            let next = if at + 1 >= before + round {
                before
            } else {
                at + 1
            };
            let id = received.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
            assert!(id < 10_000, "the cycle is not detected");
            page([id], &json!(next))
        });
        let (_, error) = ids(&mut list(&handle(&server), CURSOR)).await;
        assert_eq!(fault(error), PagingErrorKind::RepeatedCursor);
        let steps = server.count();
        assert!(
            steps <= 4 * (before + round) + 4,
            "{before} {round}: {steps}"
        );
    }
}

#[tokio::test]
async fn ignored_offset_or_page_is_detected() {
    let server = Server::with_reply(page(0..10, &json!(null)));
    let handle = handle(&server);
    for rule in [OFFSET, PAGE] {
        for concurrent in [1, 4] {
            let mut list = list(&handle, rule).concurrent(concurrent);
            let (received, error) = ids(&mut list).await;
            assert_eq!(fault(error), PagingErrorKind::RepeatedPage);
            assert_eq!(received.len(), 10, "no item is repeated");
            assert_eq!(list.position().items(), 10);
        }
    }
    // Cursors that change, and pages that do not.
    let next = std::sync::atomic::AtomicUsize::new(0);
    let server = Server::start(move |_| {
        page(
            0..10,
            &json!(next.fetch_add(1, std::sync::atomic::Ordering::SeqCst)),
        )
    });
    let (received, error) = ids(&mut list(&super::fake_list::handle(&server), CURSOR)).await;
    assert_eq!(
        (fault(error), received.len()),
        (PagingErrorKind::RepeatedPage, 10)
    );
}

#[tokio::test]
async fn other_value_in_place_of_the_list_is_an_error() {
    for (reply, path) in [
        (r#"{"items":{}}"#, "items"),
        (r#"{"items":"jane@example.com"}"#, "items"),
        (r#" {"a":1,"items":false}"#, "items"),
        (r#"[{"id":"0"}]"#, "$"),
        (r#""jane@example.com""#, "$"),
        ("7", "$"),
    ] {
        let server = Server::with_body(reply);
        for rule in [OFFSET, PAGE, CURSOR, LAST_ITEM] {
            let (received, error) = ids(&mut list(&handle(&server), rule)).await;
            assert!(received.is_empty());
            let error = error.unwrap();
            assert_eq!(error.json_path(), Some(path));
            assert_eq!(error.status().unwrap().as_u16(), 200);
            assert_eq!(error.body().unwrap(), reply);
            let shown = format!("{error} {error:?}");
            assert!(!shown.contains("jane"), "{shown}");
            assert_eq!(fault(Some(error)), PagingErrorKind::NoList);
        }
        assert_eq!(server.count(), 4);
    }
    const NESTED: Paging = Paging {
        items: "a.0.b",
        ..OFFSET
    };
    let server = Server::with_body(r#"{"a":[{"b":7}]}"#);
    let (_, error) = ids(&mut list(&handle(&server), NESTED)).await;
    assert_eq!(error.as_ref().unwrap().json_path(), Some("a[0].b"));
    assert_eq!(fault(error), PagingErrorKind::NoList);
}

#[tokio::test]
async fn invalid_json_is_a_decode_error() {
    for reply in [
        r#"{"items":[{"id":"0"}"#,
        r#"{"items":[{"id":"0"},]}"#,
        r#"{"items":[{"id":"0" 1}]}"#,
        "<html></html>",
    ] {
        let server = Server::with_body(reply);
        let (received, error) = ids(&mut list(&handle(&server), OFFSET)).await;
        assert!(received.is_empty(), "no item of a broken page");
        assert_eq!(error.unwrap().kind(), ErrorKind::Decode, "{reply}");
    }
    // The inside of an item is checked when it is read.
    let server = Server::with_body(r#"{"items":[{"id":"0"},{"id":"1","a":[1,]},{"id":"2"}]}"#);
    let mut broken = list(&handle(&server), OFFSET);
    let (received, error) = ids(&mut broken).await;
    assert_eq!(
        (received, broken.position().items()),
        (vec!["0".to_owned()], 1)
    );
    let error = error.unwrap();
    assert_eq!(error.kind(), ErrorKind::Decode);
    let text = "the reply is not JSON from byte 39 on";
    assert!(error.to_string().contains(text), "{error}");
    let deep = format!("{{\"items\":{}{}}}", "[".repeat(200), "]".repeat(200));
    let server = Server::with_body(&deep);
    let (_, error) = ids(&mut list(&handle(&server), OFFSET)).await;
    assert_eq!(error.unwrap().kind(), ErrorKind::Decode);
}

#[tokio::test]
async fn has_more_without_cursor_is_an_error() {
    const MORE: Paging = Paging {
        more: Some("meta.more"),
        ..CURSOR
    };
    let server = Server::with_body(r#"{"items":[{"id":"0"}],"meta":{"more":true,"next":null}}"#);
    let (received, error) = ids(&mut list(&handle(&server), MORE)).await;
    assert_eq!(
        (fault(error), received.len()),
        (PagingErrorKind::NoCursor, 1)
    );
}

#[tokio::test]
async fn empty_pages_with_has_more_end_the_list() {
    const MORE: Paging = Paging {
        more: Some("meta.more"),
        ..PAGE
    };
    let server = Server::with_body(r#"{"items":[],"meta":{"more":true}}"#);
    let (received, error) = ids(&mut list(&handle(&server), MORE)).await;
    assert!(received.is_empty());
    assert_eq!(fault(error), PagingErrorKind::OnlyEmptyPages);
    assert_eq!(server.count(), 1001);
    // With offsets, no item can follow an empty page.
    const OFFSET_MORE: Paging = Paging {
        more: Some("meta.more"),
        ..OFFSET
    };
    let server = Server::with_body(r#"{"items":[],"meta":{"more":true}}"#);
    let (_, error) = ids(&mut list(&handle(&server), OFFSET_MORE)).await;
    assert!(error.is_none());
    assert_eq!(server.count(), 1);
}

#[tokio::test]
async fn unsuitable_call_is_rejected_before_sending() {
    let server = Server::with_body("{}");
    let call = handle(&server).request(Method::GET, "/items/{id}");
    let error = call.collect_all::<Item>(OFFSET, 1).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Request);
    assert_eq!(error.parameter(), Some("id"));
    let call = handle(&server).request(Method::GET, "items");
    let error = call.collect_all::<Item>(OFFSET, 1).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Request);
    assert_eq!(server.count(), 0);
}
