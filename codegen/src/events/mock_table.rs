//! The names of events and of their fields, for the mock server.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::file::EventFile;
use crate::json;

/// The fields that are not of the event's item, in the order of captured deliveries.
const ENVELOPE: [&str; 9] = [
    "type",
    "locationId",
    "companyId",
    "altId",
    "altType",
    "versionId",
    "appId",
    "timestamp",
    "webhookId",
];

/// A JSON object of all events by name: `type`, the fields of the envelope, and the other fields.
/// The fields of an object follow it, as in `appointment.id`.
pub(crate) fn mock_table(events: &[EventFile]) -> String {
    let table: BTreeMap<&str, Value> = events
        .iter()
        .map(|event| (event.name.as_str(), definition(event)))
        .collect();
    String::from_utf8_lossy(&json::to_bytes(json!(table))).into_owned()
}

fn definition(event: &EventFile) -> Value {
    let best = event.types.iter().min_by_key(|(_, evidence)| **evidence);
    let properties = event.schema.get("properties").and_then(Value::as_object);
    let has = |name: &&str| properties.is_some_and(|properties| properties.contains_key(*name));
    let envelope: Vec<&str> = ENVELOPE.into_iter().filter(has).collect();
    let mut fields = Vec::new();
    for (name, schema) in properties.into_iter().flatten() {
        if envelope.contains(&name.as_str()) {
            continue;
        }
        fields.push(name.clone());
        let parts = schema.get("properties").and_then(Value::as_object);
        fields.extend(parts.into_iter().flat_map(|parts| {
            let parts = parts.keys();
            parts.map(|part| format!("{name}.{part}"))
        }));
    }
    json!({
        "type": best.map(|(name, _)| name),
        "envelope": envelope,
        "fields": fields,
    })
}
