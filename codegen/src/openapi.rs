//! Navigation in OpenAPI documents.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::error::escape_token;
use crate::json::{self, Object};

/// The HTTP methods that a path item may have.
pub(crate) const METHODS: [&str; 8] = [
    "delete", "get", "head", "options", "patch", "post", "put", "trace",
];

/// The keywords that combine schemas.
pub(crate) const COMPOSITES: [&str; 3] = ["allOf", "oneOf", "anyOf"];

/// The prefix of references to schema components.
pub(crate) const SCHEMAS: &str = "#/components/schemas/";

/// Chains of references are followed up to this length.
const REFERENCE_LIMIT: usize = 64;

/// The schema component to which a `$ref` leads.
pub(crate) fn referenced_name(schema: &Value) -> Option<&str> {
    schema.get("$ref")?.as_str()?.strip_prefix(SCHEMAS)
}

/// The JSON pointer of a schema component.
pub(crate) fn schema_pointer(name: &str) -> String {
    format!("/components/schemas/{}", escape_token(name))
}

/// The schema component of this name.
pub(crate) fn component<'a>(document: &'a Value, name: &str) -> Option<&'a Value> {
    document.pointer(&schema_pointer(name))
}

/// All schema components.
pub(crate) fn components(document: &Value) -> impl Iterator<Item = (&String, &Value)> {
    let schemas = document.pointer("/components/schemas");
    schemas.and_then(Value::as_object).into_iter().flatten()
}

/// All operations with path and method.
pub(crate) fn operations(
    document: &Value,
) -> impl Iterator<Item = (&String, &'static str, &Object)> {
    let paths = document.get("paths").and_then(Value::as_object);
    paths.into_iter().flatten().flat_map(|(path, item)| {
        METHODS
            .into_iter()
            .filter_map(move |method| Some((path, method, item.get(method)?.as_object()?)))
    })
}

/// Whether a schema combines others.
pub(crate) fn is_composite(schema: &Object) -> bool {
    COMPOSITES.iter().any(|key| schema.contains_key(*key))
}

/// Follows references, and composites of one part, to the schema that they represent.
pub(crate) fn resolve<'a>(document: &'a Value, mut schema: &'a Value) -> &'a Value {
    for _ in 0..REFERENCE_LIMIT {
        let next = match schema.get("$ref") {
            Some(_) => referenced_name(schema).and_then(|name| component(document, name)),
            None => COMPOSITES
                .iter()
                .find_map(|key| schema.get(*key))
                .filter(|_| schema.get("properties").is_none())
                .and_then(|parts| match parts.as_array()?.as_slice() {
                    [one] => Some(one),
                    _ => None,
                }),
        };
        match next {
            Some(next) => schema = next,
            None => break,
        }
    }
    schema
}

/// Calls `visit` with the name in each reference to a schema component within a value.
pub(crate) fn visit_references<'a>(value: &'a Value, visit: &mut impl FnMut(&'a str)) {
    match value {
        Value::Object(map) => {
            if let Some(name) = referenced_name(value) {
                visit(name);
            }
            map.values()
                .for_each(|inner| visit_references(inner, visit));
        }
        Value::Array(items) => items
            .iter()
            .for_each(|inner| visit_references(inner, visit)),
        _ => {}
    }
}

/// The schema components that request bodies use, directly or through other schemas.
pub(crate) fn request_schemas(document: &Value) -> BTreeSet<String> {
    schemas_of(document, "requestBodies", "requestBody")
}

/// The schema components that replies use, directly or through other schemas.
pub(crate) fn reply_schemas(document: &Value) -> BTreeSet<String> {
    schemas_of(document, "responses", "responses")
}

fn schemas_of(document: &Value, shared: &str, own: &str) -> BTreeSet<String> {
    let mut queue = Vec::new();
    let shared = document.pointer(&format!("/components/{shared}"));
    let own = operations(document).filter_map(|(_, _, operation)| operation.get(own));
    for part in shared.into_iter().chain(own) {
        visit_references(part, &mut |name| queue.push(name));
    }
    let mut found = BTreeSet::new();
    while let Some(name) = queue.pop() {
        if let Some(schema) = component(document, name)
            && found.insert(name.to_owned())
        {
            visit_references(schema, &mut |name| queue.push(name));
        }
    }
    found
}

/// The parameter names of a path template in their order; `None` if its braces do not pair.
pub(crate) fn template_names(path: &str) -> Option<Vec<&str>> {
    let mut names = Vec::new();
    let mut rest = path;
    while let Some(start) = rest.find(['{', '}']) {
        let open = rest[start..].strip_prefix('{')?;
        let end = open.find(['{', '}'])?;
        let name = &open[..end];
        if !open[end..].starts_with('}')
            || name.is_empty()
            || names.contains(&name)
            || name.contains('/')
        {
            return None;
        }
        names.push(name);
        rest = &open[end + 1..];
    }
    Some(names)
}

/// Whether a media type is JSON.
pub(crate) fn is_json(media_type: &str) -> bool {
    let essence = media_type.split(';').next().unwrap_or_default().trim();
    essence == "application/json" || essence.ends_with("+json")
}

/// The description of a schema.
pub(crate) fn description(schema: &Value) -> Option<String> {
    let description = schema
        .as_object()
        .and_then(|map| json::text(map, "description"));
    description.map(str::to_owned)
}
