//! What is created is listed, read, changed, found, deleted, and gone; per location.

use hoopai_mock::{LOCATION, Mock, Seeder, TOKEN, TokenSpec};
use reqwest::{Client, Method};
use serde_json::{Value, json};

use crate::lives::{Life, lives};
use crate::support::{Reply, call, client};

async fn started() -> (Mock, Client) {
    let mock = Mock::builder()
        .token(TOKEN)
        .token_with("pit-other", TokenSpec::location("otherLocation0000001"))
        .start()
        .await
        .expect("a server");
    (mock, client())
}

/// A request, with a body unless it is null.
async fn send(client: &Client, mock: &Mock, method: Method, path: &str, body: Value) -> Reply {
    let request = call(client, mock, method, path, TOKEN);
    Reply::of(if body.is_null() {
        request
    } else {
        request.json(&body)
    })
    .await
}

/// The same, which is to go well; its body.
#[track_caller]
fn good(reply: &Reply) -> Value {
    assert!(reply.status < 300, "{} {}", reply.status, reply.text);
    reply.json()
}

/// Whether a list has an item of that id; its field.
fn among<'v>(body: &'v Value, at: &str, life: &Life, id: &str) -> Option<&'v Value> {
    let items = body.pointer(at).and_then(Value::as_array);
    let items = items.unwrap_or_else(|| panic!("{}: no {at} in {body}", life.name));
    items.iter().find(|item| item[life.id] == id)
}

#[tokio::test]
async fn each_thing_lives_and_dies() {
    for life in lives() {
        // A location that is created is none of those that the usual token is good for.
        let builder = match life.name {
            "location" => Mock::builder().token_with(TOKEN, TokenSpec::everything()),
            _ => Mock::builder(),
        };
        let (mock, client) = (builder.start().await.expect("a server"), client());
        let parent = match life.parent {
            "" => String::new(),
            parent => mock.seed().items(parent, LOCATION, 1).remove(0),
        };
        let path = |path: &str, id: &str| path.replace("{P}", &parent).replace("{}", id);
        let name = life.name;
        let (create, body) = &life.create;
        let body: Value = body
            .to_string()
            .replace("{P}", &parent)
            .parse()
            .expect("JSON");
        let made = good(
            &send(
                &client,
                &mock,
                Method::POST,
                &path(create, ""),
                body.clone(),
            )
            .await,
        );
        let made = made
            .pointer(life.at)
            .unwrap_or_else(|| panic!("{name}: nothing at {} in {made}", life.at));
        let id = made[life.id]
            .as_str()
            .unwrap_or_else(|| panic!("{name}: no id in {made}"))
            .to_owned();
        if let Some((list, at)) = life.list {
            let listed =
                good(&send(&client, &mock, Method::GET, &path(list, ""), Value::Null).await);
            assert!(
                among(&listed, at, &life, &id).is_some(),
                "{name}: not in {listed}"
            );
        }
        if let Some((get, at)) = life.get {
            let got = good(&send(&client, &mock, Method::GET, &path(get, &id), Value::Null).await);
            assert_eq!(
                got.pointer(at).map(|item| &item[life.id]),
                Some(&json!(id)),
                "{name}"
            );
        }
        if let Some((update, body)) = &life.update {
            good(
                &send(
                    &client,
                    &mock,
                    Method::PUT,
                    &path(update, &id),
                    body.clone(),
                )
                .await,
            );
        }
        let (field, value) = &life.changed;
        if let Some((get, at)) = life.get {
            let got = good(&send(&client, &mock, Method::GET, &path(get, &id), Value::Null).await);
            assert_eq!(
                got.pointer(at).map(|item| &item[*field]),
                Some(value),
                "{name}: {got}"
            );
        }
        let Some((delete, body)) = &life.delete else {
            continue;
        };
        good(
            &send(
                &client,
                &mock,
                Method::DELETE,
                &path(delete, &id),
                body.clone(),
            )
            .await,
        );
        let (status, words) = life.gone;
        if let Some((get, _)) = life.get {
            let gone = send(&client, &mock, Method::GET, &path(get, &id), Value::Null).await;
            gone.refused(status, words);
        }
        let again = send(
            &client,
            &mock,
            Method::DELETE,
            &path(delete, &id),
            body.clone(),
        )
        .await;
        again.refused(status, words);
        if let Some((list, at)) = life.list {
            let listed =
                good(&send(&client, &mock, Method::GET, &path(list, ""), Value::Null).await);
            assert!(
                among(&listed, at, &life, &id).is_none(),
                "{name}: still in {listed}"
            );
        }
    }
}

#[tokio::test]
async fn what_one_location_has_another_has_not() {
    let (mock, client) = started().await;
    let ids = mock.seed().contacts(LOCATION, 3);
    let other = mock.seed().contacts("otherLocation0000001", 1);
    let path = "/contacts/?locationId=otherLocation0000001";
    let listed = Reply::of(call(&client, &mock, Method::GET, path, "pit-other")).await;
    let listed = good(&listed);
    assert_eq!(listed["contacts"].as_array().map(Vec::len), Some(1));
    assert_eq!(listed["contacts"][0]["id"], other[0]);
    let path = format!("/contacts/{}", ids[0]);
    let foreign = Reply::of(call(&client, &mock, Method::GET, &path, "pit-other")).await;
    foreign.refused(403, "The token does not have access to this location.");
    let path = format!("/contacts/{}", other[0]);
    let own = Reply::of(call(&client, &mock, Method::GET, &path, "pit-other")).await;
    assert_eq!(own.status, 200, "{}", own.text);
    let path = "/locations/otherLocation0000001";
    let own = Reply::of(call(&client, &mock, Method::GET, path, "pit-other")).await;
    good(&own);
}

#[tokio::test]
async fn a_contact_is_there_once() {
    let (mock, client) = started().await;
    let ada = json!({ "locationId": LOCATION, "firstName": "Ada", "lastName": "Okafor",
                      "email": "ada@example.com", "phone": "+15550100001" });
    let made = good(&send(&client, &mock, Method::POST, "/contacts/", ada.clone()).await);
    for (field, value) in [("email", "ADA@example.com"), ("phone", "+15550100001")] {
        let again = json!({ "locationId": LOCATION, field: value });
        let reply = send(&client, &mock, Method::POST, "/contacts/", again.clone()).await;
        reply.refused(400, "This location does not allow duplicated contacts.");
        let meta = json!({ "contactId": made["contact"]["id"], "contactName": "Ada Okafor", "matchingField": field });
        assert_eq!(reply.json()["meta"], meta);
        let upserted = good(&send(&client, &mock, Method::POST, "/contacts/upsert", again).await);
        assert_eq!(upserted["new"], false);
        assert_eq!(upserted["contact"]["id"], made["contact"]["id"]);
    }
    let new = json!({ "locationId": LOCATION, "email": "bela@example.com" });
    let upserted = good(&send(&client, &mock, Method::POST, "/contacts/upsert", new).await);
    assert_eq!(upserted["new"], true);
    let path = format!("/contacts/search/duplicate?locationId={LOCATION}&email=bela%40example.com");
    let found = good(&send(&client, &mock, Method::GET, &path, Value::Null).await);
    assert_eq!(found["contact"]["id"], upserted["contact"]["id"]);
    let path = format!("/contacts/search/duplicate?locationId={LOCATION}&email=none%40example.com");
    let none = good(&send(&client, &mock, Method::GET, &path, Value::Null).await);
    assert_eq!(none["contact"], Value::Null);
}

#[tokio::test]
async fn searches_find() {
    let (mock, client) = started().await;
    mock.seed().contacts(LOCATION, 50);
    mock.seed().item(
        "contacts",
        LOCATION,
        &json!({ "firstName": "Zoe", "tags": ["vip"], "email": "zoe@example.com" }),
    );
    let found = async |body: Value| {
        let reply = send(&client, &mock, Method::POST, "/contacts/search", body).await;
        good(&reply)["contacts"].as_array().map_or(0, Vec::len)
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
    assert_eq!(found(search(json!({ "query": "nobody" }))).await, 0);
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
    let reply = send(
        &client,
        &mock,
        Method::POST,
        "/contacts/search",
        search(one("email", "like", "x")),
    )
    .await;
    reply.refused(400, "Invalid operator like");
    let path = format!("/contacts/?locationId={LOCATION}&query=zoe");
    let listed = good(&send(&client, &mock, Method::GET, &path, Value::Null).await);
    assert_eq!(listed["count"], 1);
}

#[tokio::test]
async fn tags_and_followers_are_members() {
    let (mock, client) = started().await;
    let id = mock.seed().contacts(LOCATION, 1).remove(0);
    let path = format!("/contacts/{id}/tags");
    let added = good(
        &send(
            &client,
            &mock,
            Method::POST,
            &path,
            json!({ "tags": ["VIP", "new"] }),
        )
        .await,
    );
    assert_eq!(added["tags"], json!(["vip", "new"]));
    let added = good(
        &send(
            &client,
            &mock,
            Method::POST,
            &path,
            json!({ "tags": ["vip"] }),
        )
        .await,
    );
    assert_eq!(added["tagsAdded"], json!([]));
    let removed = good(
        &send(
            &client,
            &mock,
            Method::DELETE,
            &path,
            json!({ "tags": ["new"] }),
        )
        .await,
    );
    assert_eq!(removed["tags"], json!(["vip"]));
    let known = good(
        &send(
            &client,
            &mock,
            Method::GET,
            &format!("/locations/{LOCATION}/tags"),
            Value::Null,
        )
        .await,
    );
    assert_eq!(known["tags"].as_array().map(Vec::len), Some(2));
    let path = format!("/contacts/{id}/followers");
    let added = good(
        &send(
            &client,
            &mock,
            Method::POST,
            &path,
            json!({ "followers": ["u1", "u2"] }),
        )
        .await,
    );
    assert_eq!(added["followersAdded"], json!(["u1", "u2"]));
    let removed = good(
        &send(
            &client,
            &mock,
            Method::DELETE,
            &path,
            json!({ "followers": ["u1"] }),
        )
        .await,
    );
    assert_eq!(removed["followers"], json!(["u2"]));
    let bulk = json!({ "locationId": LOCATION, "contacts": [id, "nobody"], "tags": ["late"] });
    let bulk = good(
        &send(
            &client,
            &mock,
            Method::POST,
            "/contacts/bulk/tags/update/add",
            bulk,
        )
        .await,
    );
    assert_eq!(bulk["errorCount"], 1);
    let contact = good(
        &send(
            &client,
            &mock,
            Method::GET,
            &format!("/contacts/{id}"),
            Value::Null,
        )
        .await,
    );
    assert_eq!(contact["contact"]["tags"], json!(["vip", "late"]));
}

#[tokio::test]
async fn a_message_makes_a_conversation() {
    let (mock, client) = started().await;
    let id = mock.seed().contacts(LOCATION, 1).remove(0);
    let body = json!({ "type": "SMS", "contactId": id, "message": "Hello", "status": "delivered", "subType": "Email" });
    let sent = good(
        &send(
            &client,
            &mock,
            Method::POST,
            "/conversations/messages",
            body.clone(),
        )
        .await,
    );
    let again = good(
        &send(
            &client,
            &mock,
            Method::POST,
            "/conversations/messages",
            body,
        )
        .await,
    );
    assert_eq!(sent["conversationId"], again["conversationId"]);
    assert_ne!(sent["messageId"], again["messageId"]);
    let conversation = sent["conversationId"].as_str().expect("an id");
    let inbound = json!({ "type": "SMS", "contactId": id, "conversationId": conversation,
                          "conversationProviderId": "provider", "message": "Hi there" });
    good(
        &send(
            &client,
            &mock,
            Method::POST,
            "/conversations/messages/inbound",
            inbound,
        )
        .await,
    );
    let path = format!("/conversations/{conversation}/messages");
    let messages = good(&send(&client, &mock, Method::GET, &path, Value::Null).await);
    let bodies: Vec<_> = messages["messages"]["messages"]
        .as_array()
        .expect("messages")
        .iter()
        .map(|m| &m["body"])
        .collect();
    assert_eq!(bodies, ["Hi there", "Hello", "Hello"]);
    let path = format!("/conversations/search?locationId={LOCATION}");
    let listed = good(&send(&client, &mock, Method::GET, &path, Value::Null).await);
    assert_eq!(listed["conversations"][0]["lastMessageBody"], "Hi there");
    assert_eq!(listed["conversations"][0]["unreadCount"], 1);
    good(
        &send(
            &client,
            &mock,
            Method::DELETE,
            &format!("/contacts/{id}"),
            Value::Null,
        )
        .await,
    );
    let gone = send(
        &client,
        &mock,
        Method::GET,
        &format!("/conversations/{conversation}"),
        Value::Null,
    )
    .await;
    gone.refused(404, "Conversation not found");
}

#[tokio::test]
async fn an_inbound_message_needs_a_conversation_or_a_contact_alone() {
    let (mock, client) = started().await;
    let contact = mock.seed().contacts(LOCATION, 1).remove(0);
    let body = json!({ "type": "SMS", "contactId": contact, "message": "Hello", "conversationProviderId": "p1" });
    let path = "/conversations/messages/inbound";
    let first = good(&send(&client, &mock, Method::POST, path, body).await);
    let id = &first["conversationId"];
    let body =
        json!({ "type": "Custom", "conversationId": id, "altId": "ext-1", "direction": "inbound" });
    let second = good(&send(&client, &mock, Method::POST, path, body).await);
    assert_eq!(&second["conversationId"], id);
    let reply = send(&client, &mock, Method::POST, path, json!({ "type": "SMS" })).await;
    reply.refused(400, "Contact not found for id:");
}

#[tokio::test]
async fn an_appointment_takes_its_slot() {
    let (mock, client) = started().await;
    let contact = mock.seed().contacts(LOCATION, 1).remove(0);
    let calendar = mock.seed().calendars(LOCATION, 1).remove(0);
    let path =
        format!("/calendars/{calendar}/free-slots?startDate=1773446400000&endDate=1773532799000");
    let slots = good(&send(&client, &mock, Method::GET, &path, Value::Null).await);
    assert_eq!(
        slots["2026-03-14"]["slots"].as_array().map(Vec::len),
        Some(16)
    );
    let body = json!({ "locationId": LOCATION, "contactId": contact, "calendarId": calendar,
                       "startTime": "2026-03-14T10:00:00.000Z" });
    good(
        &send(
            &client,
            &mock,
            Method::POST,
            "/calendars/events/appointments",
            body,
        )
        .await,
    );
    let slots = good(&send(&client, &mock, Method::GET, &path, Value::Null).await);
    let left = slots["2026-03-14"]["slots"].as_array().expect("slots");
    assert_eq!(left.len(), 15);
    assert!(!left.contains(&json!("2026-03-14T10:00:00.000Z")));
}

#[tokio::test]
async fn an_invoice_is_paid_and_a_file_is_there() {
    let (mock, client) = started().await;
    let invoice = mock
        .seed()
        .item("invoices", LOCATION, &json!({ "total": 100 }));
    let path = format!("/invoices/{invoice}/record-payment");
    let pay = |amount: u32| {
        json!({ "altId": LOCATION, "altType": "location", "mode": "cash", "amount": amount, "notes": "thanks",
                "card": { "brand": "visa", "last4": "1234" }, "cheque": { "number": "1" } })
    };
    let paid = good(&send(&client, &mock, Method::POST, &path, pay(60)).await);
    assert_eq!(
        (&paid["invoice"]["status"], &paid["invoice"]["amountDue"]),
        (&json!("partially_paid"), &json!(40))
    );
    let paid = good(&send(&client, &mock, Method::POST, &path, pay(40)).await);
    assert_eq!(paid["invoice"]["status"], "paid");

    let part = reqwest::header::HeaderValue::from_static("multipart/form-data; boundary=b");
    let body = "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"cat.png\"\r\n\r\nmeow\r\n--b--\r\n";
    let request = call(&client, &mock, Method::POST, "/medias/upload-file", TOKEN);
    let reply = Reply::of(request.header("content-type", part).body(body)).await;
    let file = good(&reply)["fileId"].clone();
    let path = format!(
        "/medias/files?altId={LOCATION}&altType=location&type=file&sortBy=name&sortOrder=asc"
    );
    let files = good(&send(&client, &mock, Method::GET, &path, Value::Null).await);
    assert_eq!(
        (&files["files"][0]["_id"], &files["files"][0]["name"]),
        (&file, &json!("cat.png"))
    );
}

#[tokio::test]
async fn unknown_ids_are_told_of() {
    let (mock, client) = started().await;
    for (path, status, words) in [
        ("/contacts/nobody", 400, "Contact not found for id:nobody"),
        (
            "/contacts/nobody/tasks",
            400,
            "Contact not found for id:nobody",
        ),
        ("/opportunities/none", 404, "Opportunity not found"),
        (
            "/payments/orders/none?altId=mockLocation00000001",
            404,
            "Order not found",
        ),
        ("/users/none", 401, "The user does not exist."),
    ] {
        send(&client, &mock, Method::GET, path, Value::Null)
            .await
            .refused(status, words);
    }
    let body = json!({ "locationId": LOCATION, "contactId": "nobody" });
    let reply = send(&client, &mock, Method::POST, "/conversations/", body).await;
    reply.refused(400, "Contact not found for id:nobody");
}

#[tokio::test]
async fn the_same_seed_makes_the_same() {
    let ids = async |seed: u64| {
        let mock = Mock::builder().seed(seed).start().await.expect("a server");
        mock.seed().contacts(LOCATION, 5)
    };
    assert_eq!(ids(7).await, ids(7).await);
    assert_ne!(ids(7).await, ids(8).await);
    let mock = Mock::builder().start().await.expect("a server");
    for name in Seeder::collections() {
        assert_eq!(mock.seed().items(name, LOCATION, 2).len(), 2, "{name}");
    }
}

/// The process holds the other tests' servers as well, so what is measured is what seeding adds.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_hundred_thousand_contacts_are_small() {
    fn resident() -> u64 {
        let status = std::fs::read_to_string("/proc/self/status").expect("a status");
        let line = status.lines().find(|line| line.starts_with("VmRSS:"));
        let kib = line.and_then(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok());
        kib.expect("a size") / 1024
    }
    let (mock, client) = started().await;
    let before = resident();
    let ids = mock.seed().contacts(LOCATION, 100_000);
    let added = resident().saturating_sub(before);
    assert!(added < 200, "{added} MiB");
    let path = format!("/contacts/{}", ids[77_777]);
    let one = good(&send(&client, &mock, Method::GET, &path, Value::Null).await);
    assert_eq!(one["contact"]["id"], ids[77_777]);
    let path = format!("/contacts/?locationId={LOCATION}&query=.99999%40");
    let found = good(&send(&client, &mock, Method::GET, &path, Value::Null).await);
    assert_eq!(found["count"], 1);
}
