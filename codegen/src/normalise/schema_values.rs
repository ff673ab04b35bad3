//! Removes keywords whose value has the wrong type: a format that is not a string, a bound that is
//! not a number, a flag that is not a boolean.

use serde_json::Value;

use super::walk;
use crate::error::{FileError, SourcePointer};

pub(super) fn run(document: &mut Value, _: &SourcePointer<'_>) -> Result<usize, FileError> {
    Ok(walk::schemas(document, |schema| {
        let before = schema.len();
        schema.retain(|key, value| match key.as_str() {
            "format" => value.is_string(),
            "pattern" => value.is_string(),
            "nullable" | "readOnly" | "writeOnly" | "deprecated" | "uniqueItems"
            | "exclusiveMinimum" | "exclusiveMaximum" => value.is_boolean(),
            "minimum" | "maximum" => value.is_number(),
            "multipleOf" => value.as_f64().is_some_and(|number| number > 0.0),
            "minLength" | "maxLength" | "minItems" | "maxItems" | "minProperties"
            | "maxProperties" => value.is_u64(),
            "discriminator" => value.get("propertyName").is_some_and(Value::is_string),
            "allOf" | "oneOf" | "anyOf" => value.as_array().is_some_and(|parts| !parts.is_empty()),
            _ => true,
        });
        before - schema.len()
    }))
}
