//! Restricts `type` to the six JSON types of OpenAPI 3.0; without it, any JSON is allowed. Files
//! have `any`, lists of types, and objects or arrays without `type`.

use serde_json::Value;

use super::walk;
use crate::error::{FileError, SourcePointer};
use crate::openapi::is_composite;

const TYPES: [&str; 6] = ["array", "boolean", "integer", "number", "object", "string"];

pub(super) fn run(document: &mut Value, _: &SourcePointer<'_>) -> Result<usize, FileError> {
    Ok(walk::schemas(document, |schema| {
        let before = schema.get("type").cloned();
        if let Some(Value::Array(names)) = &before {
            // A list of types, as newer versions of OpenAPI have it: null is `nullable`, one other
            // is the type.
            if names.iter().any(|name| name == "null") {
                schema.insert("nullable".into(), true.into());
            }
            let others: Vec<&Value> = names.iter().filter(|name| **name != "null").collect();
            match others[..] {
                [one] => schema.insert("type".into(), one.clone()),
                _ => schema.remove("type"),
            };
        }
        if schema
            .get("type")
            .is_some_and(|name| !name.as_str().is_some_and(|name| TYPES.contains(&name)))
        {
            schema.remove("type");
        }
        let composite = schema.contains_key("$ref") || is_composite(schema);
        if !schema.contains_key("type") && !composite {
            if schema.contains_key("properties") {
                schema.insert("type".into(), "object".into());
            } else if schema.contains_key("items") {
                schema.insert("type".into(), "array".into());
            }
        }
        usize::from(schema.get("type") != before.as_ref())
    }))
}
