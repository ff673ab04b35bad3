//! Questions about schemas that checks, made-up replies and stored items share.

use serde_json::{Map, Value};

use super::operation::Operation;

/// The depth to which `allOf`, `oneOf` and `anyOf` are followed.
const DEPTH: usize = 16;

/// Returns the list of a keyword; empty if it is missing.
pub(crate) fn list<'a>(schema: &'a Value, key: &str) -> &'a [Value] {
    schema
        .get(key)
        .and_then(Value::as_array)
        .map(Vec::as_slice)
        .unwrap_or_default()
}

/// Returns the object of a keyword.
pub(crate) fn object<'a>(schema: &'a Value, key: &str) -> Option<&'a Map<String, Value>> {
    schema.get(key).and_then(Value::as_object)
}

/// Returns the text of a keyword.
pub(crate) fn text<'a>(schema: &'a Value, key: &str) -> Option<&'a str> {
    schema.get(key).and_then(Value::as_str)
}

/// Returns a schema and the schemas of its `allOf`, after following references.
pub(crate) fn parts<'a>(operation: &'a Operation, schema: &'a Value) -> Vec<&'a Value> {
    fn collect<'a>(
        operation: &'a Operation,
        schema: &'a Value,
        depth: usize,
        parts: &mut Vec<&'a Value>,
    ) {
        if depth > DEPTH || parts.len() > 64 {
            return;
        }
        let schema = operation.resolve(schema);
        parts.push(schema);
        for part in list(schema, "allOf") {
            collect(operation, part, depth + 1, parts);
        }
    }
    let mut parts = Vec::new();
    collect(operation, schema, 0, &mut parts);
    parts
}

/// Returns the alternatives of a schema: `oneOf` or `anyOf`.
pub(crate) fn alternatives(part: &Value) -> &[Value] {
    match list(part, "oneOf") {
        [] => list(part, "anyOf"),
        alternatives => alternatives,
    }
}

/// Whether a schema allows null.
pub(crate) fn nullable(operation: &Operation, schema: &Value) -> bool {
    fn is_nullable(operation: &Operation, schema: &Value, depth: usize) -> bool {
        let schema = operation.resolve(schema);
        if schema.get("nullable") == Some(&Value::Bool(true)) {
            return true;
        }
        if depth > DEPTH || schema.get("type").is_some() || schema.get("enum").is_some() {
            return list(schema, "enum").contains(&Value::Null);
        }
        let all = list(schema, "allOf");
        let any = alternatives(schema);
        if all.is_empty() && any.is_empty() {
            return schema.get("properties").is_none();
        }
        let allows = |part: &Value| is_nullable(operation, part, depth + 1);
        all.iter().all(allows) && (any.is_empty() || any.iter().any(allows))
    }
    is_nullable(operation, schema, 0)
}

/// Returns the keys that an object may have; `None` if any key is allowed.
pub(crate) fn keys<'a>(operation: &'a Operation, schema: &'a Value) -> Option<Vec<&'a str>> {
    /// Returns whether the schema is closed.
    fn collect<'a>(
        operation: &'a Operation,
        schema: &'a Value,
        depth: usize,
        keys: &mut Vec<&'a str>,
    ) -> bool {
        for part in parts(operation, schema) {
            match part.get("additionalProperties") {
                None | Some(Value::Bool(false)) => {}
                Some(_) => return false,
            }
            keys.extend(own_properties(part));
            keys.extend(list(part, "required").iter().filter_map(Value::as_str));
            for alternative in alternatives(part) {
                let before = keys.len();
                let closed = depth < DEPTH && collect(operation, alternative, depth + 1, keys);
                if !closed || keys.len() == before {
                    return false;
                }
            }
        }
        true
    }
    let mut keys = Vec::new();
    let closed = collect(operation, schema, 0, &mut keys);
    (closed && !keys.is_empty()).then_some(keys)
}

/// Returns the names of the properties that the alternatives of a schema declare, sorted.
pub(crate) fn property_names<'a>(operation: &'a Operation, schema: &'a Value) -> Vec<&'a str> {
    let mut names: Vec<&str> = Vec::new();
    for part in parts(operation, schema) {
        let alternatives = alternatives(part).iter();
        names.extend(own_properties(part));
        names.extend(
            alternatives
                .flat_map(|schema| parts(operation, schema))
                .flat_map(own_properties),
        );
    }
    names.sort_unstable();
    names.dedup();
    names
}

/// Returns the names of the properties that one part of a schema declares.
pub(crate) fn own_properties(part: &Value) -> impl Iterator<Item = &str> {
    let properties = object(part, "properties").into_iter().flatten();
    properties.map(|(name, _)| name.as_str())
}

/// Returns the schema of a declared property.
pub(crate) fn property<'a>(
    operation: &'a Operation,
    schema: &'a Value,
    name: &str,
) -> Option<&'a Value> {
    parts(operation, schema)
        .into_iter()
        .find_map(|part| part.get("properties")?.get(name))
}

/// Returns the names of the required properties.
pub(crate) fn required<'a>(operation: &'a Operation, schema: &'a Value) -> Vec<&'a str> {
    parts(operation, schema)
        .into_iter()
        .flat_map(|part| list(part, "required"))
        .filter_map(Value::as_str)
        .collect()
}

/// Whether a schema declares an array.
pub(crate) fn is_array(operation: &Operation, schema: &Value) -> bool {
    let mut parts = parts(operation, schema).into_iter();
    parts.any(|part| text(part, "type") == Some("array"))
}

/// Whether the schema of a multipart field declares one file or an array of files.
pub(crate) fn is_binary(operation: &Operation, schema: &Value) -> bool {
    let is_file = |schema: &Value| text(schema, "format") == Some("binary");
    parts(operation, schema).into_iter().any(|part| {
        let items = part.get("items").map(|items| operation.resolve(items));
        is_file(part) || items.is_some_and(is_file)
    })
}

/// Whether `altId` is the id of a location or a company. In the bodies of messages, which have no
/// `altType`, it is an id of the provider.
pub(crate) fn alt_id_is_account(operation: &Operation) -> bool {
    let mut parameters = operation.parameters.iter();
    let body = operation.body.as_ref();
    let keys = body.and_then(|body| keys(operation, &body.schema));
    parameters.any(|parameter| parameter.name == "altId")
        || keys.is_some_and(|keys| keys.contains(&"altType"))
}
