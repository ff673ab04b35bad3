//! Reduces enums to distinct values of the declared type. Files have repeated values, nested lists,
//! and strings under the type `number`.

use serde_json::Value;

use super::walk;
use crate::error::{FileError, SourcePointer};
use crate::json;

pub(super) fn run(document: &mut Value, _: &SourcePointer<'_>) -> Result<usize, FileError> {
    Ok(walk::schemas(document, |schema| {
        let Some(declared) = schema.get("enum").cloned() else {
            return 0;
        };
        let mut values: Vec<Value> = Vec::new();
        flatten(&declared, &mut values);
        if !values.is_empty()
            && values.iter().all(Value::is_string)
            && json::text(schema, "type").is_some_and(|t| t != "string")
        {
            // The values decide, not the declared type.
            schema.insert("type".into(), "string".into());
            schema.insert("enum".into(), values.into());
            return 1;
        }
        let matches_type = |value: &Value| match json::text(schema, "type") {
            Some("string") => value.is_string(),
            Some("number" | "integer") => value.is_number(),
            Some("boolean") => value.is_boolean(),
            Some(_) => false,
            None => true,
        };
        values.retain(|value| {
            matches_type(value) || value.is_null() && json::flag(schema, "nullable")
        });
        if values.is_empty() {
            schema.remove("enum");
            return 1;
        }
        let values = Value::from(values);
        let changed = usize::from(values != declared);
        schema.insert("enum".into(), values);
        changed
    }))
}

fn flatten(value: &Value, out: &mut Vec<Value>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| flatten(item, out)),
        scalar if out.len() < 5000 && out.contains(scalar) => {}
        scalar => out.push(scalar.clone()),
    }
}
