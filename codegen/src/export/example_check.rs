//! Whether a value fits a schema of OpenAPI 3.0.

use regex_lite::Regex;
use serde_json::Value;

use crate::json::{self, Object};
use crate::openapi::{component, referenced_name};

/// Schemas nest and refer to each other; deeper parts of a value count as unfit.
const DEPTH_LIMIT: usize = 100;

pub(super) fn is_valid(document: &Value, schema: &Value, value: &Value) -> bool {
    is_valid_at(document, schema, value, 0)
}

fn is_valid_at(document: &Value, schema: &Value, value: &Value, depth: usize) -> bool {
    let Some(map) = schema.as_object() else {
        return true;
    };
    if depth > DEPTH_LIMIT {
        return false;
    }
    if map.contains_key("$ref") {
        let target = referenced_name(schema).and_then(|name| component(document, name));
        return target.is_some_and(|target| is_valid_at(document, target, value, depth + 1));
    }
    if value.is_null() && json::flag(map, "nullable") {
        return true;
    }
    let part_is_valid = |part: &Value| is_valid_at(document, part, value, depth + 1);
    let parts = |key| json::items(map, key);
    has_type(map, value)
        && map
            .get("enum")
            .and_then(Value::as_array)
            .is_none_or(|values| values.contains(value))
        && parts("allOf").all(part_is_valid)
        && (!map.contains_key("anyOf") || parts("anyOf").any(part_is_valid))
        && (!map.contains_key("oneOf")
            || parts("oneOf").filter(|part| part_is_valid(part)).count() == 1)
        && map.get("not").is_none_or(|not| !part_is_valid(not))
        && match value {
            Value::String(text) => is_valid_text(map, text),
            Value::Number(number) => is_valid_number(map, number.as_f64().unwrap_or_default()),
            Value::Array(items) => {
                has_size(map, "minItems", "maxItems", items.len())
                    && map.get("items").is_none_or(|schema| {
                        let mut items = items.iter();
                        items.all(|item| is_valid_at(document, schema, item, depth + 1))
                    })
                    && !(json::flag(map, "uniqueItems") && repeats(items))
            }
            Value::Object(fields) => is_valid_object(document, map, fields, depth),
            Value::Null | Value::Bool(_) => true,
        }
}

fn has_type(map: &Object, value: &Value) -> bool {
    match json::text(map, "type") {
        Some("string") => value.is_string(),
        Some("integer") => value.is_i64() || value.is_u64(),
        Some("number") => value.is_number(),
        Some("boolean") => value.is_boolean(),
        Some("array") => value.is_array(),
        Some("object") => value.is_object(),
        _ => true,
    }
}

fn bound(map: &Object, key: &str) -> Option<f64> {
    map.get(key).and_then(Value::as_f64)
}

fn has_size(map: &Object, least: &str, most: &str, size: usize) -> bool {
    let size = size as f64;
    bound(map, least).is_none_or(|least| size >= least)
        && bound(map, most).is_none_or(|most| size <= most)
}

fn is_valid_text(map: &Object, text: &str) -> bool {
    has_size(map, "minLength", "maxLength", text.chars().count())
        && json::text(map, "pattern")
            .is_none_or(|pattern| Regex::new(pattern).is_ok_and(|pattern| pattern.is_match(text)))
}

fn is_valid_number(map: &Object, number: f64) -> bool {
    bound(map, "minimum").is_none_or(|least| {
        number > least || number == least && !json::flag(map, "exclusiveMinimum")
    }) && bound(map, "maximum")
        .is_none_or(|most| number < most || number == most && !json::flag(map, "exclusiveMaximum"))
        && bound(map, "multipleOf").is_none_or(|step| (number / step).fract() == 0.0)
}

fn repeats(items: &[Value]) -> bool {
    let mut rest = items.iter().enumerate();
    rest.any(|(index, item)| items[..index].contains(item))
}

fn is_valid_object(document: &Value, map: &Object, fields: &Object, depth: usize) -> bool {
    let properties = map.get("properties").and_then(Value::as_object);
    has_size(map, "minProperties", "maxProperties", fields.len())
        && json::texts(map, "required").all(|name| fields.contains_key(name))
        && fields.iter().all(|(name, value)| {
            match properties.and_then(|properties| properties.get(name)) {
                Some(schema) => is_valid_at(document, schema, value, depth + 1),
                None => match map.get("additionalProperties") {
                    Some(Value::Bool(allowed)) => *allowed,
                    Some(schema) => is_valid_at(document, schema, value, depth + 1),
                    None => true,
                },
            }
        })
}
