//! The platform puts a trace id into the objects that it answers, last of all, and hardly a file says so: every reply that
//! is an object of known fields gets it. A schema that is more than a reply, or a part of another, is left alone.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::walk;
use crate::fault::{At, Fault};
use crate::json::{self, Object};

const PREFIX: &str = "#/components/schemas/";

pub(super) fn run(document: &mut Value, _: &At<'_>) -> Result<usize, Fault> {
    let mut uses = BTreeMap::new();
    count(document, &mut uses);
    let mut replies: BTreeMap<String, usize> = BTreeMap::new();
    let mut changed = walk::operations(document, |_, _, operation| {
        let contents = operation
            .get_mut("responses")
            .and_then(Value::as_object_mut)
            .into_iter()
            .flatten()
            .filter(|(status, _)| status.starts_with('2'))
            .filter_map(|(_, response)| response.get_mut("content")?.as_object_mut())
            .flatten();
        let schemas = contents
            .filter(|(media_type, _)| media_type.contains("json"))
            .filter_map(|(_, media)| media.get_mut("schema")?.as_object_mut());
        let mut changed = 0;
        for schema in schemas {
            match json::text(schema, "$ref").and_then(|target| target.strip_prefix(PREFIX)) {
                Some(name) => *replies.entry(name.to_owned()).or_default() += 1,
                None => changed += name(schema),
            }
        }
        changed
    });
    for (reply, times) in replies {
        if uses.get(&reply) == Some(&times)
            && let Some(schema) = document
                .pointer_mut(&format!("/components/schemas/{}", json::escape(&reply)))
                .and_then(Value::as_object_mut)
        {
            changed += name(schema);
        }
    }
    Ok(changed)
}

/// How often each schema component is referred to.
fn count(value: &Value, uses: &mut BTreeMap<String, usize>) {
    match value {
        Value::Object(map) => {
            if let Some(name) = json::text(map, "$ref").and_then(|to| to.strip_prefix(PREFIX)) {
                *uses.entry(name.to_owned()).or_default() += 1;
            }
            map.values().for_each(|inner| count(inner, uses));
        }
        Value::Array(items) => items.iter().for_each(|inner| count(inner, uses)),
        _ => {}
    }
}

fn name(schema: &mut Object) -> usize {
    let composite = ["allOf", "oneOf", "anyOf"]
        .iter()
        .any(|key| schema.contains_key(*key));
    match schema.get_mut("properties").and_then(Value::as_object_mut) {
        Some(properties)
            if !composite && !properties.is_empty() && !properties.contains_key("traceId") =>
        {
            properties.insert("traceId".into(), json!({ "type": "string" }));
            1
        }
        _ => 0,
    }
}
