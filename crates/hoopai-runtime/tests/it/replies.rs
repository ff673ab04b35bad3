//! Replies: typed values, empty bodies, bytes, size limits and broken connections.

use futures_util::TryStreamExt;
use hoopai_runtime::CallOptions;
use hoopai_runtime::error::ErrorKind;
use hoopai_runtime::serde_json::{Value, json};
use hoopai_test_support::{Reply, Server};

use crate::clients::Clients;
use crate::sample_api::Client;

#[tokio::test]
async fn reply_carries_status_headers_and_ids() {
    let body = r#"{"contact":{"id":"c1","firstName":null,"odd":[1]},"traceId":"t-1"}"#;
    let server = Server::with_reply(Reply::with_headers(201, &[("x-request-id", "r-1")], body));
    let reply = server.client().get("c1").await.unwrap();
    assert_eq!(reply.status().as_u16(), 201);
    assert_eq!(
        (reply.trace_id(), reply.request_id()),
        (Some("t-1"), Some("r-1"))
    );
    assert_eq!(reply.header("content-type"), Some("application/json"));
    let contact = reply.into_inner().contact.unwrap();
    assert_eq!(
        (contact.id.as_deref(), contact.first_name),
        (Some("c1"), None)
    );
    assert_eq!(contact.extra.get("odd"), Some(&json!([1])));
}

#[tokio::test]
async fn empty_body_decodes_to_the_empty_value() {
    for body in ["", " \n"] {
        let server = Server::with_reply(Reply::json(200, body));
        assert_eq!(server.client().get("c").await.unwrap().contact, None);
        assert_eq!(
            *server
                .client_with_location()
                .list_contacts()
                .send()
                .await
                .unwrap(),
            Value::Null
        );
        assert!(
            server
                .client()
                .search_contacts()
                .query("q")
                .send()
                .await
                .unwrap()
                .is_empty()
        );
        let call = server.client().delete_contact().contact_id("c");
        call.send().await.unwrap();
    }
    let server = Server::with_reply(Reply::json(204, ""));
    assert_eq!(
        server.client().get("c").await.unwrap().status().as_u16(),
        204
    );
}

#[tokio::test]
async fn fields_of_an_undeclared_body_are_ignored() {
    let server = Server::with_body("{\"succeded\":true,\"traceId\":\"t-1\"}");
    let call = server.client().delete_contact().contact_id("c");
    let reply = call.send().await.unwrap();
    assert_eq!(
        (server.single().method.as_str(), reply.trace_id()),
        ("DELETE", Some("t-1"))
    );
    let server = Server::with_body("no JSON");
    let call = server.client().delete_contact().contact_id("c");
    call.send().await.unwrap();
}

#[tokio::test]
async fn byte_reply_is_collected_or_streamed() {
    let bytes = vec![7; 300_000];
    let server = Server::with_reply(Reply::with_headers(
        200,
        &[("content-type", "image/png")],
        &bytes,
    ));
    let call = server.client().download().file_id("f");
    let reply = call.send().await.unwrap();
    assert_eq!(reply.header("content-type"), Some("image/png"));
    assert_eq!(server.single().header("accept"), Some("*/*"));
    assert_eq!(reply.into_inner().collect().await.unwrap(), bytes);

    let call = server.client().download().file_id("f");
    let reply = call.send().await.unwrap();
    let pieces: Vec<_> = reply.into_inner().try_collect().await.unwrap();
    assert_eq!(pieces.concat(), bytes);

    let small = Client::new(server.builder().response_limit(1000).build().unwrap());
    let reply = small.download().file_id("f").send().await.unwrap();
    assert_eq!(
        reply.into_inner().collect().await.unwrap_err().kind(),
        ErrorKind::TooLarge
    );
}

#[tokio::test]
async fn byte_reply_with_error_status_is_an_error() {
    let server = Server::with_reply(Reply::json(404, r#"{"message":"File not found"}"#));
    let call = server.client().download().file_id("f");
    let error = call.send().await.unwrap_err();
    assert_eq!(
        (error.is_not_found(), error.messages()),
        (true, &["File not found".to_owned()][..])
    );
}

#[tokio::test]
async fn reply_above_size_limit_is_not_read() {
    let body = format!("[{}1]", "1,".repeat(1000));
    let server = Server::with_body(&body);
    let limited = |bytes| {
        Client::new(
            server
                .builder()
                .location("l")
                .response_limit(bytes)
                .build()
                .unwrap(),
        )
    };
    limited(body.len()).list_contacts().send().await.unwrap();
    let error = limited(body.len() - 1)
        .list_contacts()
        .send()
        .await
        .unwrap_err();
    assert_eq!(
        (error.kind(), error.status().map(|status| status.as_u16())),
        (ErrorKind::TooLarge, Some(200))
    );
    assert!(error.to_string().contains("response_limit"), "{error}");
}

#[tokio::test]
async fn size_limit_applies_without_content_length() {
    let reply = Reply::raw("HTTP/1.1 200 OK\r\n\r\n[1,2,3,4,5,6,7,8,9,10,11,12,13]").close();
    let handle = Server::with_reply(reply)
        .builder()
        .response_limit(20)
        .build()
        .unwrap();
    let call = handle.request(hoopai_runtime::Method::GET, "/");
    let error = call.send().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooLarge);
}

#[tokio::test]
async fn broken_connection_differs_from_truncated_reply() {
    let head = "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n";
    let error = Server::with_reply(Reply::raw(head).write("{\"contact\":").close())
        .client_with_location()
        .get("c")
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Transport);
    assert!(
        error
            .to_string()
            .contains("broke before the reply was complete"),
        "{error}"
    );

    let server = Server::with_body(r#"{"contact":{"id":"jane"#);
    let error = server.client().get("c").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Decode);
    assert!(error.to_string().contains("cut off"), "{error}");
}

#[tokio::test]
async fn html_in_place_of_json_is_named() {
    let server = Server::with_body("<html>Sign in, Jane</html>");
    let error = server.client().get("c").await.unwrap_err();
    assert!(
        error.is_decode() && error.to_string().contains("HTML page"),
        "{error}"
    );
    let server = Server::with_body("Jane is out");
    let error = server.client().get("c").await.unwrap_err();
    assert!(
        error.is_decode()
            && error.to_string().contains("not JSON")
            && !error.to_string().contains("Jane"),
        "{error}"
    );
}

#[tokio::test]
async fn mistyped_value_is_named_and_not_shown() {
    let body = r#"{"contact":{"id":"c1","friends":[{"id":"c2"},{"visits":"jane@example.com, expected nobody"}]}}"#;
    let server = Server::with_body(body);
    let error = server
        .client()
        .get_contact()
        .contact_id("c")
        .options(CallOptions::new().strict(true))
        .send()
        .await
        .unwrap_err();
    assert_eq!(error.json_path(), Some("contact.friends[1].visits"));
    assert_eq!(
        error.to_string(),
        "contacts.get_contact (GET /contacts/{contactId}): the reply does not match its schema at `contact.friends[1].visits`: found a string, expected a whole number"
    );
    assert!(!format!("{error:?}").contains("jane"), "{error:?}");
    assert!(
        std::error::Error::source(&error).is_none(),
        "the reader's own words hold the value"
    );
    assert_eq!(error.body().unwrap(), body);
}
