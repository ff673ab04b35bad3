//! Resolves references and checks that their targets exist.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::error::escape_token;
use crate::error::{FileError, SourcePointer};
use crate::json::{self, Object};
use crate::openapi::{COMPOSITES, referenced_name};

const REMEDY: &str =
    "add the component in the module's overlay, or run `cargo xtask regen` for the module";

/// Follows a chain of references to components of a section. Returns the target and the number of
/// references.
pub(crate) fn follow<'a>(
    components: &'a Value,
    section: &str,
    value: &'a Value,
    at: &SourcePointer<'_>,
) -> Result<(&'a Value, usize), FileError> {
    let (mut target, mut count) = (value, 0);
    while let Some(reference) = target.get("$ref") {
        let next = reference
            .as_str()
            .and_then(|r| r.strip_prefix("#/components/"))
            .and_then(|r| r.strip_prefix(section))
            .and_then(|r| r.strip_prefix('/'))
            .and_then(|name| components.get(section)?.get(name));
        target = next.ok_or_else(|| at.error(format!("{reference} has no target"), REMEDY))?;
        count += 1;
        if count > 32 {
            return Err(at.error(format!("{reference} is part of a reference cycle"), REMEDY));
        }
    }
    Ok((target, count))
}

/// Checks that every schema reference has a target, and that no chain of references or composite
/// parts is a cycle: such a schema has no content.
pub(super) fn check(document: &Value, at: &SourcePointer<'_>) -> Result<(), FileError> {
    let empty = Object::new();
    let schemas = document
        .pointer("/components/schemas")
        .and_then(Value::as_object)
        .unwrap_or(&empty);
    let mut targets: BTreeMap<&str, String> = BTreeMap::new();
    collect(document, String::new(), &mut targets);
    for (name, pointer) in targets {
        if !schemas.contains_key(name) {
            return Err(FileError {
                pointer,
                ..at.error(format!("there is no schema `{name}`"), REMEDY)
            });
        }
    }
    let components_at = at.key("components");
    let schemas_at = components_at.key("schemas");
    let mut done = BTreeSet::new();
    for name in schemas.keys() {
        check_cycle(
            name,
            schemas,
            &mut Vec::new(),
            &mut done,
            &schemas_at.key(name),
        )?;
    }
    Ok(())
}

fn collect<'a>(value: &'a Value, pointer: String, targets: &mut BTreeMap<&'a str, String>) {
    match value {
        Value::Object(map) => {
            if let Some(name) = referenced_name(value) {
                targets
                    .entry(name)
                    .or_insert_with(|| format!("{pointer}/$ref"));
            }
            for (key, inner) in map {
                collect(inner, format!("{pointer}/{}", escape_token(key)), targets);
            }
        }
        Value::Array(items) => {
            for (index, inner) in items.iter().enumerate() {
                collect(inner, format!("{pointer}/{index}"), targets);
            }
        }
        _ => {}
    }
}

/// The components that a schema equals or whose composite part it is.
fn direct_references<'a>(schema: &'a Value, found: &mut Vec<&'a str>) {
    let Some(map) = schema.as_object() else {
        return;
    };
    found.extend(referenced_name(schema));
    for key in COMPOSITES {
        json::items(map, key).for_each(|part| direct_references(part, found));
    }
}

fn check_cycle<'a>(
    name: &'a str,
    schemas: &'a Object,
    path: &mut Vec<&'a str>,
    done: &mut BTreeSet<&'a str>,
    at: &SourcePointer<'_>,
) -> Result<(), FileError> {
    if done.contains(name) {
        return Ok(());
    }
    if path.contains(&name) {
        return Err(at.error(
            format!(
                "the schema consists of itself: {} -> {name}",
                path.join(" -> ")
            ),
            "break the cycle in the module's overlay",
        ));
    }
    if path.len() > 200 {
        return Err(at.error(
            "a chain of more than 200 references",
            "shorten it in the module's overlay",
        ));
    }
    path.push(name);
    let mut next = Vec::new();
    if let Some(schema) = schemas.get(name) {
        direct_references(schema, &mut next);
    }
    for name in next {
        check_cycle(name, schemas, path, done, at)?;
    }
    path.pop();
    done.insert(name);
    Ok(())
}
