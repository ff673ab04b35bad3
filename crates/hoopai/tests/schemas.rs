//! JSON schemas of models, with the feature `schemars`.

use hoopai::contacts::types;
use hoopai::runtime::json::{Map, Value};
use hoopai::runtime::schemars::{JsonSchema, schema_for};
use hoopai::runtime::{Decimal, Timestamp, model, open_enum};
use serde_json::json;
use std::collections::BTreeMap;

model! {
    /// A field of each kind.
    pub struct Everything {
        pub text: String = "text",
        pub count: i64 = "theCount",
        pub share: f64 = "share",
        pub done: bool = "done",
        pub due: Timestamp = "due",
        pub amount: Decimal = "amount",
        pub any: Value = "any",
        pub object: Map = "object",
        pub by_name: BTreeMap<String, Vec<f64>> = "byName",
        pub state: State = "state",
        pub parts: Vec<Everything> = "parts",
        pub parent: Box<Everything> = "parent",
    }
}

open_enum! {
    /// A state.
    pub enum State { Open = "open", Done = "is done" }
}

fn schema<T: JsonSchema>() -> Value {
    schema_for!(T).to_value()
}

#[test]
fn model_schema_is_an_open_object_of_its_fields() {
    let schema = schema::<Everything>();
    assert_eq!(schema["title"], "Everything");
    assert_eq!(schema["type"], "object");
    assert_eq!(schema["additionalProperties"], true);
    assert_eq!(schema.get("required"), None);
    let of = |name: &str| schema["properties"][name].clone();
    assert_eq!(of("text"), json!({ "type": ["string", "null"] }));
    assert_eq!(of("theCount")["type"], json!(["integer", "null"]));
    assert_eq!(of("share")["type"], json!(["number", "null"]));
    assert_eq!(of("done"), json!({ "type": ["boolean", "null"] }));
    assert_eq!(of("due")["type"], json!(["string", "number", "null"]));
    assert_eq!(of("amount"), json!({ "type": ["number", "null"] }));
    assert_eq!(of("any"), true);
    assert_eq!(of("object")["type"], json!(["object", "null"]));
    let by_name = &of("byName")["additionalProperties"];
    assert_eq!(by_name["items"]["type"], "number");
    assert_eq!(
        of("parts"),
        json!({ "type": ["array", "null"], "items": { "$ref": "#" } })
    );
    assert_eq!(
        of("parent"),
        json!({ "anyOf": [{ "$ref": "#" }, { "type": "null" }] })
    );
    let state = json!({ "anyOf": [{ "$ref": "#/$defs/State" }, { "type": "null" }] });
    assert_eq!(of("state"), state);
    let values = json!({ "type": "string", "enum": ["open", "is done"] });
    assert_eq!(
        schema["$defs"]["State"],
        json!({ "anyOf": [values, { "type": "string" }] })
    );
    assert_eq!(
        schema["properties"].as_object().map(|fields| fields.len()),
        Some(12)
    );
}

#[test]
fn schemas_of_module_models_refer_to_each_other() {
    let schema = schema::<types::GetContactResponse>();
    let contact = schema["properties"]["contact"]["anyOf"][0]["$ref"].as_str();
    let contact = contact.and_then(|reference| reference.strip_prefix('#'));
    let contact = schema
        .pointer(contact.expect("a reference"))
        .expect("a contact");
    assert_eq!(
        contact["properties"]["firstName"],
        json!({ "type": ["string", "null"] })
    );
    let settings = schema["$defs"]["DndSettings"]["properties"].as_object();
    assert!(settings.is_some_and(|settings| settings.contains_key("WhatsApp")));
}
