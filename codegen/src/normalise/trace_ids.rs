//! Adds `traceId` to replies. The platform appends it to the objects that it returns, and few files
//! declare it. Schemas with other uses and composites are left unchanged.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::walk;
use crate::error::{FileError, SourcePointer};
use crate::json::{self, Object};
use crate::openapi::{is_composite, referenced_name, schema_pointer, visit_references};

pub(super) fn run(document: &mut Value, _: &SourcePointer<'_>) -> Result<usize, FileError> {
    let mut uses: BTreeMap<String, usize> = BTreeMap::new();
    visit_references(document, &mut |name| {
        *uses.entry(name.to_owned()).or_default() += 1
    });
    let mut replies: BTreeMap<String, usize> = BTreeMap::new();
    let mut changed = walk::operations(document, |_, _, operation| {
        let contents = json::entries_mut(operation, "responses")
            .filter(|(status, _)| status.starts_with('2'))
            .filter_map(|(_, response)| response.get_mut("content")?.as_object_mut())
            .flatten();
        let schemas = contents
            .filter(|(media_type, _)| media_type.contains("json"))
            .filter_map(|(_, media)| media.get_mut("schema"));
        let mut changed = 0;
        for schema in schemas {
            match referenced_name(schema) {
                Some(name) => *replies.entry(name.to_owned()).or_default() += 1,
                None => changed += schema.as_object_mut().map_or(0, add_trace_id),
            }
        }
        changed
    });
    for (reply, times) in replies {
        if uses.get(&reply) == Some(&times)
            && let Some(schema) = document
                .pointer_mut(&schema_pointer(&reply))
                .and_then(Value::as_object_mut)
        {
            changed += add_trace_id(schema);
        }
    }
    Ok(changed)
}

fn add_trace_id(schema: &mut Object) -> usize {
    let composite = is_composite(schema);
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
