//! The interface document of all events. An event is an operation whose reply is the payload,
//! because payloads are decoded as replies are. Events of one model share a component, which has
//! the fields of all of them and those of the envelope.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::file::EventFile;
use crate::json::Object;
use crate::schema::NAME_EXTENSION;

/// The component with the fields that all events have.
pub(super) const ENVELOPE: &str = "Envelope";

/// Assembles the document.
pub(crate) fn assemble(events: &[EventFile], envelope: &Value) -> Value {
    let mut models: BTreeMap<&str, Value> = BTreeMap::new();
    let mut schemas = Object::new();
    let mut paths = Object::new();
    for event in events {
        let model = models
            .entry(&event.model)
            .or_insert_with(|| json!({ "type": "object" }));
        merge(model, &event.schema);
        let definitions = event.schema.get("$defs").and_then(Value::as_object);
        for (name, definition) in definitions.into_iter().flatten() {
            schemas.insert(name.clone(), to_openapi(definition));
        }
        let reply = json!({ "$ref": format!("#/components/schemas/{}", event.model) });
        let operation = json!({
            "operationId": event.name,
            "responses": { "200": {
                "description": "",
                "content": { "application/json": { "schema": reply } },
            } },
        });
        paths.insert(format!("/{}", event.name), json!({ "post": operation }));
    }
    for (name, mut model) in models {
        if let Some(fields) = model.get_mut("properties").and_then(Value::as_object_mut) {
            let of_envelope = envelope.get("properties").and_then(Value::as_object);
            let of_envelope = of_envelope.into_iter().flatten();
            of_envelope.for_each(|(name, _)| drop(fields.remove(name)));
        }
        let parts = [
            json!({ "$ref": format!("#/components/schemas/{ENVELOPE}") }),
            to_openapi(&model),
        ];
        schemas.insert(
            name.to_owned(),
            json!({ "allOf": parts, (NAME_EXTENSION): name }),
        );
    }
    schemas.insert(ENVELOPE.to_owned(), to_openapi(envelope));
    json!({
        "openapi": "3.0.3",
        "info": { "title": "Webhooks", "version": "" },
        "paths": paths,
        "components": { "schemas": schemas },
    })
}

/// Adds the facts of another schema of the same value.
fn merge(schema: &mut Value, other: &Value) {
    let (Some(schema), Some(other)) = (schema.as_object_mut(), other.as_object()) else {
        return;
    };
    for (key, value) in other {
        match key.as_str() {
            "required" | "$defs" => {}
            "type" | "x-seen" | "enum" | "const" => {
                // One value or a list of them.
                let key = if key == "const" { "enum" } else { key };
                let known = schema.entry(key).or_insert_with(|| json!([]));
                *known = union(known, value);
            }
            "properties" => {
                let known = schema.entry(key).or_insert_with(|| json!({}));
                if let (Some(known), Some(fields)) = (known.as_object_mut(), value.as_object()) {
                    for (name, field) in fields {
                        merge(known.entry(name).or_insert_with(|| json!({})), field);
                    }
                }
            }
            "items" => merge(schema.entry(key).or_insert_with(|| json!({})), value),
            _ => {
                schema.entry(key).or_insert_with(|| value.clone());
            }
        }
    }
}

/// The values of both, each once. One value is not in a list.
fn union(one: &Value, other: &Value) -> Value {
    let mut all = values(one);
    all.extend(
        values(other)
            .into_iter()
            .filter(|value| !values(one).contains(value)),
    );
    match &all[..] {
        [one] => one.clone(),
        _ => all.into(),
    }
}

fn values(value: &Value) -> Vec<Value> {
    match value {
        Value::Array(items) => items.clone(),
        other => vec![other.clone()],
    }
}

/// The schema in OpenAPI 3.0, which has neither lists of types, `const`, nor `$defs`. A value of
/// several types is any JSON.
fn to_openapi(schema: &Value) -> Value {
    let Some(schema) = schema.as_object() else {
        return schema.clone();
    };
    let mut converted = Object::new();
    for (key, value) in schema {
        match (key.as_str(), value) {
            ("$ref", Value::String(target)) => {
                let target = target.replace("#/$defs/", "#/components/schemas/");
                converted.insert(key.clone(), target.into());
            }
            ("type", value) => {
                let mut kinds = values(value);
                kinds.retain(|kind| kind != "null");
                if let [kind] = &kinds[..] {
                    converted.insert(key.clone(), kind.clone());
                }
            }
            ("const", value) => {
                converted.insert("enum".to_owned(), json!([value]));
            }
            ("enum", value) => {
                converted.insert(key.clone(), values(value).into());
            }
            ("properties", Value::Object(fields)) => {
                let fields = fields.iter();
                let fields: Object = fields
                    .map(|(name, field)| (name.clone(), to_openapi(field)))
                    .collect();
                converted.insert(key.clone(), fields.into());
            }
            ("items", value) => {
                converted.insert(key.clone(), to_openapi(value));
            }
            ("oneOf" | "anyOf" | "allOf", Value::Array(parts)) => {
                let parts: Vec<Value> = parts.iter().map(to_openapi).collect();
                converted.insert(key.clone(), parts.into());
            }
            ("format", value) => {
                converted.insert(key.clone(), value.clone());
            }
            _ => {}
        }
    }
    let kind = converted.get("type").and_then(Value::as_str);
    if kind != Some("array") {
        converted.remove("items");
    } else if !converted.contains_key("items") {
        converted.insert("items".to_owned(), json!({}));
    }
    converted.into()
}
