//! Filters and sort orders of searches, by the fields that the platform's pages list and by custom
//! fields. Unknown fields are rejected with the recorded error: 400 `Invalid field X`. The requests
//! are hand-written.

use hoopai_mock::LOCATION;
use hoopai_test_support::interface::has_operation;
use reqwest::Method;
use serde_json::{Value, json};

use crate::api::Api;
use crate::support::Reply;

const CONTACTS: &str = "/contacts/search";
const OPPORTUNITIES: &str = "/opportunities/search";
const RECORDS: &str = "/objects/custom_objects.pets/records/search";

/// The fields of a search with one filter.
fn by(field: &str, operator: &str, value: Value) -> Value {
    json!({ "filters": [{ "field": field, "operator": operator, "value": value }] })
}

struct Searches {
    api: Api,
}

impl Searches {
    async fn start() -> Self {
        let api = Api::start().await;
        Self { api }
    }

    fn seed(&self, collection: &str, fields: &Value) {
        let _ = self.api.seed().item(collection, LOCATION, fields);
    }

    async fn send(&self, path: &str, more: &Value) -> Reply {
        let mut body = match path {
            OPPORTUNITIES => {
                json!({ "locationId": LOCATION, "page": 1, "limit": 50, "query": "", "searchAfter": [],
                                     "additionalDetails": { "notes": false, "tasks": false, "calendarEvents": false,
                                                            "unReadConversations": false } })
            }
            RECORDS => {
                json!({ "locationId": LOCATION, "page": 1, "pageLimit": 50, "query": "", "searchAfter": [] })
            }
            _ => json!({ "locationId": LOCATION, "page": 1, "pageLimit": 50 }),
        };
        for (name, value) in more.as_object().into_iter().flatten() {
            body[name] = value.clone();
        }
        self.api.send(Method::POST, path, &body).await
    }

    async fn filter(&self, path: &str, field: &str, operator: &str, value: Value) -> Reply {
        self.send(path, &by(field, operator, value)).await
    }

    /// The names of the items that a filter finds.
    async fn filtered(&self, path: &str, field: &str, operator: &str, value: Value) -> Vec<String> {
        self.names(path, &by(field, operator, value)).await
    }

    /// The names of the items of a reply, in its order.
    async fn names(&self, path: &str, more: &Value) -> Vec<String> {
        let reply = self.send(path, more).await;
        assert!(reply.status < 300, "{path} {more}: {}", reply.text);
        let body = reply.json();
        let list =
            ["contacts", "opportunities", "records"].map(|name| body[name].as_array().cloned());
        let list = list.into_iter().flatten().next().expect("a list");
        let name = |item: &Value| {
            let names = [
                &item["firstName"],
                &item["name"],
                &item["properties"]["name"],
            ];
            let name = names.into_iter().find_map(Value::as_str);
            name.expect("a name").to_owned()
        };
        list.iter().map(name).collect()
    }

    async fn count(&self, path: &str, field: &str, operator: &str, value: Value) -> u64 {
        let reply = self.filter(path, field, operator, value).await;
        assert!(reply.status < 300, "{field} {operator}: {}", reply.text);
        reply.json()["total"].as_u64().expect("a total")
    }
}

#[tokio::test]
async fn unknown_fields_are_rejected() {
    let searches = Searches::start().await;
    searches.api.seed().contacts(LOCATION, 2);
    searches.seed("objects", &json!({ "key": "custom_objects.pets" }));
    for (path, unknown) in [
        // The recorded request.
        (CONTACTS, "additional_phones"),
        (CONTACTS, "emial"),
        (CONTACTS, "first_name"),
        (CONTACTS, "customFields"),
        (CONTACTS, "customFields.nobody"),
        (CONTACTS, "custom_fields.nobody"),
        (CONTACTS, "properties.name"),
        (CONTACTS, ""),
        (OPPORTUNITIES, "pipelineId"),
        (OPPORTUNITIES, "stage"),
        (OPPORTUNITIES, "custom_fields.nobody"),
        (RECORDS, "name"),
        (RECORDS, "properties.colour"),
        (RECORDS, "properties"),
    ] {
        if !has_operation(&format!("POST {path}")) {
            continue;
        }
        let words = format!("Invalid field {unknown}");
        for operator in ["eq", "not_eq", "exists", "nonsense"] {
            let reply = searches.filter(path, unknown, operator, json!("x")).await;
            assert_eq!(reply.status, 400, "{path} {unknown}: {}", reply.text);
            assert_eq!(reply.field("message"), words, "{path}");
            assert_eq!(reply.field("error"), "Bad Request", "{path}");
            assert_eq!(reply.json()["statusCode"], 400, "{path}");
            assert!(!reply.field("traceId").is_empty(), "{path}");
        }
        // Fields of nested groups are checked.
        let filter = json!({ "field": unknown, "operator": "eq", "value": "x" });
        let group =
            json!([{ "group": "OR", "filters": [{ "group": "AND", "filters": [filter] }] }]);
        let reply = searches.send(path, &json!({ "filters": group })).await;
        reply.refused(400, &words);
        let sort = json!([{ "field": unknown, "direction": "asc" }]);
        let reply = searches.send(path, &json!({ "sort": sort })).await;
        reply.refused(400, &words);
    }
}

#[tokio::test]
async fn malformed_filters_are_rejected() {
    let searches = Searches::start().await;
    searches.seed("objects", &json!({ "key": "custom_objects.pets" }));
    let good = |path| match path {
        RECORDS => "properties.name",
        OPPORTUNITIES => "name",
        _ => "email",
    };
    for path in [CONTACTS, OPPORTUNITIES, RECORDS] {
        if !has_operation(&format!("POST {path}")) {
            continue;
        }
        let field = good(path);
        let unprocessable = [
            json!({ "field": field, "operator": "eq", "value": "x" }),
            json!("email"),
            json!(""),
            json!([1]),
            json!([{ "group": "XOR", "filters": [] }]),
            json!([{ "group": "AND", "filters": {} }]),
        ];
        let bad = [
            json!([{ "operator": "eq", "value": "x" }]),
            json!([{ "field": field, "value": "x" }]),
            json!([{ "field": field, "operator": "like", "value": "x" }]),
            json!([{ "field": field, "operator": "eq" }]),
            json!([{ "field": field, "operator": "contains", "value": {} }]),
            json!([{ "field": field, "operator": "range", "value": 3 }]),
            json!([{ "field": field, "operator": "range", "value": { "from": 3 } }]),
        ];
        for (status, all) in [(422, &unprocessable[..]), (400, &bad)] {
            for filters in all {
                let reply = searches.send(path, &json!({ "filters": filters })).await;
                assert_eq!(reply.status, status, "{path} {filters}: {}", reply.text);
            }
        }
        let sort = json!([{ "field": field, "direction": "up" }]);
        let reply = searches.send(path, &json!({ "sort": sort })).await;
        assert_eq!(reply.status, 422, "{path}: {}", reply.text);
        let reply = searches
            .send(path, &json!({ "filters": [], "sort": [] }))
            .await;
        assert!(reply.status < 300, "{path}: {}", reply.text);
    }
}

#[tokio::test]
async fn contacts_are_filtered_by_custom_fields() {
    let searches = Searches::start().await;
    let contact = |name: &str, fields: Value| json!({ "firstName": name, "customFields": fields });
    searches.seed("custom-fields", &json!({ "id": "unset", "name": "Unset" }));
    for (name, fields) in [
        (
            "Ada",
            json!([{ "id": "plan", "value": "Gold" }, { "id": "size", "field_value": 12 }]),
        ),
        (
            "Bela",
            json!([{ "id": "plan", "field_value": "Silver" }, { "id": "sports", "field_value": ["golf", "chess"] }]),
        ),
        (
            "Chidi",
            json!([{ "id": "size", "field_value": 40 }, { "id": "box", "field_value": { "o1": "x", "o2": "y" } }]),
        ),
    ] {
        searches.seed("contacts", &contact(name, fields));
    }
    for (field, operator, value, expected) in [
        ("customFields.plan", "eq", json!("gold"), vec!["Ada"]),
        ("customFields.plan", "eq", json!("Bronze"), vec![]),
        (
            "customFields.plan",
            "not_eq",
            json!("gold"),
            vec!["Chidi", "Bela"],
        ),
        (
            "customFields.plan",
            "contains",
            json!("l"),
            vec!["Bela", "Ada"],
        ),
        (
            "customFields.plan",
            "exists",
            Value::Null,
            vec!["Bela", "Ada"],
        ),
        (
            "customFields.plan",
            "not_exists",
            Value::Null,
            vec!["Chidi"],
        ),
        ("customFields.sports", "eq", json!("chess"), vec!["Bela"]),
        (
            "customFields.size",
            "range",
            json!({ "gte": 12, "lt": 40 }),
            vec!["Ada"],
        ),
        ("customFields.size", "eq", json!(40), vec!["Chidi"]),
        ("customFields.box.o2", "eq", json!("y"), vec!["Chidi"]),
        ("customFields.box.o3", "eq", json!("y"), vec![]),
        ("customFields.unset", "exists", Value::Null, vec![]),
    ] {
        let names = searches.filtered(CONTACTS, field, operator, value).await;
        assert_eq!(names, expected, "{field} {operator}");
    }
    // Fields that a request writes are searched.
    let body = json!({ "locationId": LOCATION, "firstName": "Dana", "customFields": [{ "id": "plan", "field_value": "Gold" }] });
    searches.api.post("/contacts/", body).await;
    let found = searches.count(CONTACTS, "customFields.plan", "eq", json!("Gold"));
    assert_eq!(found.await, 2);
}

#[tokio::test]
async fn contacts_are_filtered_by_derived_fields() {
    let searches = Searches::start().await;
    let ada = json!({ "firstName": "Ada", "lastName": "Okafor", "address1": "1 Main Street", "dnd": true });
    searches.seed("contacts", &ada);
    searches.api.seed().contacts(LOCATION, 3);
    for (field, operator, value, count) in [
        ("firstNameLowerCase", "eq", json!("ada"), 1),
        ("contactName", "eq", json!("ada okafor"), 1),
        ("address", "contains", json!("main"), 1),
        ("dnd", "eq", json!(true), 1),
        (
            "dateAdded",
            "range",
            json!({ "gte": "2020-01-01T00:00:00Z" }),
            4,
        ),
        (
            "dateAdded",
            "range",
            json!({ "lte": 1_600_000_000_000_u64 }),
            0,
        ),
        ("lastAppointment", "exists", Value::Null, 0),
    ] {
        let found = searches.count(CONTACTS, field, operator, value).await;
        assert_eq!(found, count, "{field} {operator}");
    }
}

#[tokio::test]
async fn opportunities_are_filtered_by_fields() {
    if !has_operation(&format!("POST {OPPORTUNITIES}")) {
        return;
    }
    let searches = Searches::start().await;
    let seed = searches.api.seed();
    let pipeline = seed.pipelines(LOCATION, 1).remove(0);
    for (id, name) in [("ada", "Ada"), ("bela", "Bela")] {
        let email = format!("{id}@example.com");
        let contact = json!({ "id": id, "firstName": name, "email": email });
        searches.seed("contacts", &contact);
    }
    for (name, contact, value, custom) in [("One", "ada", 100, "x"), ("Two", "bela", 900, "y")] {
        let deal = json!({ "name": name, "contactId": contact, "monetaryValue": value, "status": "open",
                           "customFields": [{ "id": "kind", "fieldValue": custom }] });
        searches.seed("opportunities", &deal);
    }
    for (field, operator, value, expected) in [
        ("pipeline_id", "eq", json!(pipeline), vec!["Two", "One"]),
        ("contact_id", "eq", json!("ada"), vec!["One"]),
        ("contact_name", "contains", json!("bel"), vec!["Two"]),
        ("email", "eq", json!("ada@example.com"), vec!["One"]),
        ("monetary_value", "range", json!({ "gt": 100 }), vec!["Two"]),
        ("custom_fields.kind", "eq", json!("x"), vec!["One"]),
        ("customFields.kind", "eq", json!("y"), vec!["Two"]),
        ("status", "eq", json!(["won", "lost"]), vec![]),
    ] {
        let names = searches
            .filtered(OPPORTUNITIES, field, operator, value)
            .await;
        assert_eq!(names, expected, "{field} {operator}");
    }
}

#[tokio::test]
async fn records_are_filtered_by_properties() {
    let searches = Searches::start().await;
    searches.seed("objects", &json!({ "key": "custom_objects.pets" }));
    let field = json!({ "id": "f1", "name": "Fur", "objectKey": "custom_objects.pets", "fieldKey": "custom_objects.pets.fur" });
    searches.seed("object-fields", &field);
    for (name, fur) in [("Rex", "brown"), ("Max", "grey")] {
        let record = json!({ "objectKey": "custom_objects.pets", "properties": { "name": name, "fur": fur } });
        searches.seed("records", &record);
    }
    for (field, value, expected) in [
        ("properties.name", json!("rex"), vec!["Rex"]),
        ("properties.fur", json!("grey"), vec!["Max"]),
        ("customFields.f1", json!("brown"), vec!["Rex"]),
        ("properties.fur", json!("green"), vec![]),
    ] {
        let names = searches.filtered(RECORDS, field, "eq", value).await;
        assert_eq!(names, expected, "{field}");
    }
}

#[tokio::test]
async fn pages_follow_the_sort_order() {
    let searches = Searches::start().await;
    for (name, city, size) in [
        ("Dana", "Rome", 3),
        ("Ada", "Rome", 20),
        ("Chidi", "Bonn", 1),
        ("Bela", "Oslo", 7),
    ] {
        let fields = json!({ "firstName": name, "city": city, "customFields": [{ "id": "size", "field_value": size }] });
        searches.seed("contacts", &fields);
    }
    let sorted = |orders: &[(&str, &str)]| -> Value {
        let order =
            |(field, direction): &(&str, &str)| json!({ "field": field, "direction": direction });
        json!({ "sort": orders.iter().map(order).collect::<Vec<_>>() })
    };
    for (orders, expected) in [
        (
            vec![("firstNameLowerCase", "asc")],
            ["Ada", "Bela", "Chidi", "Dana"],
        ),
        (
            vec![("firstNameLowerCase", "desc")],
            ["Dana", "Chidi", "Bela", "Ada"],
        ),
        (
            vec![("customFields.size", "asc")],
            ["Chidi", "Dana", "Bela", "Ada"],
        ),
        (
            vec![("city", "desc"), ("firstNameLowerCase", "asc")],
            ["Ada", "Dana", "Bela", "Chidi"],
        ),
    ] {
        let mut more = sorted(&orders);
        assert_eq!(
            searches.names(CONTACTS, &more).await,
            expected,
            "{orders:?}"
        );
        // Pages by number and pages by cursor have the same order.
        more["pageLimit"] = 3.into();
        let first = searches.send(CONTACTS, &more).await.json();
        more["page"] = 2.into();
        assert_eq!(
            searches.names(CONTACTS, &more).await,
            expected[3..],
            "{orders:?}"
        );
        let mut behind = sorted(&orders);
        behind["searchAfter"] = first["contacts"][2]["searchAfter"].clone();
        let rest = searches.names(CONTACTS, &behind).await;
        assert_eq!(rest, expected[3..], "{orders:?}");
    }
}
