//! Undeclared query parameters and body fields: rejected by default, accepted on request.

use hoopai_mock::{LOCATION, Mock, TOKEN};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Reply, call, client, get};

const HEADER: &str = "x-hoopai-mock-undeclared";

async fn send(mock: &Mock, method: Method, path: &str, header: &str, body: &Value) -> Reply {
    let mut request = call(&client(), mock, method, path, TOKEN).json(body);
    if !header.is_empty() {
        request = request.header(HEADER, header);
    }
    Reply::of(request).await
}

fn contact(number: usize) -> Value {
    json!({
        "locationId": LOCATION,
        "firstName": "Ada",
        "email": format!("ada{number}@example.com"),
        "favourite": { "colour": "green", "of": ["many", { "more": 1 }] },
        "customFields": [{ "id": "f1", "field_value": "x", "origin": "import" }],
        "dndSettings": { "Call": { "status": "active", "since": 2024 } },
    })
}

#[tokio::test]
async fn builder_or_header_accepts_undeclared() {
    for (accepted, header, is_accepted) in [
        (false, "", false),
        (false, "accept", true),
        (true, "", true),
        (true, "refuse", false),
    ] {
        let builder = Mock::builder().accept_undeclared(accepted);
        let mock = builder.start().await.expect("a server");
        let reply = send(&mock, Method::POST, "/contacts/", header, &contact(0)).await;
        if is_accepted {
            assert_eq!(reply.status, 201, "{}", reply.text);
        } else {
            reply_lists(
                &reply,
                &[
                    "property favourite should not exist",
                    "customFields.0.property origin should not exist",
                    "dndSettings.Call.property since should not exist",
                ],
            );
        }
        let path = format!("/contacts/?locationId={LOCATION}&colour=green");
        let reply = send(&mock, Method::GET, &path, header, &json!({})).await;
        let status = if is_accepted { 200 } else { 422 };
        assert_eq!(reply.status, status, "{}", reply.text);
    }
}

#[track_caller]
fn reply_lists(reply: &Reply, sentences: &[&str]) {
    assert_eq!(reply.status, 422, "{}", reply.text);
    let listed = reply.json()["message"].clone();
    let listed = listed.as_array().expect("a list");
    for sentence in sentences {
        assert!(listed.contains(&json!(sentence)), "{sentence}: {listed:?}");
    }
}

#[tokio::test]
async fn accepted_field_is_stored_returned_and_changed() {
    let builder = Mock::builder().accept_undeclared(true);
    let mock = builder.start().await.expect("a server");
    let client = client();
    let made = send(&mock, Method::POST, "/contacts/", "", &contact(1)).await;
    let id = made.json()["contact"]["id"]
        .as_str()
        .expect("an id")
        .to_owned();
    let path = format!("/contacts/{id}");
    let search = json!({ "locationId": LOCATION, "page": 1, "pageLimit": 5 });
    let is_whole = |contact: &Value, colour: &str| {
        assert_eq!(contact["favourite"]["colour"], colour, "{contact}");
        assert_eq!(contact["favourite"]["of"][1]["more"], 1);
        assert_eq!(contact["customFields"][0]["origin"], "import");
        assert_eq!(contact["dndSettings"]["Call"]["since"], 2024);
    };
    is_whole(&made.json()["contact"], "green");
    for colour in ["green", "blue"] {
        is_whole(
            &get(&client, &mock, &path, TOKEN).await.json()["contact"],
            colour,
        );
        let found = send(&mock, Method::POST, "/contacts/search", "", &search).await;
        is_whole(&found.json()["contacts"][0], colour);
        let blue = json!({ "favourite": { "colour": "blue", "of": ["many", { "more": 1 }] } });
        let changed = send(&mock, Method::PUT, &path, "", &blue).await;
        is_whole(&changed.json()["contact"], "blue");
    }
    // Paging names have no meaning in operations that do not declare them.
    let named = json!({ "limit": "none", "": "" });
    let reply = send(&mock, Method::PUT, &path, "", &named).await;
    assert_eq!(reply.json()["contact"]["limit"], "none", "{}", reply.text);
    // Declared fields are still checked.
    let wrong = json!({ "firstName": 1, "favourite": "green" });
    let reply = send(&mock, Method::PUT, &path, "", &wrong).await;
    assert_eq!(
        reply.json()["message"],
        json!(["firstName must be a string"])
    );
}

#[tokio::test]
async fn invalid_header_is_rejected() {
    let mock = Mock::builder().start().await.expect("a server");
    let reply = send(&mock, Method::POST, "/contacts/", "yes", &contact(2)).await;
    reply.refused(400, "x-hoopai-mock-undeclared must be accept or refuse");
}

/// Stored messages are not copies of their request bodies.
#[tokio::test]
async fn message_keeps_undeclared_field() {
    let builder = Mock::builder().accept_undeclared(true);
    let mock = builder.start().await.expect("a server");
    let contact = mock.seed().contacts(LOCATION, 1).remove(0);
    let body = json!({ "type": "SMS", "contactId": contact, "message": "Hello", "campaign": { "of": [7] } });
    for path in ["/conversations/messages", "/conversations/messages/inbound"] {
        let sent = send(&mock, Method::POST, path, "", &body).await;
        let path = format!("/conversations/messages/{}", sent.field("messageId"));
        let read = get(&client(), &mock, &path, TOKEN).await;
        assert_eq!(
            read.json()["message"]["campaign"]["of"],
            json!([7]),
            "{}",
            read.text
        );
    }
}
