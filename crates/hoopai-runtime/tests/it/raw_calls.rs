//! Calls by method and path.

use hoopai_runtime::error::ErrorKind;
use hoopai_runtime::serde_json::json;
use hoopai_runtime::{Handle, Method};
use hoopai_test_support::{Reply, Server};

use crate::clients::{Clients, TOKEN};
use crate::sample_api::types::ContactReply;

fn handle(server: &Server) -> Handle {
    server.builder().location("l").build().unwrap()
}

#[tokio::test]
async fn raw_call_sends_path_query_header_and_body() {
    let server = Server::with_body(r#"{"contact":{"id":"c1"},"traceId":"t"}"#);
    let call = handle(&server)
        .request(Method::PATCH, "/emails/builder/{id}/")
        .path("id", "a/b")
        .query("tag", ["x y", "z"]);
    let reply = call
        .query("n", 5_i64)
        .json(&json!({"name": "n"}))
        .api_version("v3")
        .send()
        .await
        .unwrap();
    assert_eq!(reply["contact"]["id"], "c1");
    let request = server.single();
    assert_eq!(
        (request.method.as_str(), request.target.as_str()),
        ("PATCH", "/emails/builder/a%2Fb/?tag=x%20y&tag=z&n=5")
    );
    assert_eq!(
        (&*request.text(), request.header("version")),
        (r#"{"name":"n"}"#, Some("v3"))
    );
    assert_eq!(
        request.header("authorization"),
        Some(&*format!("Bearer {TOKEN}"))
    );
    assert_eq!(request.header("content-type"), Some("application/json"));
}

#[tokio::test]
async fn raw_call_decodes_into_a_type() {
    let server = Server::with_body(r#"{"contact":{"id":"c1"}}"#);
    let reply = handle(&server)
        .request(Method::GET, "/contacts/c1")
        .send_as::<ContactReply>()
        .await
        .unwrap();
    assert_eq!(
        reply
            .contact
            .as_ref()
            .and_then(|contact| contact.id.as_deref()),
        Some("c1")
    );
    assert_eq!(
        (
            server.single().target.as_str(),
            server.single().header("version")
        ),
        ("/contacts/c1", Some("2021-07-28"))
    );
}

#[tokio::test]
async fn raw_call_stays_below_the_base_url() {
    let server = Server::with_body("{}");
    for path in [
        "contacts",
        "",
        "https://example.com/",
        "//example.com/",
        "/a/../../b",
        "/%2e%2e/b",
        "/a?b=c",
        "/a#b",
        "/\\example.com",
        "/a\tb",
        "/\u{7f}",
    ] {
        let call = handle(&server).request(Method::GET, path);
        let error = call.send().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Request, "{path}");
        assert!(error.to_string().contains("the path"), "{error}");
    }
    let error = handle(&server)
        .request(Method::GET, "/a/{id}")
        .path("id", "..")
        .send()
        .await
        .unwrap_err();
    assert_eq!(error.parameter(), Some("id"));
    let call = handle(&server).request(Method::GET, "/a/{id}");
    let error = call.send().await.unwrap_err();
    assert!(
        error.to_string().contains("call `.path(\"id\", ..)`"),
        "{error}"
    );
    let call = handle(&server).request(Method::GET, "/a/{id");
    let error = call.send().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Request);
    assert_eq!(server.count(), 0);
}

#[tokio::test]
async fn raw_call_error_shows_the_path_template() {
    let server = Server::with_reply(Reply::json(
        404,
        r#"{"message":"Cannot GET /contacts/Jane"}"#,
    ));
    let error = handle(&server)
        .request(Method::GET, "/contacts/{id}")
        .path("id", "Jane")
        .send()
        .await
        .unwrap_err();
    assert!(
        error.to_string().starts_with("GET /contacts/{id}: "),
        "{error}"
    );
    assert!(!error.to_string().contains("Jane"), "{error}");
    assert_eq!(
        (error.operation(), error.path_template()),
        (None, Some("/contacts/{id}"))
    );
}

#[tokio::test]
async fn invalid_path_characters_are_encoded() {
    let server = Server::with_body("{}");
    let call = handle(&server).request(Method::GET, "/a b/ü/%20|x\"<>");
    call.send().await.unwrap();
    assert_eq!(server.single().target, "/a%20b/%C3%BC/%20%7Cx%22%3C%3E");
}
