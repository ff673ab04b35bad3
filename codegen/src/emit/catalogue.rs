//! The module's part of the catalogue: a compressed description of all operations with their
//! schemas, and the list of the operations as Rust.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use miniz_oxide::deflate::compress_to_vec;
use serde_json::{Map, Value, json};

use super::input::{HEADER, Input};
use crate::json::Object;
use crate::model::{
    Body, BodyKind, CursorField, Idempotency, Operation, PageParam, PageStrategy, Paging,
    ParamLocation, Parameter, Part, Reply,
};
use crate::names;
use crate::openapi::{self, is_json, referenced_name};
use crate::text::literal;

const FOLDER: &str = "crates/hoopai-catalogue";

/// The strongest compression.
const LEVEL: u8 = 10;

/// The catalogue's files of a module: path from the workspace's root, content.
pub(crate) fn catalogue_files(input: &Input<'_>) -> BTreeMap<String, Vec<u8>> {
    let (name, ident) = (&input.module.name, input.module.ident());
    let text = description(input).to_string();
    BTreeMap::from([
        (
            format!("{FOLDER}/data/{name}.json.deflate"),
            compress_to_vec(text.as_bytes(), LEVEL),
        ),
        (
            format!("{FOLDER}/src/modules/{ident}.rs"),
            list(input).into_bytes(),
        ),
    ])
}

/// The list of the operations, which is read without decompression.
fn list(input: &Input<'_>) -> String {
    let mut out = format!(
        "// {HEADER}\n\n//! The operations of {}.\n\nuse crate::{{Effect, Entry, Method}};\n\n\
         pub(super) static OPERATIONS: &[Entry] = &[\n",
        input.module.product
    );
    let short = short_names(&input.module.name, input.operations);
    for operation in input.operations {
        let short_name = match short.get(operation.name.as_str()) {
            Some(name) => format!("Some({})", literal(name)),
            None => "None".to_owned(),
        };
        let _ = writeln!(
            out,
            "    Entry {{ name: {}, short_name: {short_name}, id: {}, method: Method::{}, path: {}, effect: Effect::{:?} }},",
            literal(&operation.name),
            literal(&operation.id),
            names::type_name(&operation.method),
            literal(&operation.path),
            operation.effect,
        );
    }
    out.push_str("];\n");
    out
}

/// The names of operations without the name of the module: `get` for `get_contact` of `contacts`.
/// A short name is unique among the short and long names of the module.
fn short_names<'a>(module: &str, operations: &'a [Operation]) -> BTreeMap<&'a str, String> {
    let plural: Vec<&str> = module.split('-').collect();
    let mut singular = plural.clone();
    let last = names::singular(singular.pop().unwrap_or_default());
    singular.push(&last);
    let short: Vec<(&str, String)> = operations
        .iter()
        .filter_map(|operation| {
            let words: Vec<&str> = operation.name.split('_').collect();
            let at = (1..words.len()).find(|at| {
                words[*at..].starts_with(&plural) || words[*at..].starts_with(&singular)
            })?;
            let rest = [&words[..at], &words[at + plural.len()..]].concat();
            Some((operation.name.as_str(), rest.join("_")))
        })
        .collect();
    let mut taken: BTreeMap<&str, usize> = BTreeMap::new();
    let long = operations.iter().map(|operation| operation.name.as_str());
    for name in long.chain(short.iter().map(|(_, name)| name.as_str())) {
        *taken.entry(name).or_default() += 1;
    }
    let unique: BTreeSet<String> = taken
        .into_iter()
        .filter(|(_, count)| *count == 1)
        .map(|(name, _)| name.to_owned())
        .collect();
    short
        .into_iter()
        .filter(|(_, name)| unique.contains(name))
        .collect()
}

/// The description of the module's operations. Members that have their default value are left out.
fn description(input: &Input<'_>) -> Value {
    let operations: Vec<Value> = input
        .operations
        .iter()
        .map(|one| operation(input.document, one))
        .collect();
    let mut names = Vec::new();
    for operation in &operations {
        openapi_names(operation, &mut names);
    }
    let mut schemas = Map::new();
    while let Some(name) = names.pop() {
        if !schemas.contains_key(&name)
            && let Some(component) = openapi::component(input.document, &name)
        {
            let component = schema(component);
            openapi_names(&component, &mut names);
            schemas.insert(name, component);
        }
    }
    json!({ "operations": operations, "schemas": schemas })
}

/// Adds the names of the components to which a value refers.
fn openapi_names(value: &Value, names: &mut Vec<String>) {
    match value {
        Value::Object(map) => {
            if let Some(Value::String(name)) = map.get("$ref") {
                names.push(name.clone());
            }
            for inner in map.values() {
                openapi_names(inner, names);
            }
        }
        Value::Array(items) => items.iter().for_each(|inner| openapi_names(inner, names)),
        _ => {}
    }
}

/// A schema without extensions, in which a reference is the name of a component.
fn schema(value: &Value) -> Value {
    match value {
        Value::Object(_) if referenced_name(value).is_some() => {
            json!({ "$ref": referenced_name(value) })
        }
        Value::Object(map) => map
            .iter()
            .filter(|(key, _)| !key.starts_with("x-"))
            .map(|(key, inner)| (key.clone(), schema_member(key, inner)))
            .collect::<Object>()
            .into(),
        Value::Array(items) => items.iter().map(schema).collect(),
        other => other.clone(),
    }
}

/// A member of a schema. Values are copied as they are; fields can have any name.
fn schema_member(key: &str, value: &Value) -> Value {
    match (key, value) {
        ("properties", Value::Object(fields)) => fields
            .iter()
            .map(|(name, field)| (name.clone(), schema(field)))
            .collect::<Object>()
            .into(),
        ("default" | "enum" | "example" | "required", _) => value.clone(),
        _ => schema(value),
    }
}

fn operation(document: &Value, operation: &Operation) -> Value {
    let mut out = Object::new();
    let mut put = |key: &str, value: Value| {
        if !is_default(&value) {
            out.insert(key.to_owned(), value);
        }
    };
    put("summary", json!(operation.summary));
    put("description", json!(operation.description));
    put("version", json!(operation.version));
    put("location_token", json!(operation.location_token));
    put("agency_token", json!(operation.agency_token));
    put("scopes", json!(operation.scopes));
    put("idempotent", json!(operation.is_idempotent()));
    if let Idempotency::Not(reason) = &operation.idempotency {
        put("not_idempotent", json!(reason));
    }
    put("effect_reason", json!(operation.effect_reason));
    put("deprecated", json!(operation.deprecated));
    put("documented_only", json!(operation.documented_only));
    let parameters = operation.parameters.iter();
    let parameters: Vec<Value> = parameters.map(|one| parameter(operation, one)).collect();
    put("parameters", parameters.into());
    if let Some(own) = &operation.body {
        put("body", body(document, operation, own));
    }
    let reply = match &operation.reply {
        Reply::Json(reply) => json!({ "kind": "json", "schema": schema(reply) }),
        Reply::Empty => json!({ "kind": "empty" }),
        Reply::Bytes => json!({ "kind": "bytes" }),
    };
    put("reply", reply);
    if let Some(location) = &operation.location {
        put(
            "location",
            json!({
                "in": location.part.name(),
                "name": location.name,
                "alt_type": location.alt_type,
                "required": location.required,
            }),
        );
    }
    if let Some(own) = &operation.paging {
        put("paging", paging(own));
    }
    put("unpaged", json!(operation.unpaged));
    out.into()
}

fn is_default(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(flag) => !flag,
        Value::Array(items) => items.is_empty(),
        _ => false,
    }
}

fn parameter(operation: &Operation, parameter: &Parameter) -> Value {
    let enforced = match parameter.part {
        ParamLocation::Path => true,
        _ => operation.requires_query(&parameter.wire_name),
    };
    compact(json!({
        "in": parameter.part.name(),
        "name": parameter.wire_name,
        "rust_name": parameter.ident,
        "declared_required": parameter.required,
        "required": enforced,
        "comma": parameter.comma,
        "description": parameter.description,
        "schema": schema(&parameter.schema),
    }))
}

fn body(document: &Value, operation: &Operation, body: &Body) -> Value {
    let in_body = operation.required.iter().filter(|value| value.in_body);
    let required: Vec<&str> = in_body.map(|value| value.path.as_str()).collect();
    let kind = match body.kind {
        BodyKind::Json => "json",
        BodyKind::Form => "form",
        BodyKind::Multipart => "multipart",
    };
    compact(json!({
        "kind": kind,
        "media_type": media_type(document, operation, body.kind),
        "required": body.required,
        "omittable": body.omittable,
        "required_fields": required,
        "parts": body.parts.iter().map(part).collect::<Vec<_>>(),
        "schema": schema(&body.schema),
    }))
}

/// The declared media type of the body.
fn media_type<'a>(document: &'a Value, operation: &Operation, kind: BodyKind) -> &'a str {
    let content = document
        .get("paths")
        .and_then(|paths| paths.get(&operation.path)?.get(&operation.method))
        .and_then(|declared| declared.get("requestBody")?.get("content")?.as_object());
    match kind {
        BodyKind::Multipart => "multipart/form-data",
        BodyKind::Form => "application/x-www-form-urlencoded",
        BodyKind::Json => content
            .into_iter()
            .flat_map(Object::keys)
            .find(|name| is_json(name))
            .map_or("application/json", String::as_str),
    }
}

fn part(part: &Part) -> Value {
    compact(json!({
        "name": part.wire_name,
        "rust_name": part.ident,
        "file": part.is_file,
        "description": part.description,
        "schema": schema(&part.schema),
    }))
}

fn compact(value: Value) -> Value {
    match value {
        Value::Object(members) => members
            .into_iter()
            .filter(|(_, value)| !is_default(value))
            .collect::<Object>()
            .into(),
        other => other,
    }
}

fn paging(paging: &Paging) -> Value {
    let strategy = match &paging.strategy {
        PageStrategy::Offset(to) => json!({ "offset": page_param(to) }),
        PageStrategy::Page { to, first } => {
            json!({ "page": { "parameter": page_param(to), "first": first } })
        }
        PageStrategy::Cursor(fields) => {
            json!({ "cursor": fields.iter().map(cursor_field).collect::<Vec<_>>() })
        }
    };
    let size = paging.size.as_ref().map(|size| {
        compact(json!({
            "parameter": page_param(&size.to),
            "max": size.max,
            "declared": size.declared,
        }))
    });
    compact(json!({
        "items": paging.items,
        "total": paging.total,
        "more": paging.more,
        "size": size,
        "strategy": strategy,
    }))
}

fn cursor_field(field: &CursorField) -> Value {
    compact(json!({
        "of_last_item": field.of_last_item,
        "path": field.path,
        "parameter": page_param(&field.to),
    }))
}

fn page_param(to: &PageParam) -> Value {
    match to {
        PageParam::Query(name) => json!({ "in": "query", "name": name }),
        PageParam::Body { name, text } => {
            compact(json!({ "in": "body", "name": name, "text": text }))
        }
    }
}
