//! The end of lists: which replies end a list, and which do not.

use hoopai_runtime::operation::Paging;
use hoopai_runtime::serde_json::{Value, json};
use hoopai_test_support::{Reply, Server};

use super::fake_list::{CURSOR, FakeList, LAST_ITEM, OFFSET, PAGE, handle, ids, list};

const fn with_total(rule: Paging) -> Paging {
    Paging {
        total: Some("meta.total"),
        ..rule
    }
}

const fn with_more(rule: Paging) -> Paging {
    Paging {
        more: Some("meta.more"),
        ..rule
    }
}

/// Checks that a rule reads the whole list in this number of requests.
async fn reads(fake: &FakeList, rule: Paging, requests: usize) {
    let server = fake.server();
    let (received, error) = ids(&mut list(&handle(&server), rule)).await;
    assert!(error.is_none(), "{error:?}");
    assert_eq!(received, fake.ids(), "{rule:?}");
    assert_eq!(server.count(), requests, "{rule:?}");
}

fn numbers(lengths: &[usize]) -> FakeList {
    let mut next = 0..;
    let page = |length: &usize| next.by_ref().take(*length).collect();
    FakeList::of(lengths.iter().map(page).collect())
}

#[tokio::test]
async fn short_page_does_not_end_a_list() {
    let fake = numbers(&[3, 10, 1, 4]);
    for rule in [OFFSET, PAGE, LAST_ITEM] {
        reads(&fake, rule, 5).await;
        reads(&fake, with_total(rule), 4).await;
    }
    reads(&fake, CURSOR, 4).await;
}

#[tokio::test]
async fn wrong_total_costs_only_one_request() {
    for total in [
        json!(0),
        json!(10),
        json!("19"),
        json!(1_000_000),
        json!(null),
        json!("many"),
        json!({}),
        json!(-5),
    ] {
        let fake = FakeList {
            total,
            ..FakeList::full(30)
        };
        for rule in [OFFSET, PAGE, LAST_ITEM] {
            reads(&fake, with_total(rule), 4).await;
        }
    }
    // Only a reached total and a short page together end a list.
    let fake = FakeList {
        total: json!(12),
        ..numbers(&[10, 2])
    };
    reads(&fake, with_total(OFFSET), 2).await;
    let fake = FakeList {
        total: json!(13),
        ..numbers(&[10, 2])
    };
    reads(&fake, with_total(OFFSET), 3).await;
}

#[tokio::test]
async fn empty_page_with_cursor_is_skipped() {
    let fake = numbers(&[10, 0, 0, 10, 0, 3]);
    reads(&fake, CURSOR, 6).await;
    reads(&fake, with_more(CURSOR), 6).await;
    reads(&fake, with_more(PAGE), 6).await;
    // With page numbers it is the end.
    let server = fake.server();
    let (received, _) = ids(&mut list(&handle(&server), PAGE)).await;
    assert_eq!((received.len(), server.count()), (10, 2));
    // An empty first page does not end the list either.
    reads(&numbers(&[0, 2]), CURSOR, 2).await;
}

#[tokio::test]
async fn empty_page_with_its_own_cursor_ends_the_list() {
    let server = Server::start(|request| {
        Reply::json(
            200,
            match request.query("after") {
                None => r#"{"items":[{"id":"0"}],"meta":{"next":"x"}}"#,
                Some(_) => r#"{"items":[],"meta":{"next":"x"}}"#,
            },
        )
    });
    let (received, error) = ids(&mut list(&handle(&server), CURSOR)).await;
    assert!(error.is_none(), "{error:?}");
    assert_eq!((received.len(), server.count()), (1, 2));
}

/// Reads a full page with this has-more value, and an empty page after it. Returns the request
/// count.
async fn requests_with_has_more(flag: &Value, rule: Paging) -> usize {
    let flag = flag.clone();
    let server = Server::start(move |request| {
        let first = request.query("skip").is_none_or(|skip| skip == "0")
            && request.query("page").is_none_or(|page| page == "1");
        let items: Vec<Value> = (0..10).map(|n| json!({"id": n.to_string()})).collect();
        let items = if first { items } else { Vec::new() };
        let meta = match &flag {
            Value::String(flag) if flag == "absent" => json!({}),
            flag => json!({"more": if first { flag.clone() } else { json!(false) }}),
        };
        Reply::json(200, json!({"items": items, "meta": meta}).to_string())
    });
    let (received, error) = ids(&mut list(&handle(&server), with_more(rule))).await;
    assert!(error.is_none(), "{error:?}");
    assert_eq!(received.len(), 10);
    server.count()
}

#[tokio::test]
async fn has_more_flag_decodes_in_any_spelling() {
    for rule in [OFFSET, PAGE] {
        for more in [
            json!(true),
            json!(2),
            json!("3"),
            json!("true"),
            json!({"page": 2}),
            json!(0.5),
        ] {
            assert_eq!(requests_with_has_more(&more, rule).await, 2, "{more}");
        }
        for end in [
            json!(false),
            json!(0),
            json!(""),
            json!(null),
            json!("false"),
            json!("0"),
            json!([]),
            json!(-1),
        ] {
            assert_eq!(requests_with_has_more(&end, rule).await, 1, "{end}");
        }
        // A missing flag does not end the list if no page had one.
        assert_eq!(requests_with_has_more(&json!("absent"), rule).await, 2);
    }
}

#[tokio::test]
async fn page_without_has_more_flag_after_others_is_the_last() {
    let server = Server::start(|request| {
        Reply::json(
            200,
            match request.query("page").as_deref() {
                Some("1") => r#"{"items":[{"id":"0"}],"meta":{"more":true}}"#,
                _ => r#"{"items":[{"id":"1"}],"meta":{}}"#,
            },
        )
    });
    let (received, error) = ids(&mut list(&handle(&server), with_more(PAGE))).await;
    assert!(error.is_none(), "{error:?}");
    assert_eq!((received.len(), server.count()), (2, 2));
}

#[tokio::test]
async fn offset_advances_by_received_items_of_a_shrinking_list() {
    // Item 5 is deleted after the first page. Later items move up, so one of them is skipped.
    let server = Server::start(|request| {
        let skip = request.number("skip").unwrap();
        let all: Vec<usize> = (0..25).filter(|n| skip == 0 || *n != 5).collect();
        let items: Vec<Value> = all
            .iter()
            .skip(skip)
            .take(10)
            .map(|n| json!({"id": n.to_string()}))
            .collect();
        Reply::json(
            200,
            json!({"items": items, "meta": {"total": all.len()}}).to_string(),
        )
    });
    let (received, error) = ids(&mut list(&handle(&server), with_total(OFFSET))).await;
    assert!(error.is_none(), "{error:?}");
    let expected: Vec<String> = (0..25)
        .filter(|n| *n != 10)
        .map(|n| n.to_string())
        .collect();
    assert_eq!(received, expected);
    assert_eq!(server.count(), 3);
}

#[tokio::test]
async fn missing_list_is_an_empty_page() {
    for reply in [
        "",
        "  ",
        "null",
        "{}",
        r#"{"items":null}"#,
        r#"{"items":[]}"#,
        r#"{"other":1}"#,
    ] {
        let server = Server::with_body(reply);
        for rule in [OFFSET, PAGE, CURSOR, LAST_ITEM] {
            let (received, error) = ids(&mut list(&handle(&server), rule)).await;
            assert!(received.is_empty() && error.is_none(), "{reply} {error:?}");
        }
        assert_eq!(server.count(), 4);
    }
}

#[tokio::test]
async fn stream_limits_are_reported() {
    use futures_util::Stream;

    let server = FakeList::full(13).server();
    let mut list = list(&handle(&server), with_total(OFFSET));
    assert_eq!((list.size_hint(), list.total()), ((0, None), None));
    list.next().await.unwrap().unwrap();
    assert_eq!((list.size_hint(), list.total()), ((9, None), Some(13)));
    for _ in 0..12 {
        list.next().await.unwrap().unwrap();
    }
    assert_eq!(list.size_hint(), (0, Some(0)));
    assert!(list.next().await.is_none());
    assert_eq!(list.size_hint(), (0, Some(0)));
}
