//! Too long URLs and too large pages are errors before a request is sent.

use hoopai_runtime::error::ErrorKind;
use hoopai_runtime::operation::{Body, Operation, PageParam, PageSize, Paging};
use hoopai_runtime::serde_json::{Value, json};
use hoopai_runtime::{Call, Error, Method};
use hoopai_test_support::Server;

use crate::clients::Clients;
use crate::sample_api::Client;

/// Checks the error of a call that was not sent.
#[track_caller]
fn not_sent(server: &Server, error: &Error, parameter: Option<&str>, expected: &str) {
    assert_eq!(
        (error.kind(), error.parameter()),
        (ErrorKind::Request, parameter),
        "{error}"
    );
    assert!(error.to_string().contains(expected), "{error}");
    assert_eq!((server.count(), error.attempts()), (0, 0));
}

#[tokio::test]
async fn too_long_url_error_names_the_longest_parameter() {
    let server = Server::with_body("{}");
    let client = server.client();
    let long = "x".repeat(8_000);
    let call = client.get_contact().contact_id(&*long);
    let error = call.send().await.unwrap_err();
    not_sent(
        &server,
        &error,
        Some("contactId"),
        "the path parameter `contactId` is too long",
    );
    assert!(!error.to_string().contains("xxx"));

    // Each space takes three bytes.
    let search = client.search_contacts().query(" ".repeat(2_700));
    let error = search.send().await.unwrap_err();
    not_sent(
        &server,
        &error,
        Some("query"),
        "the query parameter `query` is too long",
    );

    let ids: Vec<String> = (0..1000).map(|id| format!("id-{id}")).collect();
    let call = server.client_with_location().list_contacts().ids(ids);
    let error = call.send().await.unwrap_err();
    not_sent(&server, &error, Some("ids"), "so pass fewer values at once");

    let handle = server.builder().build().unwrap();
    let call = handle.request(Method::GET, &format!("/{long}"));
    let error = call.send().await.unwrap_err();
    not_sent(&server, &error, None, "shorten the path");
    let raw = handle.request(Method::GET, "/a/{b}").path("b", &*long);
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
async fn url_of_maximum_length_is_sent() {
    let server = Server::with_body("{}");
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
async fn page_size_above_declared_maximum_is_not_sent() {
    let server = Server::with_body("{}");
    let client = server.client_with_location();
    const EXPECTED: &str = "`limit` is above the platform's maximum of 100: set 100 or less, or leave it out and read the whole list with `stream()`";
    let error = client.page_contacts().limit(5000).send().await.unwrap_err();
    not_sent(&server, &error, Some("limit"), EXPECTED);
    assert!(!error.is_forbidden() && !error.is_auth(), "{error}");
    let error = client
        .page_contacts()
        .limit(101)
        .stream()
        .next()
        .await
        .unwrap()
        .unwrap_err();
    not_sent(&server, &error, Some("limit"), EXPECTED);
    let error = client
        .page_contacts()
        .limit(101)
        .pages()
        .next()
        .await
        .unwrap()
        .err()
        .unwrap();
    not_sent(&server, &error, Some("limit"), EXPECTED);
    let call = client.page_contacts().extra_query("limit", "500");
    let error = call.send().await.unwrap_err();
    not_sent(&server, &error, Some("limit"), EXPECTED);

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
    method: &Method::POST,
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
async fn declared_page_size_in_a_body_is_checked() {
    let server = Server::with_body(r#"{"things":[]}"#);
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
