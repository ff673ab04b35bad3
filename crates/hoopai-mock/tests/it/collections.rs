//! Collections: separate items for each location, unique contacts, tags, messages, appointments,
//! payments and files.

use hoopai_mock::{LOCATION, Mock, Seeder, TOKEN, TokenSpec};
use hoopai_test_support::interface::declares;
use reqwest::Method;
use serde_json::{Value, json};

use crate::api::Api;
use crate::support::{Reply, call};

#[tokio::test]
async fn locations_have_separate_items() {
    let other = TokenSpec::location("otherLocation0000001");
    let api = Api::start_with(Mock::builder().token(TOKEN).token_with("pit-other", other)).await;
    let get = |path: String| call(&api.client, &api.mock, Method::GET, &path, "pit-other");
    let ids = api.seed().contacts(LOCATION, 3);
    let other = api.seed().contacts("otherLocation0000001", 1);
    let path = "/contacts/?locationId=otherLocation0000001".to_owned();
    let listed = Reply::of(get(path)).await.json();
    assert_eq!(listed["contacts"].as_array().map(Vec::len), Some(1));
    assert_eq!(listed["contacts"][0]["id"], other[0]);
    let reply = Reply::of(get(format!("/contacts/{}", ids[0]))).await;
    reply.refused(403, "The token does not have access to this location.");
    for path in [
        format!("/contacts/{}", other[0]),
        "/locations/otherLocation0000001".to_owned(),
    ] {
        let reply = Reply::of(get(path)).await;
        assert_eq!(reply.status, 200, "{}", reply.text);
    }
}

#[tokio::test]
async fn duplicate_contacts_are_rejected() {
    let api = Api::start().await;
    let ada = json!({ "locationId": LOCATION, "firstName": "Ada", "lastName": "Okafor",
                      "email": "ada@example.com", "phone": "+15550100001" });
    let made = api.post("/contacts/", ada.clone()).await;
    for (field, value) in [("email", "ADA@example.com"), ("phone", "+15550100001")] {
        let again = json!({ "locationId": LOCATION, field: value });
        let reply = api.send(Method::POST, "/contacts/", &again).await;
        reply.refused(400, "This location does not allow duplicated contacts.");
        let meta = json!({ "contactId": made["contact"]["id"], "contactName": "Ada Okafor", "matchingField": field });
        assert_eq!(reply.json()["meta"], meta);
        let upserted = api.post("/contacts/upsert", again).await;
        assert_eq!(upserted["new"], false);
        assert_eq!(upserted["contact"]["id"], made["contact"]["id"]);
    }
    let new = json!({ "locationId": LOCATION, "email": "bela@example.com" });
    let upserted = api.post("/contacts/upsert", new).await;
    assert_eq!(upserted["new"], true);
    let path = format!("/contacts/search/duplicate?locationId={LOCATION}&email=bela%40example.com");
    let found = api.get(&path).await;
    assert_eq!(found["contact"]["id"], upserted["contact"]["id"]);
    let path = format!("/contacts/search/duplicate?locationId={LOCATION}&email=none%40example.com");
    let none = api.get(&path).await;
    assert_eq!(none["contact"], Value::Null);
}

#[tokio::test]
async fn searches_filter_contacts() {
    let api = Api::start().await;
    api.seed().contacts(LOCATION, 50);
    api.seed().item(
        "contacts",
        LOCATION,
        &json!({ "firstName": "Zoe", "tags": ["vip"], "email": "zoe@example.com" }),
    );
    let found = async |body: Value| {
        let reply = api.post("/contacts/search", body).await;
        reply["contacts"].as_array().map_or(0, Vec::len)
    };
    let search = |more: Value| {
        let mut body = json!({ "locationId": LOCATION, "page": 1, "pageLimit": 100 });
        for (name, value) in more.as_object().into_iter().flatten() {
            body[name] = value.clone();
        }
        body
    };
    let one = |field: &str, operator: &str, value: &str| json!({ "filters": [{ "field": field, "operator": operator, "value": value }] });
    assert_eq!(found(search(json!({}))).await, 51);
    assert_eq!(found(search(json!({ "query": "ZOE" }))).await, 1);
    assert_eq!(found(search(json!({ "query": "absent" }))).await, 0);
    assert_eq!(
        found(search(one("email", "eq", "zoe@example.com"))).await,
        1
    );
    assert_eq!(
        found(search(one("email", "contains", "@example.com"))).await,
        51
    );
    assert_eq!(found(search(one("tags", "eq", "vip"))).await, 1);
    assert_eq!(found(search(one("firstName", "not_eq", "Zoe"))).await, 50);
    let body = search(one("email", "like", "x"));
    let reply = api.send(Method::POST, "/contacts/search", &body).await;
    reply.refused(400, "Invalid operator like");
    let path = format!("/contacts/?locationId={LOCATION}&query=zoe");
    let listed = api.get(&path).await;
    assert_eq!(listed["count"], 1);
}

#[tokio::test]
async fn tags_and_followers_are_added_and_removed() {
    let api = Api::start().await;
    let id = api.seed().contacts(LOCATION, 1).remove(0);
    let path = format!("/contacts/{id}/tags");
    let added = api.post(&path, json!({ "tags": ["VIP", "new"] })).await;
    assert_eq!(added["tags"], json!(["vip", "new"]));
    let added = api.post(&path, json!({ "tags": ["vip"] })).await;
    assert_eq!(added["tagsAdded"], json!([]));
    let removed = api.delete(&path, json!({ "tags": ["new"] })).await;
    assert_eq!(removed["tags"], json!(["vip"]));
    let tags = api.get(&format!("/locations/{LOCATION}/tags")).await;
    assert_eq!(tags["tags"].as_array().map(Vec::len), Some(2));
    let path = format!("/contacts/{id}/followers");
    let added = api.post(&path, json!({ "followers": ["u1", "u2"] })).await;
    assert_eq!(added["followersAdded"], json!(["u1", "u2"]));
    let removed = api.delete(&path, json!({ "followers": ["u1"] })).await;
    assert_eq!(removed["followers"], json!(["u2"]));
    let bulk = json!({ "locationId": LOCATION, "contacts": [id, "absent"], "tags": ["late"] });
    let bulk = api.post("/contacts/bulk/tags/update/add", bulk).await;
    assert_eq!(bulk["errorCount"], 1);
    let contact = api.get(&format!("/contacts/{id}")).await;
    assert_eq!(contact["contact"]["tags"], json!(["vip", "late"]));
}

#[tokio::test]
async fn sent_message_creates_a_conversation() {
    let api = Api::start().await;
    let id = api.seed().contacts(LOCATION, 1).remove(0);
    let body = json!({ "type": "SMS", "contactId": id, "message": "Hello", "status": "delivered", "subType": "Email" });
    if !declares("POST", "/conversations/messages", &body) {
        return;
    }
    let sent = api.post("/conversations/messages", body.clone()).await;
    let again = api.post("/conversations/messages", body).await;
    assert_eq!(sent["conversationId"], again["conversationId"]);
    assert_ne!(sent["messageId"], again["messageId"]);
    let conversation = sent["conversationId"].as_str().expect("an id");
    let inbound = json!({ "type": "SMS", "contactId": id, "conversationId": conversation,
                          "conversationProviderId": "provider", "message": "Hi there" });
    api.post("/conversations/messages/inbound", inbound).await;
    let path = format!("/conversations/{conversation}/messages");
    let messages = api.get(&path).await;
    let bodies: Vec<_> = messages["messages"]["messages"]
        .as_array()
        .expect("messages")
        .iter()
        .map(|m| &m["body"])
        .collect();
    assert_eq!(bodies, ["Hi there", "Hello", "Hello"]);
    let path = format!("/conversations/search?locationId={LOCATION}");
    let listed = api.get(&path).await;
    assert_eq!(listed["conversations"][0]["lastMessageBody"], "Hi there");
    assert_eq!(listed["conversations"][0]["unreadCount"], 1);
    api.delete(&format!("/contacts/{id}"), Value::Null).await;
    let path = format!("/conversations/{conversation}");
    let reply = api.send(Method::GET, &path, &Value::Null).await;
    reply.refused(404, "Conversation not found");
}

#[tokio::test]
async fn inbound_message_requires_a_conversation_or_a_contact() {
    let api = Api::start().await;
    let contact = api.seed().contacts(LOCATION, 1).remove(0);
    let body = json!({ "type": "SMS", "contactId": contact, "message": "Hello", "conversationProviderId": "p1" });
    let path = "/conversations/messages/inbound";
    if !declares("POST", path, &body) {
        return;
    }
    let first = api.post(path, body).await;
    let id = &first["conversationId"];
    let body =
        json!({ "type": "Custom", "conversationId": id, "altId": "ext-1", "direction": "inbound" });
    let second = api.post(path, body).await;
    assert_eq!(&second["conversationId"], id);
    let reply = api
        .send(Method::POST, path, &json!({ "type": "SMS" }))
        .await;
    reply.refused(400, "Contact not found for id:");
}

#[tokio::test]
async fn appointment_removes_its_free_slot() {
    let api = Api::start().await;
    let contact = api.seed().contacts(LOCATION, 1).remove(0);
    let calendar = api.seed().calendars(LOCATION, 1).remove(0);
    let path =
        format!("/calendars/{calendar}/free-slots?startDate=1773446400000&endDate=1773532799000");
    let slots = api.get(&path).await;
    assert_eq!(
        slots["2026-03-14"]["slots"].as_array().map(Vec::len),
        Some(16)
    );
    let body = json!({ "locationId": LOCATION, "contactId": contact, "calendarId": calendar,
                       "startTime": "2026-03-14T10:00:00.000Z" });
    api.post("/calendars/events/appointments", body).await;
    let slots = api.get(&path).await;
    let left = slots["2026-03-14"]["slots"].as_array().expect("slots");
    assert_eq!(left.len(), 15);
    assert!(!left.contains(&json!("2026-03-14T10:00:00.000Z")));
}

#[tokio::test]
async fn payments_change_the_status_of_an_invoice() {
    let api = Api::start().await;
    let invoice = api
        .seed()
        .item("invoices", LOCATION, &json!({ "total": 100 }));
    let path = format!("/invoices/{invoice}/record-payment");
    let pay = |amount: u32| {
        json!({ "altId": LOCATION, "altType": "location", "mode": "cash", "amount": amount, "notes": "thanks",
                "card": { "brand": "visa", "last4": "1234" }, "cheque": { "number": "1" } })
    };
    let paid = api.post(&path, pay(60)).await;
    assert_eq!(
        (&paid["invoice"]["status"], &paid["invoice"]["amountDue"]),
        (&json!("partially_paid"), &json!(40))
    );
    let paid = api.post(&path, pay(40)).await;
    assert_eq!(paid["invoice"]["status"], "paid");
}

#[tokio::test]
async fn uploaded_file_is_listed() {
    let api = Api::start().await;
    let part = reqwest::header::HeaderValue::from_static("multipart/form-data; boundary=b");
    let body = "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"cat.png\"\r\n\r\nmeow\r\n--b--\r\n";
    let request = call(
        &api.client,
        &api.mock,
        Method::POST,
        "/medias/upload-file",
        TOKEN,
    );
    let reply = Reply::of(request.header("content-type", part).body(body)).await;
    let file = reply.json()["fileId"].clone();
    let path = format!(
        "/medias/files?altId={LOCATION}&altType=location&type=file&sortBy=name&sortOrder=asc"
    );
    let files = api.get(&path).await;
    assert_eq!(
        (&files["files"][0]["_id"], &files["files"][0]["name"]),
        (&file, &json!("cat.png"))
    );
}

#[tokio::test]
async fn unknown_ids_are_rejected() {
    let api = Api::start().await;
    for (path, status, message) in [
        ("/contacts/absent", 400, "Contact not found for id:absent"),
        (
            "/contacts/absent/tasks",
            400,
            "Contact not found for id:absent",
        ),
        ("/opportunities/none", 404, "Opportunity not found"),
        (
            "/payments/orders/none?altId=mockLocation00000001",
            404,
            "Order not found",
        ),
        ("/users/none", 401, "The user does not exist."),
    ] {
        let reply = api.send(Method::GET, path, &Value::Null).await;
        reply.refused(status, message);
    }
    let body = json!({ "locationId": LOCATION, "contactId": "absent" });
    let reply = api.send(Method::POST, "/conversations/", &body).await;
    reply.refused(400, "Contact not found for id:absent");
}

#[tokio::test]
async fn equal_seeds_create_equal_ids() {
    let ids = async |seed: u64| {
        let api = Api::start_with(Mock::builder().seed(seed)).await;
        api.seed().contacts(LOCATION, 5)
    };
    assert_eq!(ids(7).await, ids(7).await);
    assert_ne!(ids(7).await, ids(8).await);
    let api = Api::start().await;
    for name in Seeder::collections() {
        assert_eq!(api.seed().items(name, LOCATION, 2).len(), 2, "{name}");
    }
}

/// The process also has the servers of other tests, so the test measures the memory that seeding
/// adds.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_hundred_thousand_contacts_fit_into_200_mib() {
    fn resident() -> u64 {
        let status = std::fs::read_to_string("/proc/self/status").expect("a status");
        let line = status.lines().find(|line| line.starts_with("VmRSS:"));
        let kib = line.and_then(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok());
        kib.expect("a size") / 1024
    }
    let api = Api::start().await;
    let before = resident();
    let ids = api.seed().contacts(LOCATION, 100_000);
    let added = resident().saturating_sub(before);
    assert!(added < 200, "{added} MiB");
    let path = format!("/contacts/{}", ids[77_777]);
    let one = api.get(&path).await;
    assert_eq!(one["contact"]["id"], ids[77_777]);
    let path = format!("/contacts/?locationId={LOCATION}&query=.99999%40");
    let found = api.get(&path).await;
    assert_eq!(found["count"], 1);
}
