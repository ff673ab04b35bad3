//! Type names that an overlay chooses with `x-hoopai-name` on a schema.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::types::ResolvedTypes;
use crate::error::{FileError, SourcePointer, escape_token};
use crate::names;
use crate::openapi;

/// The extension of a schema with its type name. On an operation it is the name of the method.
pub(crate) const EXTENSION: &str = "x-hoopai-name";

/// The chosen name of a schema.
pub(super) fn of(schema: &Value) -> Option<&str> {
    schema.get(EXTENSION)?.as_str()
}

/// All chosen names.
pub(crate) fn all(document: &Value) -> BTreeSet<&str> {
    let mut found = Vec::new();
    collect(document, String::new(), &mut found);
    found.iter().filter_map(|(_, schema)| of(schema)).collect()
}

/// All chosen names with the pointers of their schemas. Schemas of one name become one type.
pub(super) fn read(
    document: &Value,
    reserved: &BTreeSet<String>,
    at: &SourcePointer<'_>,
) -> Result<BTreeMap<String, Vec<String>>, FileError> {
    let mut found = Vec::new();
    collect(document, String::new(), &mut found);
    let mut chosen: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (pointer, schema) in found {
        let error = |problem: String, remedy: &str| FileError {
            pointer: format!("{pointer}/{EXTENSION}"),
            ..at.error(problem, remedy)
        };
        let declared = &schema[EXTENSION];
        let Some(name) = declared.as_str().filter(|name| is_type_name(name)) else {
            return Err(error(
                format!("`{EXTENSION}` is {declared}, not a type name"),
                "write it in upper camel case, such as `ContactNote`; of initials only the first is upper case",
            ));
        };
        if reserved.contains(name) {
            return Err(error(
                format!("`{EXTENSION}` is `{name}`, which generated code uses for another type"),
                "choose another name in the module's overlay",
            ));
        }
        if !is_named(schema) {
            return Err(error(
                format!("`{EXTENSION}: {name}` is on a schema that has no type of its own"),
                "put it on an object with fields, on a composite of objects, or on a string with `enum`; of an array, on its `items`; of a reference, on the component",
            ));
        }
        chosen.entry(name.to_owned()).or_default().push(pointer);
    }
    Ok(chosen)
}

/// Checks that each chosen name is that of a type.
pub(super) fn check_used(
    chosen: &BTreeMap<String, Vec<String>>,
    resolved: &ResolvedTypes,
    at: &SourcePointer<'_>,
) -> Result<(), FileError> {
    for (name, pointers) in chosen {
        if !resolved.structs.contains_key(name) && !resolved.enums.contains_key(name) {
            return Err(FileError {
                pointer: format!("{}/{EXTENSION}", pointers[0]),
                ..at.error(
                    format!("`{EXTENSION}: {name}` names no type, because no operation uses this schema"),
                    "delete that action of the module's overlay, or name the schema that operations use",
                )
            });
        }
    }
    Ok(())
}

/// The schemas with a chosen name. Parameters, request bodies and replies are part of operations.
fn collect<'a>(value: &'a Value, pointer: String, found: &mut Vec<(String, &'a Value)>) {
    match value {
        Value::Object(map) => {
            let is_operation = map.contains_key("responses");
            if map.contains_key(EXTENSION) && !is_operation {
                found.push((pointer.clone(), value));
            }
            for (key, inner) in map {
                collect(inner, format!("{pointer}/{}", escape_token(key)), found);
            }
        }
        Value::Array(items) => {
            for (index, inner) in items.iter().enumerate() {
                collect(inner, format!("{pointer}/{index}"), found);
            }
        }
        _ => {}
    }
}

fn is_type_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_uppercase()) && names::type_name(name) == name
}

/// Whether a schema becomes a struct or an enum.
fn is_named(schema: &Value) -> bool {
    let Some(map) = schema.as_object() else {
        return false;
    };
    let has_fields = map
        .get("properties")
        .and_then(Value::as_object)
        .is_some_and(|fields| !fields.is_empty());
    let is_enum = map.get("enum").is_some_and(Value::is_array)
        && map.get("type").and_then(Value::as_str) == Some("string");
    has_fields || is_enum || openapi::is_composite(map)
}
