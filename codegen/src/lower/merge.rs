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
            Some(other) if !alike(other, property) => {
                let kind = |schema| {
                    resolve(document, schema)
                        .get("type")
                        .and_then(Value::as_str)
                        .map(str::to_owned)
                };
                let same = kind(other)
                    .filter(|k| ["string", "number", "boolean", "integer"].contains(&k.as_str()));
                let format = |schema| resolve(document, schema).get("format").cloned();
                let mut agreed = if same.is_some() && same == kind(property) {
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
                // The words of the variant that comes first.
                if let Some(text) = other.get("description").or(property.get("description")) {
                    agreed["description"] = text.clone();
                }
                merged.insert(name.clone(), agreed);
            }
            // The same, and only one of them may have words.
            Some(other) if other.get("description").is_some() => {}
            Some(_) | None => {
                merged.insert(name.clone(), property.clone());
            }
        }
    }
    part.get("properties").is_some()
        || ["allOf", "oneOf", "anyOf"]
            .iter()
            .any(|key| part.get(*key).is_some())
}

/// Takes over what `other` says of fields of which `source` says nothing.
pub(super) fn words(source: &mut Value, other: &Value) {
    let Some(fields) = source.get_mut("properties").and_then(Value::as_object_mut) else {
        return;
    };
    for (name, field) in fields {
        let text = other
            .get("properties")
            .and_then(|fields| fields.get(name)?.get("description"));
        if let (Some(field), Some(text)) = (field.as_object_mut(), text)
            && !field.contains_key("description")
        {
            field.insert("description".to_owned(), text.clone());
        }
    }
}

/// Whether two schemas say the same, whatever words stand beside it. A field that is called `description` has a schema,
/// not a text.
fn alike(a: &Value, b: &Value) -> bool {
    let says = |(key, value): &(&String, &Value)| *key != "description" || !value.is_string();
    match (a, b) {
        (Value::Object(a), Value::Object(b)) => {
            a.iter().filter(says).count() == b.iter().filter(says).count()
                && a.iter()
                    .filter(says)
                    .all(|(key, value)| b.get(key).is_some_and(|other| alike(value, other)))
        }
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| alike(a, b))
        }
        _ => a == b,
    }
}
