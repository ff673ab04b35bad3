//! The type names of schema components.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::chosen_names;
use crate::model::{Operation, Reply};
use crate::names;
use crate::openapi::{components, referenced_name, request_schemas, resolve, visit_references};

/// The uses of a component.
#[derive(Default)]
struct Uses<'a> {
    count: usize,
    /// The operations whose body it is.
    bodies: Vec<&'a str>,
    /// The operations whose reply it is.
    replies: Vec<&'a str>,
}

/// The type name of each component: the name that an overlay chose; after the operations if it is
/// only their request or only their reply; else its own name without affixes.
pub(super) fn names(
    document: &Value,
    operations: &[Operation],
    taken: &mut BTreeSet<String>,
) -> BTreeMap<String, String> {
    let uses = uses(document, operations);
    let sent = request_schemas(document);
    let mut type_names: BTreeMap<String, String> = BTreeMap::new();
    let mut others = Vec::new();
    for (component, schema) in components(document) {
        let Some(uses) = uses.get(component.as_str()) else {
            continue;
        };
        if let Some(name) = chosen_names::of(schema) {
            type_names.insert(component.clone(), name.to_owned());
            continue;
        }
        let of_operations = if uses.count == uses.replies.len() {
            names::of_operations(&uses.replies, "Response", is_entity(document, schema))
        } else if uses.count == uses.bodies.len() {
            names::of_operations(&uses.bodies, "Request", false)
        } else {
            None
        };
        match of_operations.filter(|name| taken.insert(name.clone())) {
            Some(name) => {
                type_names.insert(component.clone(), name);
            }
            None => others.push(component),
        }
    }
    for component in others {
        let name = names::type_name(component);
        let is_reply = !uses[component.as_str()].replies.is_empty();
        let is_within_replies = !is_reply && !sent.contains(component);
        let short = names::without_affixes(&name, is_within_replies);
        let shorter = [short, names::without_affixes(&name, false)];
        let free = shorter.into_iter().find(|name| !taken.contains(name));
        let name = names::unique(&free.unwrap_or(name), taken);
        type_names.insert(component.clone(), name);
    }
    type_names
}

fn uses<'a>(document: &'a Value, operations: &'a [Operation]) -> BTreeMap<&'a str, Uses<'a>> {
    let mut uses: BTreeMap<&str, Uses<'_>> = BTreeMap::new();
    let mut count =
        |schema| visit_references(schema, &mut |name| uses.entry(name).or_default().count += 1);
    components(document).for_each(|(_, schema)| count(schema));
    for operation in operations {
        if let Reply::Json(schema) = &operation.reply {
            count(schema);
        }
        if let Some(body) = &operation.body {
            count(&body.schema);
        }
        operation
            .parameters
            .iter()
            .for_each(|parameter| count(&parameter.schema));
    }
    for operation in operations {
        if let Reply::Json(schema) = &operation.reply
            && let Some(component) = referenced_name(schema)
        {
            let uses = uses.entry(component).or_default();
            uses.replies.push(&operation.name);
        }
        if let Some(body) = &operation.body
            && let Some(component) = referenced_name(&body.schema)
        {
            let uses = uses.entry(component).or_default();
            uses.bodies.push(&operation.name);
        }
    }
    uses
}

/// Whether a reply is an item of the platform rather than an object that contains one.
fn is_entity(document: &Value, schema: &Value) -> bool {
    let properties = resolve(document, schema).get("properties");
    let properties = properties.and_then(Value::as_object);
    properties.is_some_and(|fields| {
        fields.len() > 3 && ["_id", "id"].iter().any(|name| fields.contains_key(*name))
    })
}
