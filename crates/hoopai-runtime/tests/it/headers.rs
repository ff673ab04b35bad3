//! The exact set of headers of each request.

use hoopai_runtime::Method;
use hoopai_test_support::{Request, Server};

use crate::clients::{Clients, TOKEN};
use crate::sample_api::types::Contact;

fn names(request: &Request) -> Vec<String> {
    let headers = request.headers.iter();
    let mut names: Vec<String> = headers.map(|(name, _)| name.clone()).collect();
    names.sort();
    names
}

#[tokio::test]
async fn read_sends_only_these_headers() {
    let server = Server::with_body("{}");
    server.client().get("c1").await.unwrap();
    let request = server.single();
    assert_eq!(
        names(&request),
        ["accept", "authorization", "host", "user-agent", "version"]
    );
    assert_eq!(
        request.header("authorization"),
        Some(&*format!("Bearer {TOKEN}"))
    );
    assert_eq!(request.header("version"), Some("2021-07-28"));
    assert_eq!(request.header("accept"), Some("application/json"));
    assert_eq!(
        request.header("user-agent"),
        Some(concat!("hoopai-rust/", env!("CARGO_PKG_VERSION")))
    );
}

#[tokio::test]
async fn json_body_adds_content_type_and_length() {
    let server = Server::with_body("{}");
    server
        .client()
        .update_contact()
        .contact_id("c1")
        .body(Contact::new().first_name("Jane"))
        .send()
        .await
        .unwrap();
    let request = server.single();
    assert_eq!(
        names(&request),
        [
            "accept",
            "authorization",
            "content-length",
            "content-type",
            "host",
            "user-agent",
            "version"
        ]
    );
    assert_eq!(request.header("content-type"), Some("application/json"));
}

#[tokio::test]
async fn unset_body_is_not_sent() {
    let server = Server::with_body("{}");
    let call = server.client().update_contact().contact_id("c1");
    call.send().await.unwrap();
    let request = server.single();
    assert_eq!(
        (request.header("content-type"), request.text()),
        (None, String::new())
    );
}

#[tokio::test]
async fn custom_user_agent_precedes_ours() {
    let server = Server::with_body("{}");
    let handle = server
        .builder()
        .user_agent("acme-sync/2.1")
        .build()
        .unwrap();
    crate::sample_api::Client::new(&handle)
        .get("c1")
        .await
        .unwrap();
    let ours = concat!("acme-sync/2.1 hoopai-rust/", env!("CARGO_PKG_VERSION"));
    assert_eq!(server.single().header("user-agent"), Some(ours));
}

#[tokio::test]
async fn version_is_that_of_call_client_operation_or_default() {
    let server = Server::with_body("{}");
    let client = server.client_with_location();
    let version = || server.last().header("version").unwrap().to_owned();

    client.search_contacts().query("q").send().await.unwrap();
    assert_eq!(version(), "2021-07-28", "the operation declares none");
    client.list_contacts().send().await.unwrap();
    assert_eq!(version(), "2021-04-15", "the operation declares one");
    let call = client.list_contacts().api_version("v3");
    call.send().await.unwrap();
    assert_eq!(version(), "v3", "the call names one");

    let fixed = crate::sample_api::Client::new(
        server
            .builder()
            .location("l")
            .api_version("2020-01-01")
            .build()
            .unwrap(),
    );
    fixed.list_contacts().send().await.unwrap();
    assert_eq!(version(), "2020-01-01", "the client names one");
    let call = fixed.list_contacts().api_version("v3");
    call.send().await.unwrap();
    assert_eq!(version(), "v3", "the call goes first");
    assert_eq!(
        names(&server.last())
            .iter()
            .filter(|name| *name == "version")
            .count(),
        1
    );
}

#[tokio::test]
async fn invalid_version_is_rejected() {
    let server = Server::with_body("{}");
    for version in ["", "a\nb"] {
        let error = server
            .client()
            .get_contact()
            .contact_id("c1")
            .api_version(version)
            .send()
            .await
            .unwrap_err();
        assert!(error.to_string().contains("API version"), "{error}");
    }
    assert_eq!(server.count(), 0);
}

#[tokio::test]
async fn declared_header_is_sent() {
    let server = Server::with_body("{}");
    let call = server.client().get_contact().contact_id("c1");
    call.reason(["audit", "sync"]).send().await.unwrap();
    assert_eq!(server.single().header("x-reason"), Some("audit,sync"));
}

#[tokio::test]
async fn reserved_and_invalid_headers_are_rejected() {
    let server = Server::with_body("{}");
    let client = server.builder().build().unwrap();
    for (name, value) in [
        ("Authorization", "Bearer other"),
        ("version", "2020-01-01"),
        ("host", "elsewhere.test"),
        ("a b", "unsaid"),
        ("x-fine", "secret\r\nx-more: 1"),
    ] {
        let call = client
            .request(Method::GET, "/contacts/")
            .header(name, value);
        let error = call.send().await.unwrap_err().to_string();
        assert!(
            error.to_lowercase().contains(&name.to_lowercase()) && !error.contains(value),
            "{error}"
        );
    }
    let call = client
        .request(Method::POST, "/oauth/billing/webhook")
        .header("x-ghl-client-key", "key");
    call.send().await.unwrap();
    assert_eq!(server.single().header("x-ghl-client-key"), Some("key"));
}
