//! What is known to be rejected is an error before anything is sent: URLs that are too long, pages that are too large.

use hoopai_runtime::error::ErrorKind;
use hoopai_runtime::operation::{Body, Operation, PageParam, PageSize, Paging};
use hoopai_runtime::serde_json::{Value, json};
use hoopai_runtime::{Call, Error, Method};

use crate::api::Client;
use crate::server::{Answer, Server};

/// What is wrong with a call that was not sent.
#[track_caller]
fn not_sent(server: &Server, error: &Error, parameter: Option<&str>, says: &str) {
    assert_eq!(
        (error.kind(), error.parameter()),
        (ErrorKind::Request, parameter),
        "{error}"
    );
    assert!(error.to_string().contains(says), "{error}");
    assert_eq!((server.count(), error.attempts()), (0, 0));
}

#[tokio::test]
async fn a_url_that_is_too_long_names_the_longest_parameter() {
    let server = Server::plain().await;
    let client = server.client();
    let long = "x".repeat(8_000);
    let error = client
        .get_contact()
        .contact_id(&*long)
        .send()
        .await
        .unwrap_err();
    not_sent(
        &server,
        &error,
        Some("contactId"),
        "the path parameter `contactId` is too long",
    );
    assert!(!error.to_string().contains("xxx"));

    // Three bytes for each blank.
    let search = client.search_contacts().query(" ".repeat(2_700));
    let error = search.send().await.unwrap_err();
    not_sent(
        &server,
        &error,
        Some("query"),
        "the query parameter `query` is too long",
    );

    let ids: Vec<String> = (0..1000).map(|id| format!("id-{id}")).collect();
    let error = server
        .located()
        .list_contacts()
        .ids(ids)
        .send()
        .await
        .unwrap_err();
    not_sent(&server, &error, Some("ids"), "so pass fewer values at once");

    let handle = server.builder().build().unwrap();
    let error = handle
        .request(Method::Get, &format!("/{long}"))
        .send()
        .await
        .unwrap_err();
    not_sent(&server, &error, None, "shorten the path");
    let raw = handle.request(Method::Get, "/a/{b}").path("b", &*long);
    not_sent(
        &server,
        &raw.send().await.unwrap_err(),
        Some("b"),
        "`b` is too long",
    );

    let handle = server.builder().location(&*long).build().unwrap();
    let error = Client::new(handle).get_location().send().await.unwrap_err();
    not_sent(
        &server,
        &error,
        Some("locationId"),
        "`locationId` is too long",
    );
}

#[tokio::test]
async fn the_longest_url_is_sent() {
    let server = Server::plain().await;
    let room = 8_000 - server.url.len() - "/contacts/".len();
    let call = |length: usize| {
        server
            .client()
            .get_contact()
            .contact_id("x".repeat(length))
            .send()
    };
    call(room).await.unwrap();
    let error = call(room + 1).await.unwrap_err();
    assert_eq!(error.parameter(), Some("contactId"));
    assert_eq!(server.count(), 1);
}

#[tokio::test]
async fn a_page_above_the_declared_maximum_is_not_sent() {
    let server = Server::plain().await;
    let client = server.located();
    const SAYS: &str = "`limit` is above the platform's maximum of 100: set 100 or less, or leave it out and read the whole list with `stream()`";
    let error = client.page_contacts().limit(5000).send().await.unwrap_err();
    not_sent(&server, &error, Some("limit"), SAYS);
    assert!(!error.is_forbidden() && !error.is_auth(), "{error}");
    let error = client
        .page_contacts()
        .limit(101)
        .stream()
        .next()
        .await
        .unwrap()
        .unwrap_err();
    not_sent(&server, &error, Some("limit"), SAYS);
    let error = client
        .page_contacts()
        .limit(101)
        .pages()
        .next()
        .await
        .unwrap()
        .err()
        .unwrap();
    not_sent(&server, &error, Some("limit"), SAYS);
    let error = client
        .page_contacts()
        .extra_query("limit", "500")
        .send()
        .await
        .unwrap_err();
    not_sent(&server, &error, Some("limit"), SAYS);

    for fine in [0, 1, 100] {
        client.page_contacts().limit(fine).send().await.unwrap();
    }
    client.page_contacts().send().await.unwrap();
    assert_eq!(server.count(), 4);
    let whole = client.page_contacts().stream().next().await;
    assert!(whole.is_none());
    assert_eq!(server.last().number("limit"), Some(100));
}

static SEARCH: Operation = Operation {
    module: "things",
    name: "search_things",
    method: Method::Post,
    path: "/things/search",
    body: Some(Body::DEFAULT),
    paging: Some(Paging {
        items: "things",
        size: Some(PageSize {
            to: PageParam::Body {
                name: "pageLimit",
                text: false,
            },
            max: 20,
            declared: true,
        }),
        ..Paging::DEFAULT
    }),
    ..Operation::DEFAULT
};

static ASSUMED: Operation = Operation {
    paging: Some(Paging {
        items: "things",
        size: Some(PageSize {
            to: PageParam::Body {
                name: "pageLimit",
                text: false,
            },
            max: 20,
            declared: false,
        }),
        ..Paging::DEFAULT
    }),
    ..SEARCH
};

#[tokio::test]
async fn a_page_size_in_a_body_is_checked_where_the_platform_declares_it() {
    let server = Server::start(Answer::json(r#"{"things":[]}"#)).await;
    let handle = server.builder().build().unwrap();
    for (size, fine) in [
        (json!(20), true),
        (json!("20"), true),
        (json!(null), true),
        (json!("all"), true),
        (json!(21), false),
        (json!("21"), false),
        (json!(20.5), false),
        (json!(1e300), false),
        (json!(u64::MAX), false),
    ] {
        for operation in [&SEARCH, &ASSUMED] {
            let before = server.count();
            let mut call = Call::new(&handle, operation);
            call.json(&json!({ "pageLimit": size }));
            let result = call.send_json::<Value>().await;
            let sent = server.count() - before;
            assert_eq!(
                sent == 1,
                fine || !operation.paging.unwrap().size.unwrap().declared,
                "{size}"
            );
            if let Err(error) = result {
                assert_eq!(error.parameter(), Some("pageLimit"), "{error}");
                assert!(
                    error.to_string().contains("in the body field `pageLimit`"),
                    "{error}"
                );
            }
        }
    }
}
