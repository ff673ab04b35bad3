//! Path parameters match the path template: each is declared, each is required, none is repeated in
//! the query (the platform answers a repeated one with 422).

use serde_json::{Value, json};

use super::walk;
use crate::error::{FileError, SourcePointer};
use crate::json::{self, Object};
use crate::openapi::template_names;

fn declares(parameter: &Value, part: &str, name: &str) -> bool {
    parameter.get("in").and_then(Value::as_str) == Some(part)
        && parameter.get("name").and_then(Value::as_str) == Some(name)
}

/// Adds undeclared parameters of the template as required strings, and removes declared ones that
/// the template lacks.
pub(super) fn undeclared(document: &mut Value, _: &SourcePointer<'_>) -> Result<usize, FileError> {
    Ok(walk::operations(document, |_, path, operation| {
        let names = template_names(path).unwrap_or_default();
        let missing: Vec<Value> = names
            .iter()
            .filter(|name| !json::items(operation, "parameters").any(|parameter| declares(parameter, "path", name)))
            .map(|name| json!({ "in": "path", "name": name, "required": true, "schema": { "type": "string" } }))
            .collect();
        let mut changed = missing.len();
        let all = operation.entry("parameters").or_insert_with(|| json!([]));
        if let Some(all) = all.as_array_mut() {
            let before = all.len();
            all.retain(|parameter| {
                let name = parameter
                    .get("name")
                    .and_then(Value::as_str)
                    .unwrap_or_default();
                !declares(parameter, "path", name) || names.contains(&name)
            });
            changed += before - all.len();
            all.extend(missing);
        }
        changed
    }))
}

pub(super) fn optional(document: &mut Value, _: &SourcePointer<'_>) -> Result<usize, FileError> {
    Ok(walk::parameters(document, |parameter: &mut Object| {
        if json::text(parameter, "in") != Some("path") || json::flag(parameter, "required") {
            return 0;
        }
        parameter.insert("required".into(), true.into());
        1
    }))
}

pub(super) fn repeated(document: &mut Value, _: &SourcePointer<'_>) -> Result<usize, FileError> {
    Ok(walk::operations(document, |_, path, operation| {
        let names = template_names(path).unwrap_or_default();
        let Some(all) = operation
            .get_mut("parameters")
            .and_then(Value::as_array_mut)
        else {
            return 0;
        };
        let before = all.len();
        all.retain(|parameter| !names.iter().any(|name| declares(parameter, "query", name)));
        // A parameter that is declared twice counts once.
        let mut seen: Vec<(Value, Value)> = Vec::new();
        all.retain(|parameter| {
            let key = (parameter["in"].clone(), parameter["name"].clone());
            let first = !seen.contains(&key);
            seen.push(key);
            first
        });
        before - all.len()
    }))
}
