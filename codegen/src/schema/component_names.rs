//! The type names of schema components.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::model::{Operation, Reply};
use crate::names;
use crate::openapi::{components, referenced_name, visit_references};

/// The type name of each component: after the operation if it is the request or the reply of one
/// operation only, else its own name without suffixes.
pub(super) fn names(
    document: &Value,
    operations: &[Operation],
    taken: &mut BTreeSet<String>,
) -> BTreeMap<String, String> {
    let mut uses: BTreeMap<&str, usize> = BTreeMap::new();
    let mut count =
        |schema| visit_references(schema, &mut |name| *uses.entry(name).or_default() += 1);
    components(document).for_each(|(_, schema)| count(schema));
    let mut roots: Vec<(&str, String)> = Vec::new();
    for operation in operations {
        let pascal = names::type_name(&operation.name);
        let reply = match &operation.reply {
            Reply::Json(schema) => Some((schema, "Response")),
            Reply::Empty | Reply::Bytes => None,
        };
        let body = operation
            .body
            .as_ref()
            .map(|body| (&body.schema, "Request"));
        for (schema, suffix) in reply.into_iter().chain(body) {
            count(schema);
            let name = names::type_name(&format!("{pascal}{suffix}"));
            roots.extend(referenced_name(schema).map(|component| (component, name)));
        }
        operation
            .parameters
            .iter()
            .for_each(|parameter| count(&parameter.schema));
    }
    let mut type_names: BTreeMap<String, String> = BTreeMap::new();
    for (component, name) in roots {
        if uses.get(component) == Some(&1) && taken.insert(name.clone()) {
            type_names.insert(component.to_owned(), name);
        }
    }
    for (component, _) in components(document) {
        if type_names.contains_key(component) || !uses.contains_key(component.as_str()) {
            continue;
        }
        let name = names::type_name(component);
        let short = names::type_name(&shorten(&name));
        let name = if taken.contains(&short) {
            names::unique(&name, taken)
        } else {
            names::unique(&short, taken)
        };
        type_names.insert(component.clone(), name);
    }
    type_names
}

/// Removes suffixes that programs add to names, and unifies the spellings of "response".
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
