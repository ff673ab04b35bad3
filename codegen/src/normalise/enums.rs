//! Enums: a list of distinct values of the type that the schema declares. Files have values twice, lists within the
//! list, and strings under a number's type.

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
            // What the values are outweighs what the schema says that they are.
            schema.insert("type".into(), "string".into());
            schema.insert("enum".into(), values.into());
            return 1;
        }
        let fits = |value: &Value| match json::text(schema, "type") {
            Some("string") => value.is_string(),
            Some("number" | "integer") => value.is_number(),
            Some("boolean") => value.is_boolean(),
            Some(_) => false,
            None => true,
        };
        values.retain(|value| fits(value) || value.is_null() && json::flag(schema, "nullable"));
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
