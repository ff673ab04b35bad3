//! Removes defaults that contradict their schema. Formats and patterns are not evaluated, so
//! defaults of such schemas are removed too. A number that is written as text becomes a number,
//! because earlier passes turn text into numbers.

use serde_json::Value;

use super::walk;
use crate::error::{FileError, SourcePointer};
use crate::json::{self, Object};
use crate::openapi::is_composite;

pub(super) fn run(document: &mut Value, _: &SourcePointer<'_>) -> Result<usize, FileError> {
    Ok(walk::schemas(document, |schema| {
        let Some(default) = schema.get("default") else {
            return 0;
        };
        if is_valid(schema, default) {
            return 0;
        }
        match as_number(default).filter(|number| is_valid(schema, number)) {
            Some(number) => schema.insert("default".to_owned(), number),
            None => schema.remove("default"),
        };
        1
    }))
}

fn as_number(default: &Value) -> Option<Value> {
    let number: serde_json::Number = default.as_str()?.parse().ok()?;
    Some(Value::Number(number))
}

fn is_valid(schema: &Object, value: &Value) -> bool {
    if let Some(Value::Array(values)) = schema.get("enum")
        && !values.contains(value)
    {
        return false;
    }
    let number = value.as_f64();
    let bound = |key| schema.get(key).and_then(Value::as_f64);
    match json::text(schema, "type") {
        Some("string") => {
            value.is_string() && !schema.contains_key("format") && !schema.contains_key("pattern")
        }
        Some("integer") => {
            number.is_some_and(|n| n.fract() == 0.0)
                && within(number, bound("minimum"), bound("maximum"))
        }
        Some("number") => number.is_some() && within(number, bound("minimum"), bound("maximum")),
        Some("boolean") => value.is_boolean(),
        Some("array") => {
            let items = schema.get("items").and_then(Value::as_object);
            value.as_array().is_some_and(|values| {
                values.iter().all(|value| {
                    items.is_none_or(|items| items.contains_key("$ref") || is_valid(items, value))
                })
            })
        }
        // Objects and composites are not evaluated; an empty object is valid if nothing is
        // required.
        Some("object") => {
            value.as_object().is_some_and(Object::is_empty) && !schema.contains_key("required")
        }
        _ => !schema.contains_key("$ref") && !is_composite(schema),
    }
}

fn within(number: Option<f64>, minimum: Option<f64>, maximum: Option<f64>) -> bool {
    number.is_some_and(|n| minimum.is_none_or(|m| n >= m) && maximum.is_none_or(|m| n <= m))
}
