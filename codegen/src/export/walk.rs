//! Traversal of exported documents.

use serde_json::Value;

use crate::json::Object;

/// Keys whose values are data, in which no keyword has a meaning.
const DATA: [&str; 4] = ["default", "enum", "example", "required"];

/// Keys whose values are objects with names of the platform as keys.
const NAMED: [&str; 8] = [
    "content",
    "headers",
    "paths",
    "properties",
    "responses",
    "schemas",
    "securitySchemes",
    "x-hoopai-other-operations",
];

/// Visits all objects whose keys are keywords of OpenAPI, innermost first.
pub(super) fn objects(value: &mut Value, visit: &mut dyn FnMut(&mut Object)) {
    match value {
        Value::Object(map) => {
            for (key, inner) in map.iter_mut() {
                match inner {
                    _ if DATA.contains(&key.as_str()) => {}
                    Value::Object(named) if NAMED.contains(&key.as_str()) => {
                        named.values_mut().for_each(|inner| objects(inner, visit));
                    }
                    inner => objects(inner, visit),
                }
            }
            visit(map);
        }
        Value::Array(items) => items.iter_mut().for_each(|item| objects(item, visit)),
        _ => {}
    }
}

/// Visits all operations with their path.
pub(super) fn operations(document: &mut Value, mut visit: impl FnMut(&str, &mut Object)) {
    let paths = document.get_mut("paths").and_then(Value::as_object_mut);
    for (path, item) in paths.into_iter().flatten() {
        for method in crate::openapi::METHODS {
            if let Some(operation) = item.get_mut(method).and_then(Value::as_object_mut) {
                visit(path, operation);
            }
        }
    }
}
