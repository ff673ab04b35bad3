//! Page requests: sizes, start values and cursors, in the query and in the body.

use hoopai_runtime::error::ErrorKind;
use hoopai_runtime::operation::{
    Body, BodyKind, CursorField, CursorSource, Operation, PageParam, PageSize, PageStrategy, Paging,
};
use hoopai_runtime::serde_json::{Value, json};
use hoopai_runtime::{Call, CallOptions, Method, Part};
use hoopai_test_support::{Reply, Server};

use super::fake_list::{CURSOR, FakeList, Item, LAST_ITEM, OFFSET, PAGE, handle, ids, list};

#[tokio::test]
async fn page_requests_follow_the_paging_rule() {
    for (rule, expected) in [
        (
            OFFSET,
            ["limit=10&skip=0", "limit=10&skip=10", "limit=10&skip=13"],
        ),
        (
            PAGE,
            ["limit=10&page=1", "limit=10&page=2", "limit=10&page=3"],
        ),
        (
            LAST_ITEM,
            ["limit=10", "limit=10&after=p%2F1", "limit=10&after=p%2F2"],
        ),
    ] {
        let server = FakeList::full(13).server();
        ids(&mut list(&handle(&server), rule)).await;
        assert_eq!(
            server.targets(),
            expected.map(|query| format!("/items?{query}"))
        );
    }
}

#[tokio::test]
async fn parameters_of_the_caller_are_kept() {
    let server = FakeList::full(30).server();
    let handle = handle(&server);
    for (rule, name, value, expected) in [
        (OFFSET, "skip", "20", 20..30),
        (PAGE, "page", "2", 10..30),
        (CURSOR, "after", "p/2", 20..30),
    ] {
        let call = handle.request(Method::GET, "/items");
        let call = call.query("limit", 50).query(name, value).query("q", "x");
        let mut list = call.stream::<Item>(rule);
        let (received, error) = ids(&mut list).await;
        assert!(error.is_none(), "{error:?}");
        assert_eq!(
            received,
            expected.map(|n| n.to_string()).collect::<Vec<_>>()
        );
    }
    for target in server.targets() {
        assert!(
            target.contains("limit=50") && target.contains("q=x"),
            "{target}"
        );
        assert_eq!(target.matches('=').count(), 3, "{target}");
    }
}

#[tokio::test]
async fn non_numeric_start_is_rejected_before_sending() {
    let server = Server::with_body("{}");
    for rule in [OFFSET, PAGE] {
        let call = handle(&server).request(Method::GET, "/items");
        let call = call.query("skip", "jane@example.com").query("page", "-1");
        let error = call.collect_all::<Item>(rule, 10).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Request);
        let name = error.parameter().unwrap();
        assert!(name == "skip" || name == "page");
        assert!(!error.to_string().contains("jane"), "{error}");
    }
    assert_eq!(server.count(), 0);
}

const IN_BODY: Paging = Paging {
    items: "hits",
    total: Some("total"),
    size: Some(PageSize {
        to: PageParam::Body {
            name: "pageLimit",
            text: false,
        },
        max: 2,
        declared: false,
    }),
    strategy: PageStrategy::Cursor(&[CursorField {
        from: CursorSource::LastItem("sort"),
        to: PageParam::Body {
            name: "searchAfter",
            text: false,
        },
    }]),
    ..Paging::DEFAULT
};

/// Three hits, with a list as cursor that contains a number outside the range of `f64`.
fn hits(request: &hoopai_test_support::Request) -> Reply {
    let body: Value = hoopai_runtime::serde_json::from_slice(&request.body).unwrap();
    Reply::json(
        200,
        if body["searchAfter"].is_null() {
            r#" {"hits":[{"id":"0"},{"id":"1","sort":[1769851800000123456789, "a\"b"]}],"total":"3"} "#
        } else {
            r#"{"hits":[{"id":"2"}],"total":3}"#
        },
    )
}

#[tokio::test]
async fn cursor_and_size_are_sent_in_the_body_unchanged() {
    let server = Server::start(hits);
    let call = handle(&server).request(Method::POST, "/search");
    let call = call.json(&json!({"filters": [], "pageLimit": null}));
    let all = call.collect_all::<Item>(IN_BODY, 10).await.unwrap();
    assert_eq!(all.len(), 3);
    // An explicit `null` of the caller is kept as the size.
    assert_eq!(
        server.bodies(),
        [
            r#"{"filters":[],"pageLimit":null}"#,
            r#"{"filters":[],"pageLimit":null,"searchAfter":[1769851800000123456789, "a\"b"]}"#,
            // The total is reached, but the page size is unknown, and the last item has no cursor.
        ]
    );

    let server = Server::start(hits);
    let call = handle(&server).request(Method::POST, "/search");
    call.collect_all::<Item>(IN_BODY, 10).await.unwrap();
    assert_eq!(
        server.bodies(),
        [
            r#"{"pageLimit":2}"#,
            r#"{"pageLimit":2,"searchAfter":[1769851800000123456789, "a\"b"]}"#,
        ]
    );
}

#[tokio::test]
async fn missing_cursor_field_is_not_sent() {
    const TWO: Paging = Paging {
        items: "",
        strategy: PageStrategy::Cursor(&[
            CursorField {
                from: CursorSource::LastItem("a"),
                to: PageParam::Body {
                    name: "a",
                    text: true,
                },
            },
            CursorField {
                from: CursorSource::LastItem("b.0"),
                to: PageParam::Query("b"),
            },
        ]),
        ..Paging::DEFAULT
    };
    let replies = [
        r#"[{"id":"0","a":5,"b":[7.10]}]"#,
        r#"[{"id":"1","b":["x y"],"a":null}]"#,
        r#"[{"id":"2","b":[""],"a":6}]"#,
        r#"[{"id":"3","b":[[]],"a":""}]"#,
    ];
    let next = std::sync::atomic::AtomicUsize::new(0);
    let server = Server::start(move |_| {
        Reply::json(
            200,
            replies[next.fetch_add(1, std::sync::atomic::Ordering::SeqCst)],
        )
    });
    let call = handle(&server).request(Method::POST, "/search");
    let call = call.json(&json!({"a": "own", "q": 1})).query("b", "own");
    let all = call.collect_all::<Item>(TWO, 10).await.unwrap();
    assert_eq!(all.len(), 4);
    assert_eq!(
        server.targets(),
        [
            "/search?b=own",
            "/search?b=7.10",
            "/search?b=x%20y",
            "/search"
        ]
    );
    assert_eq!(
        server.bodies(),
        [
            r#"{"q":1,"a":"own"}"#,
            r#"{"q":1,"a":"5"}"#,
            r#"{"q":1}"#,
            r#"{"q":1,"a":"6"}"#,
        ]
    );
}

#[tokio::test]
async fn numbers_are_sent_as_declared_strings() {
    const TEXT: Paging = Paging {
        items: "items",
        size: Some(PageSize {
            to: PageParam::Body {
                name: "limit",
                text: true,
            },
            max: 20,
            declared: false,
        }),
        strategy: PageStrategy::Offset(PageParam::Body {
            name: "skip",
            text: true,
        }),
        ..Paging::DEFAULT
    };
    let server = Server::with_body("{}");
    let call = handle(&server).request(Method::POST, "/posts");
    let call = call.json(&json!({"skip": "40"}));
    assert!(call.collect_all::<Item>(TEXT, 10).await.unwrap().is_empty());
    assert_eq!(server.bodies(), [r#"{"limit":"20","skip":"40"}"#]);
}

#[tokio::test]
async fn numbers_in_a_list_are_sent_as_declared_strings() {
    const TEXTS: Paging = Paging {
        strategy: PageStrategy::Cursor(&[CursorField {
            from: CursorSource::LastItem("sort"),
            to: PageParam::Body {
                name: "searchAfter",
                text: true,
            },
        }]),
        ..IN_BODY
    };
    let server = Server::start(hits);
    let call = handle(&server).request(Method::POST, "/search");
    let all = call.collect_all::<Item>(TEXTS, 10).await.unwrap();
    assert_eq!(all.len(), 3);
    assert_eq!(
        server.bodies()[1],
        r#"{"pageLimit":2,"searchAfter":["1769851800000123456789","a\"b"]}"#
    );
}

#[tokio::test]
async fn multipart_call_cannot_be_paged() {
    static UPLOADS: Operation = Operation {
        method: &Method::POST,
        path: "/uploads",
        body: Some(Body {
            kind: BodyKind::Multipart,
            ..Body::DEFAULT
        }),
        paging: Some(OFFSET),
        ..Operation::DEFAULT
    };
    let server = Server::with_body("{}");
    let mut call = Call::new(&handle(&server), &UPLOADS);
    call.part("file", Part::text("x"));
    let error = hoopai_runtime::__private::item_stream::<Item>(call)
        .next()
        .await
        .unwrap()
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Request);
    assert!(error.to_string().contains("multipart"), "{error}");
    assert_eq!(server.count(), 0);
}

#[tokio::test]
async fn call_options_apply_to_each_page() {
    let server = FakeList::full(13).server();
    let call = handle(&server).request(Method::GET, "/items");
    let call = call
        .header("x-own", "1")
        .options(CallOptions::new().api_version("v9"));
    assert_eq!(call.collect_all::<Item>(PAGE, 20).await.unwrap().len(), 13);
    assert_eq!(server.count(), 3);
    assert_eq!(server.last().header("version"), Some("v9"));
    assert_eq!(server.last().header("x-own"), Some("1"));
}
