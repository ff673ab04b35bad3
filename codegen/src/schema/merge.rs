//! Merges several object schemas into one.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::formats::FRACTION;
use crate::json::Object;
use crate::openapi::{COMPOSITES, referenced_name, resolve};

/// Adds the fields of a part to those merged so far. Returns whether the part is an object.
pub(super) fn object(
    document: &Value,
    part: &Value,
    merged: &mut Object,
    seen: &mut BTreeSet<String>,
    depth: usize,
) -> bool {
    if let Some(name) = referenced_name(part)
        && !seen.insert(name.to_owned())
    {
        return true;
    }
    let part = resolve(document, part);
    if depth > 16 {
        return false;
    }
    for key in COMPOSITES {
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
            Some(other) if !is_equal(other, property) => {
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
                let reason = other.get(FRACTION).or(property.get(FRACTION));
                if let Some(reason) = reason.filter(|_| agreed["type"] == "number") {
                    agreed[FRACTION] = reason.clone();
                }
                // The description of the first variant.
                if let Some(text) = other.get("description").or(property.get("description")) {
                    agreed["description"] = text.clone();
                }
                merged.insert(name.clone(), agreed);
            }
            // Equal, and only one may have a description.
            Some(other) if other.get("description").is_some() => {}
            Some(_) | None => {
                merged.insert(name.clone(), property.clone());
            }
        }
    }
    part.get("properties").is_some() || COMPOSITES.iter().any(|key| part.get(*key).is_some())
}

/// Copies descriptions of fields from `other` to fields of `source` that have none.
pub(super) fn add_descriptions(source: &mut Value, other: &Value) {
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

/// Whether two schemas are equal apart from descriptions. A field named `description` has a schema,
/// not a text.
fn is_equal(a: &Value, b: &Value) -> bool {
    let is_fact = |(key, value): &(&String, &Value)| *key != "description" || !value.is_string();
    match (a, b) {
        (Value::Object(a), Value::Object(b)) => {
            a.iter().filter(is_fact).count() == b.iter().filter(is_fact).count()
                && a.iter()
                    .filter(is_fact)
                    .all(|(key, value)| b.get(key).is_some_and(|other| is_equal(value, other)))
        }
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| is_equal(a, b))
        }
        _ => a == b,
    }
}
