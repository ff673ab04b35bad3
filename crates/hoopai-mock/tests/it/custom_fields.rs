//! Values of custom fields are stored and returned as they were sent, whatever their kind.

use std::fs;
use std::path::Path;

use hoopai_mock::LOCATION;
use serde_json::{Value, json};

use crate::api::Api;

/// Values of each kind: text, number, choices, files.
fn values() -> Vec<Value> {
    vec![
        json!("gold"),
        json!(""),
        json!("12.5"),
        json!(12.5),
        json!(-7),
        json!(0),
        json!(["a", "b"]),
        json!(["a"]),
        json!([]),
        json!({ "u1": { "meta": { "size": 7 }, "documentId": "d1", "url": "https://files.example/1" } }),
        json!({}),
    ]
}

/// The values of custom fields in recorded replies; empty if there are none.
fn recorded_values() -> Vec<Value> {
    fn collect(value: &Value, found: &mut Vec<Value>) {
        match value {
            Value::Object(fields) => {
                let listed = fields.get("customFields").and_then(Value::as_array);
                let values = listed.into_iter().flatten();
                found.extend(values.filter_map(|field| field.get("value").cloned()));
                fields.values().for_each(|inner| collect(inner, found));
            }
            Value::Array(items) => items.iter().for_each(|item| collect(item, found)),
            _ => {}
        }
    }

    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/payloads/contacts");
    let mut found = Vec::new();
    let Ok(files) = fs::read_dir(&folder) else {
        println!("SKIPPED: {} is missing", folder.display());
        return found;
    };
    for file in files {
        let text = fs::read(file.expect("an entry").path()).expect("a file");
        collect(&serde_json::from_slice(&text).expect("JSON"), &mut found);
    }
    found.retain(|value| !value.is_null());
    found
}

/// The custom fields of a request, and those of the reply to it.
fn fields(values: &[Value], name: &str) -> Value {
    let field = |(index, value)| json!({ "id": format!("f{index}"), name: value });
    values.iter().enumerate().map(field).collect()
}

#[tokio::test]
async fn contacts_keep_the_values_of_custom_fields() {
    let api = Api::start().await;
    let mut sent = values();
    sent.extend(recorded_values());
    let (written, read) = (fields(&sent, "field_value"), fields(&sent, "value"));
    let new = json!({ "locationId": LOCATION, "firstName": "Ada", "customFields": written });
    let created = api.post("/contacts/", new).await;
    assert_eq!(created["contact"]["customFields"], read);
    let id = created["contact"]["id"].as_str().expect("an id");
    let path = format!("/contacts/{id}");
    assert_eq!(api.get(&path).await["contact"]["customFields"], read);
    let search = json!({ "locationId": LOCATION, "page": 1, "pageLimit": 5 });
    let found = api.post("/contacts/search", search).await;
    assert_eq!(found["contacts"][0]["customFields"], read);

    sent.reverse();
    let change = json!({ "customFields": fields(&sent, "field_value") });
    api.put(&path, change).await;
    let read = fields(&sent, "value");
    assert_eq!(api.get(&path).await["contact"]["customFields"], read);
}

#[tokio::test]
async fn opportunities_keep_the_values_of_custom_fields() {
    let api = Api::start().await;
    let contact = api.seed().contacts(LOCATION, 1).remove(0);
    // The interface declares no numbers here.
    let mut sent = values();
    sent.retain(|value| !value.is_number());
    let new = json!({
        "locationId": LOCATION, "contactId": contact, "pipelineId": "p1", "name": "Deal", "status": "open",
        "customFields": fields(&sent, "field_value"),
    });
    let created = api.post("/opportunities/", new).await;
    let id = created["opportunity"]["id"].as_str().expect("an id");
    let opportunity = api.get(&format!("/opportunities/{id}")).await;
    let read = fields(&sent, "fieldValue");
    assert_eq!(opportunity["opportunity"]["customFields"], read);
}

#[tokio::test]
async fn records_keep_the_values_of_their_properties() {
    let api = Api::start().await;
    api.seed().items("objects", LOCATION, 1);
    for value in values() {
        let new = json!({ "locationId": LOCATION, "properties": { "one": value } });
        let created = api
            .post("/objects/custom_objects.sample_1/records", new)
            .await;
        let id = created["record"]["id"].as_str().expect("an id");
        let path = format!("/objects/custom_objects.sample_1/records/{id}");
        let record = api.get(&path).await;
        assert_eq!(record["record"]["properties"]["one"], value, "{created}");
    }
}
