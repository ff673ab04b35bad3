//! What the components' types are called.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::component_of;
use crate::json::Object;
use crate::names;
use crate::table::{Operation, Reply};

/// Gives each component its type's name: after the operation, where it is the request or the reply of just one;
/// otherwise its own name without the endings that say nothing.
pub(super) fn of(
    document: &Value,
    operations: &[Operation],
    taken: &mut BTreeSet<String>,
) -> BTreeMap<String, String> {
    fn count<'a>(value: &'a Value, uses: &mut BTreeMap<&'a str, usize>) {
        match value {
            Value::Object(map) => {
                if let Some(name) = component_of(value) {
                    *uses.entry(name).or_default() += 1;
                }
                map.values().for_each(|inner| count(inner, uses));
            }
            Value::Array(items) => items.iter().for_each(|inner| count(inner, uses)),
            _ => {}
        }
    }
    let empty = Value::Null;
    let schemas = document.pointer("/components/schemas").unwrap_or(&empty);
    let mut uses: BTreeMap<&str, usize> = BTreeMap::new();
    count(schemas, &mut uses);
    let mut roots: Vec<(&str, String)> = Vec::new();
    for operation in operations {
        let pascal = names::type_name(&operation.name);
        if let Reply::Json(schema) = &operation.reply {
            count(schema, &mut uses);
            roots.extend(
                component_of(schema)
                    .map(|name| (name, names::type_name(&format!("{pascal}Response")))),
            );
        }
        if let Some(body) = &operation.body {
            count(&body.schema, &mut uses);
            roots.extend(
                component_of(&body.schema)
                    .map(|name| (name, names::type_name(&format!("{pascal}Request")))),
            );
        }
        for parameter in &operation.parameters {
            count(&parameter.schema, &mut uses);
        }
    }
    let mut names_of: BTreeMap<String, String> = BTreeMap::new();
    for (component, name) in roots {
        if uses.get(component) == Some(&1) && taken.insert(name.clone()) {
            names_of.insert(component.to_owned(), name);
        }
    }
    for component in schemas.as_object().into_iter().flat_map(Object::keys) {
        if names_of.contains_key(component) || !uses.contains_key(component.as_str()) {
            continue;
        }
        let name = names::type_name(component);
        let short = names::type_name(&shorten(&name));
        let name = if taken.contains(&short) {
            names::unique(&name, taken)
        } else {
            names::unique(&short, taken)
        };
        names_of.insert(component.clone(), name);
    }
    names_of
}

/// Takes off the endings that programs put on names, and says "response" in one way.
fn shorten(name: &str) -> String {
    let mut short = name;
    for ending in ["Dto", "Schema"] {
        short = short
            .strip_suffix(ending)
            .filter(|rest| rest.len() > 2)
            .unwrap_or(short);
    }
    [
        "SuccessfullResponse",
        "SuccessfulResponse",
        "SuccesfulResponse",
        "SuccessResponse",
        "SuccessfulDto",
        "Successful",
        "Success",
    ]
    .iter()
    .find_map(|ending| short.strip_suffix(ending))
    .filter(|rest| rest.len() > 2)
    .map_or_else(
        || short.to_owned(),
        |rest| format!("{}Response", rest.strip_suffix("Response").unwrap_or(rest)),
    )
}
