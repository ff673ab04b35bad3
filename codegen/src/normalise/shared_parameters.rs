//! Moves parameters of a path item, and references to parameter components, into each operation, so
//! that later stages find all parameters in one place.

use serde_json::Value;

use super::references;
use crate::error::{FileError, SourcePointer};
use crate::json;
use crate::openapi::METHODS;

pub(super) fn run(document: &mut Value, at: &SourcePointer<'_>) -> Result<usize, FileError> {
    let components = document.get("components").cloned().unwrap_or_default();
    let paths_at = at.key("paths");
    let mut moved = 0;
    for (path, item) in document
        .get_mut("paths")
        .and_then(Value::as_object_mut)
        .into_iter()
        .flatten()
    {
        let path_at = paths_at.key(path);
        let Some(item) = item.as_object_mut() else {
            continue;
        };
        let shared = match item.remove("parameters") {
            Some(Value::Array(shared)) => shared,
            _ => Vec::new(),
        };
        for method in METHODS {
            let operation_at = path_at.key(method);
            let Some(operation) = item.get_mut(method).and_then(Value::as_object_mut) else {
                continue;
            };
            if shared.is_empty()
                && !json::items(operation, "parameters").any(|p| p.get("$ref").is_some())
            {
                continue;
            }
            let mut all = Vec::new();
            let own = operation.remove("parameters").unwrap_or_default();
            for (index, parameter) in own
                .as_array()
                .into_iter()
                .flatten()
                .chain(&shared)
                .enumerate()
            {
                let own_count = own.as_array().map_or(0, Vec::len);
                let (holder, position) = match index.checked_sub(own_count) {
                    Some(position) => (&path_at, position),
                    None => (&operation_at, index),
                };
                let parameters_at = holder.key("parameters");
                let (resolved, references) = references::follow(
                    &components,
                    "parameters",
                    parameter,
                    &parameters_at.index(position),
                )?;
                let key = |p: &Value| (p.get("in").cloned(), p.get("name").cloned());
                let known = all.iter().any(|other| key(other) == key(resolved));
                moved += usize::from(references > 0 || index >= own_count);
                if !known {
                    all.push(resolved.clone());
                }
            }
            operation.insert("parameters".into(), all.into());
        }
    }
    Ok(moved)
}
