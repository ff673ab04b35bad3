//! Seeds: wrong seeds panic and suggest what is right; items of right seeds reference each other.
//! Seeded items are read by hand-written requests.

use hoopai_mock::serde_json::{Value, json};
use hoopai_mock::{LOCATION, Seeder};
use hoopai_test_support::interface::declares;
use reqwest::Method;

use crate::api::Api;
use crate::operation_patterns::panic_of;

const OTHER: &str = "otherLocation0000001";

const PAID_ORDERS: &str = "/payments/orders?altId={L}&paymentStatus=paid";

#[tokio::test]
async fn unknown_collections_panic_with_the_closest_names() {
    let api = Api::start().await;
    for (name, closest) in [
        ("contactz", "`contacts`"),
        ("Contacts", "`contacts`"),
        ("custom_fields", "`custom-fields`"),
        ("opportunity", "`opportunities`"),
        ("", "`Seeder::collections` lists them all"),
        ("zebra", "`Seeder::collections` lists them all"),
    ] {
        let seed = || api.seed();
        for text in [
            panic_of(|| seed().items(name, LOCATION, 1)),
            panic_of(|| seed().items_of(name, LOCATION, "x", 1)),
            panic_of(|| seed().item(name, LOCATION, &json!({}))),
        ] {
            assert!(
                text.contains(&format!("no collection is called `{name}`")),
                "{text}"
            );
            assert!(text.contains(closest), "{text}");
        }
    }
}

/// Seeds an item of the location.
fn item(api: &Api, collection: &str, fields: Value) -> String {
    api.seed().item(collection, LOCATION, &fields)
}

/// Wrong seeds: the collection, the fields, and a part of the error.
const WRONG: &[&str] = &[
    r#"contacts { "fristName": "Ada" } => there is no field `fristName`; closest: `firstName`"#,
    r#"contacts { "first_name": "Ada" } => closest: `firstName`"#,
    r#"contacts { "tag": ["vip"] } => closest: `tags`"#,
    r#"contacts { "tags": "vip" } => tags must be an array"#,
    r#"contacts { "tags": [1] } => must be a string"#,
    r#"contacts { "firstName": 3 } => firstName must be a string"#,
    r#"contacts { "dnd": "yes" } => dnd must be a boolean value"#,
    r#"contacts { "customFields": [{ "idd": "x" }] } => customFields.0.property idd should not exist"#,
    r#"contacts { "dateAdded": "yesterday" } => `dateAdded` is no time"#,
    r#"contacts { "locationId": "otherLocation0000001" } => `locationId` is `otherLocation0000001`"#,
    r#"contacts [] => must be an object"#,
    r#"opportunities { "monetaryValue": "100" } => monetaryValue must be a number"#,
    r#"opportunities { "contactId": "absent" } => has no such item in `contacts`; seed it first"#,
    r#"opportunities { "pipelineId": "none" } => has no such item in `pipelines`"#,
    r#"opportunities { "pipelineStageId": "none" } => is in no `stages` of `pipelines`"#,
    r#"opportunities { "contact": { "name": "Ada" } } => seed it there"#,
    r#"conversations { "contactName": "Ada" } => a copy from the item of `contacts` that `contactId` names"#,
    r#"messages { "conversationId": "none" } => has no such item in `conversations`"#,
    r#"appointments { "calendarId": "none" } => has no such item in `calendars`"#,
    r#"appointments { "startTime": 3 } => startTime must be a string"#,
    r#"transactions { "entityId": "none" } => has no such item in `orders` or `invoices`"#,
    r#"transactions { "entityType": "invoice", "entityId": "none" } => has no such item in `invoices`"#,
    r#"records { "objectKey": "custom_objects.none" } => has no such item in `objects`"#,
    r#"users { "password": "secret" } => `password` is not stored"#,
    r#"invoices { "id": "x" } => `id` is not stored"#,
];

#[tokio::test]
async fn wrong_fields_panic_with_all_errors() {
    for wrong in WRONG {
        let (collection, wrong) = wrong.split_once(' ').expect("a collection");
        let (fields, error) = wrong.split_once(" => ").expect("an error");
        let fields: Value = fields.parse().expect("JSON");
        let api = Api::start().await;
        let text = panic_of(|| api.seed().item(collection, LOCATION, &fields));
        assert!(text.contains(error), "{collection} {fields}: {text}");
        assert!(text.contains(&format!("`{collection}`")), "{text}");
        // The server still works and has no item of the wrong seed.
        let shown = api.seed().items(collection, LOCATION, 1);
        assert_eq!(shown.len(), 1);
    }
    let api = Api::start().await;
    let text = panic_of(|| {
        let wrong = json!({ "fristName": "Ada", "tags": "vip" });
        api.seed().item("contacts", LOCATION, &wrong)
    });
    assert!(
        text.contains("fristName") && text.contains("tags must be an array"),
        "all at once: {text}"
    );
    let text = panic_of(|| api.seed().items_of("contacts", LOCATION, "x", 1));
    assert!(text.contains("have no parent"), "{text}");
    let foreign = api.seed().contacts(OTHER, 1).remove(0);
    for text in [
        panic_of(|| api.seed().items_of("tasks", LOCATION, &foreign, 1)),
        panic_of(|| item(&api, "opportunities", json!({ "contactId": foreign }))),
    ] {
        assert!(text.contains("has no such item in `contacts`"), "{text}");
    }
    let text = panic_of(|| item(&api, "contacts", json!({ "id": foreign })));
    assert!(
        text.contains("is in `otherLocation0000001` already"),
        "{text}"
    );
}

#[tokio::test]
async fn seeded_items_are_returned_by_requests() {
    let api = Api::start().await;
    let seed = api.seed();
    let fields = json!({
        "id": "ada", "name": "Ada Okafor", "email": "ada@example.com", "tags": ["vip"], "dateOfBirth": "1990-01-02",
        "customFields": [{ "id": "plan", "value": "Gold" }, { "id": "size", "field_value": 12 }],
        "dateAdded": "2024-05-06T07:08:09.000Z", "dateUpdated": 1_715_000_000_000_u64, "phone": null, "city": "Rome",
    });
    assert_eq!(seed.item("contacts", LOCATION, &fields), "ada");
    let contact = &api.get("/contacts/ada").await["contact"];
    for (field, value) in [
        ("firstName", json!("Ada")),
        ("lastName", json!("Okafor")),
        ("dateAdded", json!("2024-05-06T07:08:09.000Z")),
        ("dateUpdated", json!("2024-05-06T12:53:20.000Z")),
        ("city", json!("Rome")),
        ("phone", Value::Null),
    ] {
        assert_eq!(contact[field], value, "{field}: {contact}");
    }
    // Lists are sorted by the time of creation, not by the order of the seeds.
    for id in ["old", "old2"] {
        let fields = json!({ "id": id, "dateAdded": "2020-01-01" });
        item(&api, "contacts", fields);
    }
    item(&api, "contacts", json!({ "id": "new" }));
    let path = format!("/contacts/?locationId={LOCATION}&limit=10");
    let listed = api.get(&path).await;
    let listed = listed["contacts"].as_array().expect("contacts");
    let ids: Vec<_> = listed.iter().map(|contact| &contact["id"]).collect();
    assert_eq!(ids, ["new", "ada", "old2", "old"]);
    // A seed of the same id replaces the item.
    item(&api, "contacts", json!({ "id": "ada", "firstName": "Eve" }));
    assert_eq!(
        api.get("/contacts/ada").await["contact"]["firstName"],
        "Eve"
    );
    // The interface declares no fields of funnels, so all fields are accepted.
    item(&api, "funnels", json!({ "anything": { "goes": 1 } }));
}

/// The items that a location has of a collection, as list requests return them.
struct Listed(Vec<Value>);

impl Listed {
    async fn of(api: &Api, path: &str, at: &str) -> Self {
        let body = api.get(&path.replace("{L}", LOCATION)).await;
        let list = body.pointer(at).and_then(Value::as_array);
        Self(list.unwrap_or_else(|| panic!("no {at} in {body}")).clone())
    }

    fn find(&self, id: &Value) -> &Value {
        let is = |item: &&Value| item["id"] == *id || item["_id"] == *id || item["key"] == *id;
        self.0
            .iter()
            .find(is)
            .unwrap_or_else(|| panic!("no {id} in {:?}", self.0))
    }
}

#[tokio::test]
async fn seeded_opportunities_reference_pipelines_and_contacts() {
    for pipelines in [0, 1, 2] {
        let api = Api::start().await;
        let seed = api.seed();
        seed.pipelines(LOCATION, pipelines);
        seed.pipelines(OTHER, 2);
        seed.contacts(OTHER, 2);
        seed.opportunities(LOCATION, 7);
        let path = "/opportunities/pipelines?locationId={L}";
        let pipelines = Listed::of(&api, path, "/pipelines").await;
        let contacts = Listed::of(&api, "/contacts/?locationId={L}", "/contacts").await;
        let path = "/opportunities/search?location_id={L}";
        let deals = Listed::of(&api, path, "/opportunities").await;
        assert_eq!(deals.0.len(), 7);
        for deal in &deals.0 {
            let stages = &pipelines.find(&deal["pipelineId"])["stages"];
            let stages = Listed(stages.as_array().expect("stages").clone());
            stages.find(&deal["pipelineStageId"]);
            let contact = contacts.find(&deal["contactId"]);
            assert_eq!(deal["contact"]["email"], contact["email"]);
        }
        // The stage belongs to the pipeline.
        let stage = &pipelines.0[0]["stages"][1]["id"];
        let id = item(&api, "opportunities", json!({ "pipelineStageId": stage }));
        let deal = &api.get(&format!("/opportunities/{id}")).await["opportunity"];
        assert_eq!(deal["pipelineId"], pipelines.0[0]["id"]);
    }
}

#[tokio::test]
async fn seeded_messages_reference_conversations_of_their_contacts() {
    let api = Api::start().await;
    let seed = api.seed();
    let messages = seed.items("messages", LOCATION, 5);
    let search = "/conversations/search?locationId={L}";
    let conversations = Listed::of(&api, search, "/conversations").await;
    let contacts = Listed::of(&api, "/contacts/?locationId={L}", "/contacts").await;
    for id in &messages {
        let message = &api.get(&format!("/conversations/messages/{id}")).await["message"];
        let conversation = conversations.find(&message["conversationId"]);
        assert_eq!(conversation["contactId"], message["contactId"]);
        contacts.find(&message["contactId"]);
    }
    // A conversation shows its last message.
    let message = json!({ "body": "The last", "direction": "inbound", "conversationId": conversations.0[0]["id"] });
    seed.item("messages", LOCATION, &message);
    let shown = Listed::of(&api, search, "/conversations").await;
    assert_eq!(shown.0[0]["lastMessageBody"], "The last");
    assert_eq!(shown.0[0]["id"], conversations.0[0]["id"]);
    // A conversation without messages shows none.
    let empty = seed.conversations(LOCATION, 1).remove(0);
    let empty = api.get(&format!("/conversations/{empty}")).await;
    assert!(
        empty["lastMessageBody"]
            .as_str()
            .unwrap_or_default()
            .is_empty(),
        "{empty}"
    );
    let wrong = json!({ "conversationId": conversations.0[0]["id"], "contactId": "somebody" });
    let text = panic_of(|| seed.item("messages", LOCATION, &wrong));
    assert!(
        text.contains("`contactId` is `somebody`, and the item of `conversations`"),
        "{text}"
    );
}

#[tokio::test]
async fn seeded_appointments_orders_and_invoices_reference_contacts() {
    let api = Api::start().await;
    let seed = api.seed();
    let appointments = seed.appointments(LOCATION, 3);
    seed.orders(LOCATION, 3);
    seed.invoices(LOCATION, 3);
    seed.items("subscriptions", LOCATION, 3);
    seed.submissions(LOCATION, 3);
    let calendars = Listed::of(&api, "/calendars/?locationId={L}", "/calendars").await;
    let contacts = Listed::of(&api, "/contacts/?locationId={L}", "/contacts").await;
    for id in appointments {
        let event = &api
            .get(&format!("/calendars/events/appointments/{id}"))
            .await["appointment"];
        calendars.find(&event["calendarId"]);
        contacts.find(&event["contactId"]);
    }
    for (path, at) in [
        ("/payments/orders?altId={L}", "/data"),
        (
            "/payments/subscriptions?altId={L}&altType=location",
            "/data",
        ),
        ("/forms/submissions?locationId={L}", "/submissions"),
    ] {
        if !declares("GET", path, &Value::Null) {
            continue;
        }
        let items = Listed::of(&api, path, at).await;
        assert_eq!(items.0.len(), 3, "{path}");
        for item in &items.0 {
            let contact = contacts.find(&item["contactId"]);
            let name = item.get("contactName").unwrap_or(&item["name"]);
            assert_eq!(*name, contact["contactName"], "{path}: {item}");
        }
    }
    let path = "/invoices/?altId={L}&altType=location&limit=10&offset=0";
    for invoice in &Listed::of(&api, path, "/invoices").await.0 {
        let contact = contacts.find(&invoice["contactDetails"]["id"]);
        assert_eq!(invoice["contactDetails"]["email"], contact["email"]);
    }
}

#[tokio::test]
async fn seeded_transactions_reference_orders_of_their_contacts() {
    if !declares("GET", PAID_ORDERS, &Value::Null) {
        return;
    }
    let api = Api::start().await;
    let seed = api.seed();
    seed.contacts(LOCATION, 2);
    seed.transactions(LOCATION, 4);
    let orders = Listed::of(&api, "/payments/orders?altId={L}", "/data").await;
    let path = "/payments/transactions?altId={L}&altType=location";
    let transactions = Listed::of(&api, path, "/data").await;
    assert_eq!(transactions.0.len(), 4);
    for transaction in &transactions.0 {
        let order = orders.find(&transaction["entityId"]);
        for field in ["contactId", "contactName", "contactEmail", "amount"] {
            assert_eq!(transaction[field], order[field], "{field}");
        }
    }
    // Paid orders have the status `paid`.
    let paid = Listed::of(&api, PAID_ORDERS, "/data").await;
    let succeeded = |order: &Value| {
        let mut own = transactions
            .0
            .iter()
            .filter(|one| one["entityId"] == order["_id"]);
        own.any(|one| one["status"] == "succeeded")
    };
    assert_eq!(
        paid.0.len(),
        orders.0.iter().filter(|order| succeeded(order)).count()
    );
    assert!(!paid.0.is_empty() && paid.0.iter().all(succeeded));
}

/// A payment of an invoice.
fn payment(amount: Value) -> Value {
    json!({ "altId": LOCATION, "altType": "location", "mode": "cash", "amount": amount, "notes": "thanks",
            "card": { "brand": "visa", "last4": "1234" }, "cheque": { "number": "1" } })
}

#[tokio::test]
async fn recorded_payment_creates_a_transaction() {
    let api = Api::start().await;
    let seed = api.seed();
    let contact = seed.contacts(LOCATION, 1).remove(0);
    let invoice = item(&api, "invoices", json!({ "total": 100.3 }));
    let path = format!("/invoices/{invoice}/record-payment");
    for (amount, status, due) in [
        (json!(60.1), "partially_paid", 40.2),
        (json!(40.2), "paid", 0.0),
    ] {
        let paid = api.send(Method::POST, &path, &payment(amount)).await;
        assert_eq!(paid.status, 200, "{}", paid.text);
        assert_eq!(paid.json()["invoice"]["status"], status);
        assert_eq!(paid.json()["invoice"]["amountDue"].as_f64(), Some(due));
    }
    let transactions =
        format!("/payments/transactions?altId={{L}}&altType=location&entityId={invoice}");
    let made = Listed::of(&api, &transactions, "/data").await;
    let amounts: Vec<_> = made.0.iter().map(|one| &one["amount"]).collect();
    assert_eq!(amounts, [&json!(40.2), &json!(60.1)]);
    for one in &made.0 {
        for (field, value) in [
            ("contactId", json!(contact)),
            ("contactName", json!("Ada Okafor")),
            ("entityType", json!("invoice")),
            ("status", json!("succeeded")),
            ("currency", json!("USD")),
            ("altId", json!(LOCATION)),
        ] {
            assert_eq!(one[field], value, "{field}: {one}");
        }
        let id = one["_id"].as_str().expect("an id");
        let path = format!("/payments/transactions/{id}?altId={LOCATION}&altType=location");
        assert_eq!(api.get(&path).await["amount"], one["amount"]);
    }
    for amount in [json!(0), json!(-1), json!(-1e308)] {
        let reply = api.send(Method::POST, &path, &payment(amount)).await;
        assert_eq!(reply.status, 422, "{}", reply.text);
        assert_eq!(
            reply.json()["message"],
            json!(["amount must be a positive number"])
        );
    }
    assert_eq!(Listed::of(&api, &transactions, "/data").await.0.len(), 2);
    // An invoice that is seeded as paid has a transaction.
    let paid = item(&api, "invoices", json!({ "total": 70, "status": "paid" }));
    let path = format!("/payments/transactions?altId={{L}}&altType=location&entityId={paid}");
    let made = Listed::of(&api, &path, "/data").await;
    assert_eq!((made.0.len(), &made.0[0]["amount"]), (1, &json!(70)));
    let path = format!("/invoices/{paid}?altId={LOCATION}&altType=location");
    let shown = api.get(&path).await;
    assert_eq!(
        (&shown["amountPaid"], &shown["amountDue"]),
        (&json!(70), &json!(0))
    );
}

#[tokio::test]
async fn payments_of_text2pay_invoices_and_orders_create_transactions() {
    let api = Api::start().await;
    let seed = api.seed();
    let contact = seed.contacts(LOCATION, 1).remove(0);
    let roof = json!({ "name": "Roof", "amount": 50, "qty": 2, "currency": "USD" });
    let body = json!({ "altId": LOCATION, "altType": "location", "name": "New", "currency": "USD", "items": [roof],
                       "contactDetails": { "id": contact, "name": "Ada", "phoneNo": "+15550100001", "email": "a@example.com" },
                       "issueDate": "2026-03-14", "sentTo": { "email": ["a@example.com"] }, "liveMode": false, "action": "send",
                       "userId": "u1" });
    let made = api.send(Method::POST, "/invoices/text2pay", &body).await;
    assert!(made.status < 300, "{}", made.text);
    let invoice = made.json()["invoice"]["_id"]
        .as_str()
        .expect("an id")
        .to_owned();
    let order = json!({ "contactId": contact, "amount": 80 });
    let order = item(&api, "orders", order);
    for (id, path, amount) in [
        (&invoice, format!("/invoices/{invoice}/record-payment"), 100),
        (
            &order,
            format!("/payments/orders/{order}/record-payment"),
            80,
        ),
    ] {
        let body = match path.contains("orders") {
            true => json!({ "altId": LOCATION, "altType": "location", "mode": "cash" }),
            false => payment(json!(amount)),
        };
        let paid = api.send(Method::POST, &path, &body).await;
        assert!(paid.status < 300, "{path}: {}", paid.text);
        let path = format!("/payments/transactions?altId={{L}}&altType=location&entityId={id}");
        let made = Listed::of(&api, &path, "/data").await;
        assert_eq!(
            (made.0.len(), &made.0[0]["amount"]),
            (1, &json!(amount)),
            "{path}"
        );
        assert_eq!(made.0[0]["contactId"], contact);
    }
    if !declares("GET", PAID_ORDERS, &Value::Null) {
        return;
    }
    let paid = Listed::of(&api, PAID_ORDERS, "/data").await;
    assert_eq!(paid.0[0]["_id"], order);
}

/// The items exist, and all items that they reference, whatever is seeded first.
#[tokio::test]
async fn every_collection_is_seeded_alone() {
    for name in Seeder::collections() {
        let api = Api::start().await;
        let ids = api.seed().items(name, LOCATION, 3);
        assert_eq!(ids.len(), 3, "{name}");
        let one = api.seed().item(name, LOCATION, &json!({}));
        assert!(!one.is_empty(), "{name}");
    }
}
