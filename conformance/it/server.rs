//! The stub server itself: that what it notes and writes is what the tests say.

use hoopai::Client;
use hoopai::contacts::types::CreateContactRequest;
use hoopai_conformance::{Reply, Server};
use serde_json::json;

#[tokio::test]
async fn requests_are_noted_and_answered_as_told() {
    let server = Server::start(|request| match &*request.method {
        "GET" => Reply::json(200, r#"{"contact":{"id":"c1"}}"#),
        _ => Reply::json(201, r#"{"contact":{"id":"c2"}}"#),
    })
    .await;
    let client = Client::builder()
        .private_token("pit-1")
        .location("loc1")
        .base_url(&server.url)
        .build()
        .unwrap();
    let contacts = client.contacts();

    let found = contacts.get_contact().contact_id("c1").send().await;
    let contact = CreateContactRequest::default().first_name("Ada");
    let created = contacts.create_contact().body(contact).send().await;

    assert_eq!(
        found.unwrap().contact.as_ref().unwrap().id.as_deref(),
        Some("c1")
    );
    assert!(created.is_ok());
    let requests = server.requests();
    assert_eq!(server.count(), 2);
    assert_eq!(requests[0].target, "/contacts/c1");
    assert_eq!(requests[0].header("authorization"), Some("Bearer pit-1"));
    let body: serde_json::Value = serde_json::from_slice(&requests[1].body).unwrap();
    assert_eq!(body, json!({"firstName": "Ada", "locationId": "loc1"}));
}
