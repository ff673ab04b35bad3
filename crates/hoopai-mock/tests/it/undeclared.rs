//! Query parameters and fields of bodies that the interface does not declare are rejected, or
//! accepted if a test asks for it.

use hoopai_mock::{LOCATION, Mock, TOKEN};
use reqwest::Method;
use serde_json::{Value, json};

use crate::api::Api;
use crate::support::{Reply, call, client};

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
async fn builder_or_header_accepts_undeclared_fields() {
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
async fn accepted_fields_are_stored_returned_and_changed() {
    let api = Api::start_with(Mock::builder().accept_undeclared(true)).await;
    let created = api.post("/contacts/", contact(1)).await;
    let id = created["contact"]["id"].as_str().expect("an id");
    let path = format!("/contacts/{id}");
    let search = json!({ "locationId": LOCATION, "page": 1, "pageLimit": 5 });
    let assert_complete = |contact: &Value, colour: &str| {
        assert_eq!(contact["favourite"]["colour"], colour, "{contact}");
        assert_eq!(contact["favourite"]["of"][1]["more"], 1);
        assert_eq!(contact["customFields"][0]["origin"], "import");
        assert_eq!(contact["dndSettings"]["Call"]["since"], 2024);
    };
    assert_complete(&created["contact"], "green");
    for colour in ["green", "blue"] {
        assert_complete(&api.get(&path).await["contact"], colour);
        let found = api.post("/contacts/search", search.clone()).await;
        assert_complete(&found["contacts"][0], colour);
        let blue = json!({ "favourite": { "colour": "blue", "of": ["many", { "more": 1 }] } });
        let changed = api.put(&path, blue).await;
        assert_complete(&changed["contact"], "blue");
    }
    // Paging parameters of other lists are not checked if they are undeclared.
    let named = json!({ "limit": "none", "": "" });
    let changed = api.put(&path, named).await;
    assert_eq!(changed["contact"]["limit"], "none", "{changed}");
    // Declared parameters are still checked.
    let wrong = json!({ "firstName": 1, "favourite": "green" });
    let reply = api.send(Method::PUT, &path, &wrong).await;
    assert_eq!(
        reply.json()["message"],
        json!(["firstName must be a string"])
    );
}

#[tokio::test]
async fn other_header_values_are_rejected() {
    let mock = Mock::builder().start().await.expect("a server");
    let reply = send(&mock, Method::POST, "/contacts/", "yes", &contact(2)).await;
    reply.refused(400, "x-hoopai-mock-undeclared must be accept or refuse");
}

/// Messages do not store all fields of the body.
#[tokio::test]
async fn messages_store_undeclared_fields() {
    let api = Api::start_with(Mock::builder().accept_undeclared(true)).await;
    let contact = api.seed().contacts(LOCATION, 1).remove(0);
    let body = json!({ "type": "SMS", "contactId": contact, "message": "Hello", "campaign": { "of": [7] } });
    for path in ["/conversations/messages", "/conversations/messages/inbound"] {
        let sent = api.post(path, body.clone()).await;
        let id = sent["messageId"].as_str().expect("an id");
        let read = api.get(&format!("/conversations/messages/{id}")).await;
        assert_eq!(read["message"]["campaign"]["of"], json!([7]), "{read}");
    }
}
