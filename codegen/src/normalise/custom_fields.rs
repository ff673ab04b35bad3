//! Gives all values of custom fields one schema. The files declare one type or a type for each
//! kind, but the type depends on how an account defined the field: text, a number, a list of texts,
//! or an object of files.
//!
//! A value is recognised by its position: under one of [`VALUES`], or a name that adds its kind to
//! `fieldValue`, in an item of a list named `customFields`. Overlays mark values in other positions with the format `custom-field-value`.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::walk;
use crate::error::{FileError, SourcePointer};
use crate::formats::CUSTOM_FIELD_FORMAT;
use crate::json::{self, Object};
use crate::openapi::{COMPOSITES, referenced_name, schema_pointer};

const LISTS: [&str; 2] = ["customField", "customFields"];

const VALUES: [&str; 3] = ["fieldValue", "field_value", "value"];

pub(super) fn run(document: &mut Value, _: &SourcePointer<'_>) -> Result<usize, FileError> {
    let mut queue = Vec::new();
    let mut changed = walk::schemas(document, |schema| {
        let lists = walk::properties(schema).filter(|(name, _)| LISTS.contains(&name.as_str()));
        lists
            .filter_map(|(_, list)| list.get_mut("items"))
            .map(|item| values_of(item, &mut queue))
            .sum()
    });
    let mut done = BTreeSet::new();
    while let Some(name) = queue.pop() {
        if done.insert(name.clone())
            && let Some(schema) = document.pointer_mut(&schema_pointer(&name))
        {
            changed += values_of(schema, &mut queue);
        }
    }
    Ok(changed + walk::schemas(document, marked))
}

/// Marks the values in the schema of an item, and collects the components that it refers to.
fn values_of(item: &mut Value, components: &mut Vec<String>) -> usize {
    if let Some(name) = referenced_name(item) {
        components.push(name.to_owned());
        return 0;
    }
    let Some(item) = item.as_object_mut() else {
        return 0;
    };
    let mut changed = 0;
    for parts in COMPOSITES {
        let parts = item.get_mut(parts).and_then(Value::as_array_mut);
        for part in parts.into_iter().flatten() {
            changed += values_of(part, components);
        }
    }
    let is_value = |name: &str| VALUES.contains(&name) || name.starts_with("fieldValue");
    let values = walk::properties(item).filter(|(name, _)| is_value(name));
    changed + values.map(|(_, value)| set(value)).sum::<usize>()
}

/// Completes a schema that an overlay marked.
fn marked(schema: &mut Object) -> usize {
    if json::text(schema, "format") == Some(CUSTOM_FIELD_FORMAT) {
        set(schema)
    } else {
        0
    }
}

fn set(schema: &mut Object) -> usize {
    let kinds = json!([
        { "type": "string" },
        { "type": "number" },
        { "type": "array", "items": {} },
        { "type": "object" },
    ]);
    if schema.get("oneOf") == Some(&kinds) {
        return 0;
    }
    schema.retain(|key, _| ["description", "nullable"].contains(&key.as_str()));
    schema.insert("format".into(), CUSTOM_FIELD_FORMAT.into());
    schema.insert("oneOf".into(), kinds);
    1
}
