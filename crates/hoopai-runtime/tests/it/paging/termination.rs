//! Where lists end: by the platform's own sign, and by nothing less.

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

/// Reads a fake list with a rule: all of it must come, in so many requests.
async fn reads(fake: &FakeList, rule: Paging, requests: usize) {
    let server = fake.server();
    let (came, error) = ids(&mut list(&handle(&server), rule)).await;
    assert!(error.is_none(), "{error:?}");
    assert_eq!(came, fake.ids(), "{rule:?}");
    assert_eq!(server.count(), requests, "{rule:?}");
}

fn numbers(lengths: &[usize]) -> FakeList {
    let mut next = 0..;
    let page = |length: &usize| next.by_ref().take(*length).collect();
    FakeList::of(lengths.iter().map(page).collect())
}

#[tokio::test]
async fn a_short_page_does_not_end_a_list() {
    let fake = numbers(&[3, 10, 1, 4]);
    for rule in [OFFSET, PAGE, LAST_ITEM] {
        reads(&fake, rule, 5).await;
        reads(&fake, with_total(rule), 4).await;
    }
    reads(&fake, CURSOR, 4).await;
}

#[tokio::test]
async fn a_count_of_all_that_lies_costs_nothing_but_a_request() {
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
    // Too low, and a page shorter than asked for: only together do they end a list.
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
async fn an_empty_page_in_the_middle_is_passed_where_something_leads_on() {
    let fake = numbers(&[10, 0, 0, 10, 0, 3]);
    reads(&fake, CURSOR, 6).await;
    reads(&fake, with_more(CURSOR), 6).await;
    reads(&fake, with_more(PAGE), 6).await;
    // By numbers alone it is the end.
    let server = fake.server();
    let (came, _) = ids(&mut list(&handle(&server), PAGE)).await;
    assert_eq!((came.len(), server.count()), (10, 2));
    // An empty first page is no end either.
    reads(&numbers(&[0, 2]), CURSOR, 2).await;
}

#[tokio::test]
async fn an_empty_page_that_leads_to_itself_is_the_end() {
    let server = Server::start(|request| {
        Reply::json(
            200,
            match request.query("after") {
                None => r#"{"items":[{"id":"0"}],"meta":{"next":"x"}}"#,
                Some(_) => r#"{"items":[],"meta":{"next":"x"}}"#,
            },
        )
    });
    let (came, error) = ids(&mut list(&handle(&server), CURSOR)).await;
    assert!(error.is_none(), "{error:?}");
    assert_eq!((came.len(), server.count()), (1, 2));
}

/// A first page of a full ten items with this word on whether there is more, and an empty one behind it.
async fn first_says(word: &Value, rule: Paging) -> usize {
    let word = word.clone();
    let server = Server::start(move |request| {
        let first = request.query("skip").is_none_or(|skip| skip == "0")
            && request.query("page").is_none_or(|page| page == "1");
        let items: Vec<Value> = (0..10).map(|n| json!({"id": n.to_string()})).collect();
        let items = if first { items } else { Vec::new() };
        let meta = match &word {
            Value::String(word) if word == "absent" => json!({}),
            word => json!({"more": if first { word.clone() } else { json!(false) }}),
        };
        Reply::json(200, &json!({"items": items, "meta": meta}).to_string())
    });
    let (came, error) = ids(&mut list(&handle(&server), with_more(rule))).await;
    assert!(error.is_none(), "{error:?}");
    assert_eq!(came.len(), 10);
    server.count()
}

#[tokio::test]
async fn the_word_on_whether_there_is_more_comes_in_many_ways() {
    for rule in [OFFSET, PAGE] {
        for more in [
            json!(true),
            json!(2),
            json!("3"),
            json!("true"),
            json!({"page": 2}),
            json!(0.5),
        ] {
            assert_eq!(first_says(&more, rule).await, 2, "{more}");
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
            assert_eq!(first_says(&end, rule).await, 1, "{end}");
        }
        // Who never says it does not end a list by that.
        assert_eq!(first_says(&json!("absent"), rule).await, 2);
    }
}

#[tokio::test]
async fn a_page_that_does_not_say_after_others_did_is_the_last() {
    let server = Server::start(|request| {
        Reply::json(
            200,
            match request.query("page").as_deref() {
                Some("1") => r#"{"items":[{"id":"0"}],"meta":{"more":true}}"#,
                _ => r#"{"items":[{"id":"1"}],"meta":{}}"#,
            },
        )
    });
    let (came, error) = ids(&mut list(&handle(&server), with_more(PAGE))).await;
    assert!(error.is_none(), "{error:?}");
    assert_eq!((came.len(), server.count()), (2, 2));
}

#[tokio::test]
async fn offsets_grow_by_what_came_while_the_list_shrinks() {
    // Item 5 vanishes after the first page: all later ones move up, and the one that takes its place is not request.
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
            &json!({"items": items, "meta": {"total": all.len()}}).to_string(),
        )
    });
    let (came, error) = ids(&mut list(&handle(&server), with_total(OFFSET))).await;
    assert!(error.is_none(), "{error:?}");
    let expected: Vec<String> = (0..25)
        .filter(|n| *n != 10)
        .map(|n| n.to_string())
        .collect();
    assert_eq!(came, expected);
    assert_eq!(server.count(), 3);
}

#[tokio::test]
async fn nothing_in_place_of_the_list_is_an_empty_page() {
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
            let (came, error) = ids(&mut list(&handle(&server), rule)).await;
            assert!(came.is_empty() && error.is_none(), "{reply} {error:?}");
        }
        assert_eq!(server.count(), 4);
    }
}

#[tokio::test]
async fn limits_of_a_stream_are_told() {
    use futures_util::Stream;

    let server = FakeList::full(13).server();
    let mut list = list(&handle(&server), with_total(OFFSET));
    assert_eq!((list.size_hint(), list.total()), ((0, None), None));
    list.next().await.unwrap().unwrap();
    assert_eq!((list.size_hint(), list.total()), ((9, None), Some(13)));
    for _ in 0..12 {
        list.next().await.unwrap().unwrap();
    }
    assert_eq!(list.size_hint(), (0, None));
    assert!(list.next().await.is_none());
    assert_eq!(list.size_hint(), (0, Some(0)));
}
