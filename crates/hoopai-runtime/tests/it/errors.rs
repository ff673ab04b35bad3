//! Errors: text, accessors, and redaction.

use std::error::Error as _;
use std::time::Duration;

use hoopai_runtime::error::ErrorKind;
use hoopai_runtime::serde_json::json;
use hoopai_runtime::{Error, Method};
use hoopai_test_support::{Reply, Server};

use crate::clients::{Clients, LOCATION, TOKEN};
use crate::sample_api::Client;
use crate::sample_api::types::Contact;

async fn refused(answer: Reply) -> Error {
    Server::with_reply(answer)
        .client()
        .get("Hk7dD1fI4gZ1lS1kO8qQ")
        .await
        .unwrap_err()
}

#[tokio::test]
async fn error_contains_call_and_reply_data() {
    let body = r#"{"statusCode":422,"message":["a must be set","b should not exist"],"error":"Unprocessable Entity",
        "errors":[{"field":"a","message":"is empty"}],"meta":{"contactId":"c9"},"traceId":"t-1"}"#;
    let error = refused(Reply::with_headers(400, &[("x-request-id", "r-1")], body)).await;
    assert_eq!(error.kind(), ErrorKind::Status);
    let operation = error.operation().unwrap();
    assert_eq!(operation.id, "get-contact");
    assert_eq!(
        (error.method(), error.path_template()),
        (Some(&Method::GET), Some("/contacts/{contactId}"))
    );
    let status = error.status().map(|status| status.as_u16());
    assert_eq!((status, error.body_status()), (Some(400), Some(422)));
    assert_eq!(error.code(), Some("Unprocessable Entity"));
    assert_eq!(error.messages(), ["a must be set", "b should not exist"]);
    let field = &error.field_errors()[0];
    assert_eq!((&*field.field, &*field.message), ("a", "is empty"));
    assert_eq!(error.meta(), Some(&json!({"contactId": "c9"})));
    assert_eq!(
        (error.trace_id(), error.request_id()),
        (Some("t-1"), Some("r-1"))
    );
    assert_eq!(error.body().unwrap(), body);
    assert_eq!(
        error.to_string(),
        "contacts.get_contact (GET /contacts/{contactId}): invalid request (400): \
         a must be set; b should not exist; a: is empty. [trace id t-1, request id r-1]"
    );
}

#[tokio::test]
async fn error_reply_text_names_a_remedy() {
    // The status, the message, and a part of the text.
    let messages = [
        "400 | Contact not found for id:Hk7dD1fI4gZ1lS1kO8qQ | not found (400): Contact not found for id:***. Check the ids",
        "401 | version header was not found. | Check `api_version`",
        "401 | The token is not authorized for this scope. | needs a location token with the scope contacts.readonly",
        "401 | This route is not yet supported by the IAM Service. Please update your IAM config. | with the scope contacts.readonly",
        "401 | Invalid Private Integration token | copy a private integration token again",
        "401 | Invalid JWT | Get a new token",
        "403 | The token does not have access to this location. | use a token of that location",
        "404 | Cannot GET /contacts/x | no such path (404): Cannot GET /contacts/x. Check the base URL",
        "422 | property x should not exist | invalid request (422): property x should not exist.",
    ]
    .map(|row| {
        let mut columns = row.split(" | ");
        let mut next = || columns.next().unwrap();
        let (status, message, text) = (next(), next(), next());
        (status.parse().unwrap(), json!({"message": message}).to_string(), text)
    });
    let others = [
        (
            401,
            String::new(),
            "its body is empty. Check that the token is complete",
        ),
        (403, "<html>Error 1010</html>".into(), "HTML page"),
        (
            429,
            json!({"statusCode": 429, "message": "Too Many Requests"}).to_string(),
            "too many requests (429): Too Many Requests. Try again later",
        ),
        (
            500,
            json!({"statusCode": 500, "message": "Internal server error"}).to_string(),
            "Try again later.",
        ),
        (502, r#"{"message":"#.into(), "cut off"),
        (503, "upstream failed".into(), "not JSON"),
    ];
    for (status, body, expected) in messages.into_iter().chain(others) {
        let error = refused(Reply::json(status, body)).await;
        assert!(
            error.to_string().contains(expected),
            "{status} should say {expected:?}: {error}"
        );
        assert!(
            error.to_string().contains(&format!("({status})")),
            "{error}"
        );
    }
}

#[tokio::test]
async fn predicates_distinguish_error_kinds() {
    type Predicate = fn(&Error) -> bool;
    let predicates: [Predicate; 5] = [
        Error::is_auth,
        Error::is_forbidden,
        Error::is_not_found,
        Error::is_validation,
        Error::is_rate_limited,
    ];
    for (status, body, expected) in [
        (401, "{}", Some(0)),
        (403, "{}", Some(1)),
        (404, "{}", Some(2)),
        (400, r#"{"message":"Contact not found for id:x"}"#, Some(2)),
        (400, r#"{"message":"Invalid field"}"#, Some(3)),
        (422, "{}", Some(3)),
        (429, "{}", Some(4)),
        (500, r#"{"message":"not found"}"#, None),
    ] {
        let error = refused(Reply::json(status, body)).await;
        for (i, predicate) in predicates.iter().enumerate() {
            assert_eq!(
                predicate(&error),
                expected == Some(i),
                "predicate {i} of {status} {body}"
            );
        }
        assert!(!error.is_timeout() && !error.is_connect() && !error.is_decode());
    }
}

#[tokio::test]
async fn redirect_is_an_error_and_is_not_followed() {
    let elsewhere = Server::with_body("{}");
    for status in [301, 302, 307, 308] {
        let server = Server::with_reply(Reply::with_headers(
            status,
            &[("location", &elsewhere.url)],
            "",
        ));
        let error = server.client().get("c").await.unwrap_err();
        assert!(error.to_string().contains("redirect"), "{error}");
        assert!(!error.to_string().contains(&elsewhere.url), "{error}");
    }
    assert_eq!(elsewhere.count(), 0, "the token must not leave");
}

#[tokio::test]
async fn error_reply_with_truncated_body_keeps_its_kind() {
    let reply = Reply::raw(b"HTTP/1.1 403 Forbidden\r\ncontent-length: 100\r\n\r\n{\"mess").close();
    let error = Server::with_reply(reply)
        .client_with_location()
        .get("c")
        .await
        .unwrap_err();
    assert!(error.is_forbidden(), "{error}");
    assert!(error.to_string().contains("cut off"), "{error}");
}

#[tokio::test]
async fn elapsed_timeout_is_a_timeout_error() {
    let handle = Server::with_reply(Reply::silence()).builder();
    let client = Client::new(handle.timeout(Duration::from_millis(50)).build().unwrap());
    let error = client.get("c").await.unwrap_err();
    assert_eq!(
        (error.kind(), error.is_timeout(), error.is_connect()),
        (ErrorKind::Timeout, true, false)
    );
    assert!(error.to_string().contains("50ms"), "{error}");
}

#[tokio::test]
async fn refused_connection_is_a_connect_error() {
    let error = Server::refusing_url()
        .client_with_location()
        .get("Hk7dD1fI4gZ1lS1kO8qQ")
        .await
        .unwrap_err();
    assert_eq!(
        (error.kind(), error.is_connect(), error.is_timeout()),
        (ErrorKind::Connect, true, false)
    );
    assert!(
        error.to_string().contains("no connection was made"),
        "{error}"
    );
    assert!(
        !whole(&error).contains("Hk7dD1fI4gZ1lS1kO8qQ"),
        "{}",
        whole(&error)
    );
}

/// Returns all output of an error and its causes.
fn whole(error: &Error) -> String {
    let mut out = format!("{error} {error:?} {error:#?}");
    let mut cause = error.source();
    while let Some(deeper) = cause {
        out.push_str(&format!(" {deeper} {deeper:?}"));
        cause = deeper.source();
    }
    out
}

/// The values are in token, path, query, body and reply, and in no output.
#[tokio::test]
async fn secrets_and_personal_data_are_never_shown() {
    const PLANTED: [&str; 9] = [
        TOKEN,
        LOCATION,
        "jane.doe@example.com",
        "+1 555 010 9999",
        "5550109999",
        "Jane Q. Doe",
        "Hk7dD1fI4gZ1lS1kO8qQ",
        "Secret Street",
        "1234567890",
    ];
    let values = format!(
        "{TOKEN} {LOCATION}: jane.doe@example.com, +1 555 010 9999, 5550109999, Jane Q. Doe at Secret Street; id Hk7dD1fI4gZ1lS1kO8qQ, 1234567890"
    );
    let bodies = [
        json!({"message": values, "error": values, "traceId": values}).to_string(),
        json!({"message": [values], "errors": [{"field": values, "message": values}]}).to_string(),
        json!({"message": {"contact": values}, "name": values, "meta": {"contactName": values}})
            .to_string(),
        format!("<html>{values}</html>"),
        format!("{{\"message\":\"{values}"),
        values.clone(),
    ];
    let contact = || {
        Contact::new()
            .first_name("Jane Q. Doe")
            .email("jane.doe@example.com")
            .phone("+1 555 010 9999")
            .anything(json!({"street": "Secret Street"}))
    };
    for status in [200, 301, 400, 401, 403, 404, 422, 429, 500] {
        for body in &bodies {
            let headers = [("x-request-id", "jane.doe@example.com")];
            let server = Server::with_reply(Reply::with_headers(status, &headers, body));
            let client = server.client_with_location();
            let mut shown = format!("{client:?} {:?}", server.builder().location(LOCATION));
            let create = client
                .create_contact()
                .body(contact())
                .extra_query("who", "Jane Q. Doe");
            shown.push_str(&format!("{create:?}"));
            match create.send().await {
                Ok(reply) => shown.push_str(&format!("{reply:?} {:?}", *reply)),
                Err(error) => shown.push_str(&whole(&error)),
            }
            let update = client
                .update_contact()
                .contact_id("Hk7dD1fI4gZ1lS1kO8qQ")
                .body(contact());
            match update.send().await {
                Ok(reply) => shown.push_str(&format!("{reply:?} {:?}", *reply)),
                Err(error) => shown.push_str(&whole(&error)),
            }
            let handle = server.builder().build().unwrap();
            let raw = handle
                .request(Method::POST, "/contacts/Hk7dD1fI4gZ1lS1kO8qQ/")
                .json(&contact());
            shown.push_str(&format!("{raw:?} {handle:?}"));
            match raw.send().await {
                Ok(reply) => shown.push_str(&format!("{reply:?}")),
                Err(error) => shown.push_str(&whole(&error)),
            }
            for planted in PLANTED {
                assert!(
                    !shown.contains(planted),
                    "{planted} is shown for {status} {body}:\n{shown}"
                );
            }
        }
    }
}
