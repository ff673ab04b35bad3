//! Several objects as one.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::component_of;
use crate::json::Object;
use crate::table::resolve;

/// Adds the part's fields to those merged so far. Says whether it is an object at all.
pub(super) fn object(
    document: &Value,
    part: &Value,
    merged: &mut Object,
    seen: &mut BTreeSet<String>,
    depth: usize,
) -> bool {
    if let Some(name) = component_of(part)
        && !seen.insert(name.to_owned())
    {
        return true;
    }
    let part = resolve(document, part);
    if depth > 16 {
        return false;
    }
    for key in ["allOf", "oneOf", "anyOf"] {
        if let Some(parts) = part.get(key).and_then(Value::as_array)
            && !parts
                .iter()
                .all(|part| object(document, part, merged, seen, depth + 1))
        {
            return false;
        }
    }
    for (name, property) in part
        .get("properties")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
    {
        match merged.get(name) {
            Some(other) if other != property => {
                let kind = |schema| {
                    resolve(document, schema)
                        .get("type")
                        .and_then(Value::as_str)
                        .map(str::to_owned)
                };
                let same = kind(other)
                    .filter(|k| ["string", "number", "boolean", "integer"].contains(&k.as_str()));
                let format = |schema| resolve(document, schema).get("format").cloned();
                let agreed = if same.is_some() && same == kind(property) {
                    let mut agreed = json!({ "type": same });
                    if let Some(format) =
                        format(other).filter(|one| format(property).as_ref() == Some(one))
                    {
                        agreed["format"] = format;
                    }
                    agreed
                } else {
                    json!({})
                };
                merged.insert(name.clone(), agreed);
            }
            Some(_) => {}
            None => {
                merged.insert(name.clone(), property.clone());
            }
        }
    }
    part.get("properties").is_some()
        || ["allOf", "oneOf", "anyOf"]
            .iter()
            .any(|key| part.get(*key).is_some())
}
