//! Converts documents of OpenAPI 3.1 and later to 3.0, before anything else reads them. Keywords
//! that 3.0 cannot express are dropped, each with a note. A note is no deviation that people must
//! settle: the values stay readable, if only as any JSON.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::error::{FileError, SourcePointer, escape_token};
use crate::json::{self, Object};
use crate::openapi::SCHEMAS;

/// What the conversion to OpenAPI 3.0 changed or dropped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConversionNote {
    /// What was converted, and to what.
    pub text: String,
    /// JSON pointer of the first place in the downloaded file.
    pub pointer: String,
    /// The number of places.
    pub count: usize,
}

/// The version that converted documents declare.
const CONVERTED: &str = "3.0.0";

/// The text of the note about keywords that are dropped.
const DROPPED: &str = "cannot be expressed in OpenAPI 3.0 and was ignored";

/// Keys of maps from names to parts; these names are no keywords.
const NAME_MAPS: [&str; 19] = [
    "$defs",
    "callbacks",
    "content",
    "definitions",
    "dependentSchemas",
    "encoding",
    "headers",
    "links",
    "parameters",
    "pathItems",
    "paths",
    "patternProperties",
    "properties",
    "requestBodies",
    "responses",
    "schemas",
    "scopes",
    "securitySchemes",
    "variables",
];

/// Keys whose values are data or prose, which may resemble schemas.
const VALUES: [&str; 10] = [
    "const",
    "default",
    "enum",
    "example",
    "examples",
    "externalDocs",
    "info",
    "mapping",
    "servers",
    "tags",
];

/// Keywords of schemas without a counterpart in OpenAPI 3.0.
const INEXPRESSIBLE: [&str; 15] = [
    "$dynamicRef",
    "$recursiveRef",
    "contains",
    "contentSchema",
    "dependentRequired",
    "dependentSchemas",
    "else",
    "if",
    "maxContains",
    "minContains",
    "propertyNames",
    "then",
    "unevaluatedItems",
    "unevaluatedProperties",
    "patternProperties",
];

/// Keywords that say more about a value than the reference beside them.
const STRUCTURE: [&str; 10] = [
    "additionalProperties",
    "allOf",
    "anyOf",
    "enum",
    "format",
    "items",
    "nullable",
    "oneOf",
    "properties",
    "type",
];

/// Whether documents of this version of OpenAPI can be read.
pub fn is_supported_version(version: &str) -> bool {
    version.starts_with("3.")
}

/// What the conversion of a downloaded file to OpenAPI 3.0 changes; nothing for a 3.0 file.
pub fn conversion_notes(file: &str, bytes: &[u8]) -> Result<Vec<ConversionNote>, FileError> {
    let mut document = json::parse(file, bytes)?;
    Ok(if is_newer(&document) {
        convert(&mut document)
    } else {
        Vec::new()
    })
}

/// Rejects a document that is not OpenAPI 3.
pub(super) fn check_version(document: &Value, at: &SourcePointer<'_>) -> Result<(), FileError> {
    let root = json::object(document, at, "the document")?;
    let remedy = "fetch an OpenAPI 3.0 or 3.1 file; other versions are not supported";
    match (root.get("openapi"), root.get("swagger")) {
        (Some(Value::String(version)), _) if is_supported_version(version) => Ok(()),
        (Some(version), _) => Err(at
            .key("openapi")
            .error(format!("`openapi` is {version}, not 3.0 or 3.1"), remedy)),
        (None, Some(version)) => Err(at
            .key("swagger")
            .error(format!("`swagger` is {version}, not OpenAPI 3"), remedy)),
        (None, None) => Err(at.error(
            "not an OpenAPI document: it has no `openapi`",
            "fetch the file again, or from another source",
        )),
    }
}

/// Whether a document declares OpenAPI 3.1 or later.
pub(super) fn is_newer(document: &Value) -> bool {
    let version = document.get("openapi").and_then(Value::as_str);
    version.is_some_and(|version| {
        is_supported_version(version) && version != "3.0" && !version.starts_with("3.0.")
    })
}

/// Converts a document of OpenAPI 3.1 to 3.0.
pub(super) fn convert(document: &mut Value) -> Vec<ConversionNote> {
    let mut notes = Notes::default();
    hoist_definitions(document);
    if let Some(root) = document.as_object_mut() {
        if root.contains_key("openapi") {
            root.insert("openapi".into(), CONVERTED.into());
        }
        for key in ["webhooks", "jsonSchemaDialect"] {
            if root.remove(key).is_some() {
                notes.dropped("", key);
            }
        }
    }
    inline_path_items(document);
    if let Some(schemes) = document.pointer_mut("/components/securitySchemes")
        && let Some(schemes) = schemes.as_object_mut()
    {
        schemes.retain(|name, scheme| {
            let kept = scheme.get("type") != Some(&json!("mutualTLS"));
            if !kept {
                let at = format!("/components/securitySchemes/{}", escape_token(name));
                notes.add(&at, format!("the security scheme `mutualTLS` {DROPPED}"));
            }
            kept
        });
    }
    convert_part(document, false, "", &mut notes);
    notes.0.into_values().collect()
}

#[derive(Default)]
struct Notes(BTreeMap<String, ConversionNote>);

impl Notes {
    fn add(&mut self, pointer: &str, text: impl Into<String>) {
        let text = text.into();
        let note = self.0.entry(text.clone()).or_insert(ConversionNote {
            text,
            pointer: pointer.to_owned(),
            count: 0,
        });
        note.count += 1;
    }

    fn dropped(&mut self, pointer: &str, keyword: &str) {
        let at = format!("{pointer}/{}", escape_token(keyword));
        self.add(&at, format!("`{keyword}` {DROPPED}"));
    }
}

/// Calls `visit` with each part of a document and its pointer, from the outside to the inside.
/// `names`: the keys of this map are names.
fn walk(value: &Value, names: bool, pointer: &str, visit: &mut impl FnMut(&Object, &str)) {
    match value {
        Value::Object(map) => {
            if !names {
                visit(map, pointer);
            }
            for (key, inner) in map.iter().filter(|(key, _)| names || has_parts(key)) {
                let at = format!("{pointer}/{}", escape_token(key));
                walk(inner, !names && is_name_map(key), &at, visit);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                walk(item, false, &format!("{pointer}/{index}"), visit);
            }
        }
        _ => {}
    }
}

fn is_name_map(key: &str) -> bool {
    NAME_MAPS.contains(&key)
}

fn has_parts(key: &str) -> bool {
    !VALUES.contains(&key) && !key.starts_with("x-")
}

/// Moves the schemas in `$defs` to the components, and redirects the references to them.
fn hoist_definitions(document: &mut Value) {
    let taken = document.pointer("/components/schemas");
    let taken = taken.and_then(Value::as_object).into_iter().flatten();
    let mut taken: BTreeSet<String> = taken.map(|(name, _)| name.clone()).collect();
    // From the pointer of a definition to the name of its component.
    let mut moved: BTreeMap<String, String> = BTreeMap::new();
    let mut schemas: Vec<(String, Value)> = Vec::new();
    walk(document, false, "", &mut |part, pointer| {
        for (name, schema) in json::entries(part, "$defs") {
            let mut component = name.clone();
            let mut number = 1;
            while !taken.insert(component.clone()) {
                number += 1;
                component = format!("{name}{number}");
            }
            let at = format!("{pointer}/$defs/{}", escape_token(name));
            moved.insert(at, component.clone());
            schemas.push((component, schema.clone()));
        }
    });
    if moved.is_empty() {
        return;
    }
    redirect(document, false, "", &moved);
    for (pointer, component) in &moved {
        let Some(schema) = document.pointer(pointer).cloned() else {
            continue;
        };
        if let Some(slot) = schemas.iter_mut().find(|(name, _)| name == component) {
            slot.1 = schema;
        }
    }
    for (_, schema) in &mut schemas {
        remove_definitions(schema, false);
    }
    remove_definitions(document, false);
    let Some(root) = document.as_object_mut() else {
        return;
    };
    let components = root.entry("components").or_insert_with(|| json!({}));
    if let Some(components) = components.as_object_mut()
        && let Some(all) = components
            .entry("schemas")
            .or_insert_with(|| json!({}))
            .as_object_mut()
    {
        all.extend(schemas);
    }
}

/// Redirects the references to moved definitions. `#/$defs/…` means the definition of the nearest
/// schema around the reference, as generators write it.
fn redirect(value: &mut Value, names: bool, pointer: &str, moved: &BTreeMap<String, String>) {
    match value {
        Value::Object(map) => {
            if !names
                && let Some(target) = json::text(map, "$ref").and_then(|r| r.strip_prefix('#'))
                && target.contains("/$defs/")
            {
                let enclosing = moved
                    .iter()
                    .filter(|(at, _)| {
                        let around = at.strip_suffix(target);
                        around.is_some_and(|around| pointer.starts_with(around))
                    })
                    .max_by_key(|(at, _)| at.len());
                let component = moved.get(target).or(enclosing.map(|(_, name)| name));
                if let Some(component) = component {
                    map.insert("$ref".into(), format!("{SCHEMAS}{component}").into());
                }
            }
            for (key, inner) in map.iter_mut().filter(|(key, _)| names || has_parts(key)) {
                let at = format!("{pointer}/{}", escape_token(key));
                redirect(inner, !names && is_name_map(key), &at, moved);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter_mut().enumerate() {
                redirect(item, false, &format!("{pointer}/{index}"), moved);
            }
        }
        _ => {}
    }
}

fn remove_definitions(value: &mut Value, names: bool) {
    match value {
        Value::Object(map) => {
            if !names {
                map.remove("$defs");
            }
            for (key, inner) in map.iter_mut().filter(|(key, _)| names || has_parts(key)) {
                remove_definitions(inner, !names && is_name_map(key));
            }
        }
        Value::Array(items) => items
            .iter_mut()
            .for_each(|item| remove_definitions(item, false)),
        _ => {}
    }
}

/// Replaces references to shared path items by the items.
fn inline_path_items(document: &mut Value) {
    let shared = document
        .pointer_mut("/components/pathItems")
        .map(Value::take);
    let Some(shared) = shared else {
        return;
    };
    if let Some(components) = document
        .get_mut("components")
        .and_then(Value::as_object_mut)
    {
        components.remove("pathItems");
    }
    let paths = document.get_mut("paths").and_then(Value::as_object_mut);
    for (_, item) in paths.into_iter().flatten() {
        let target = item.get("$ref").and_then(Value::as_str);
        let name = target.and_then(|target| target.strip_prefix("#/components/pathItems/"));
        let found = name.and_then(|name| shared.pointer(&format!("/{name}")));
        if let Some(found) = found {
            *item = found.clone();
        }
    }
}

/// Converts the schemas within a part of a document.
fn convert_part(value: &mut Value, names: bool, pointer: &str, notes: &mut Notes) {
    match value {
        Value::Object(map) => {
            if !names {
                convert_schema(map, pointer, notes);
                convert_media_types(map);
            }
            for (key, inner) in map.iter_mut().filter(|(key, _)| names || has_parts(key)) {
                let at = format!("{pointer}/{}", escape_token(key));
                convert_part(inner, !names && is_name_map(key), &at, notes);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter_mut().enumerate() {
                convert_part(item, false, &format!("{pointer}/{index}"), notes);
            }
        }
        _ => {}
    }
}

/// A body of bytes has no schema in OpenAPI 3.1.
fn convert_media_types(part: &mut Object) {
    for (name, media) in json::entries_mut(part, "content") {
        let bytes = ["application/octet-stream", "audio/", "image/", "video/"];
        if let Some(media) = media.as_object_mut()
            && bytes.iter().any(|start| name.starts_with(start))
            && media
                .get("schema")
                .is_none_or(|schema| *schema == json!({}))
        {
            let schema = json!({ "type": "string", "format": "binary" });
            media.insert("schema".into(), schema);
        }
    }
}

/// Converts the keywords of one schema. Other parts of a document have none of them.
fn convert_schema(schema: &mut Object, pointer: &str, notes: &mut Notes) {
    boolean_schemas(schema, pointer, notes);
    null_branches(schema);
    types(schema, pointer, notes);
    constants(schema);
    for (bound, exclusive, is_stricter) in [
        (
            "minimum",
            "exclusiveMinimum",
            f64::gt as fn(&f64, &f64) -> bool,
        ),
        ("maximum", "exclusiveMaximum", f64::lt),
    ] {
        exclusive_bound(schema, bound, exclusive, is_stricter);
    }
    if let Some(Value::Array(examples)) = schema.get("examples") {
        let first = examples.iter().find(|example| !example.is_null()).cloned();
        schema.remove("examples");
        if let Some(first) = first
            && !schema.contains_key("example")
        {
            schema.insert("example".into(), first);
        }
    }
    content_keywords(schema);
    tuples(schema, pointer, notes);
    pattern_properties(schema, pointer, notes);
    for keyword in INEXPRESSIBLE {
        if schema.remove(keyword).is_some() {
            notes.dropped(pointer, keyword);
        }
    }
    if STRUCTURE.iter().any(|key| schema.contains_key(*key))
        && let Some(reference) = schema
            .get("$ref")
            .filter(|value| value.is_string())
            .cloned()
    {
        schema.remove("$ref");
        let parts = schema.entry("allOf").or_insert_with(|| json!([]));
        if let Some(parts) = parts.as_array_mut() {
            parts.insert(0, json!({ "$ref": reference }));
        }
    }
}

/// The schema `false`, which no value fits.
fn boolean_schemas(schema: &mut Object, pointer: &str, notes: &mut Notes) {
    const FALSE: Value = Value::Bool(false);
    let mut removed = false;
    if let Some(Value::Object(properties)) = schema.get_mut("properties") {
        let before = properties.len();
        properties.retain(|_, property| *property != FALSE);
        removed |= properties.len() < before;
    }
    for key in ["allOf", "anyOf", "oneOf"] {
        if let Some(Value::Array(parts)) = schema.get_mut(key) {
            let before = parts.len();
            parts.retain(|part| *part != FALSE);
            removed |= parts.len() < before;
            if parts.is_empty() {
                schema.remove(key);
            }
        }
    }
    for key in ["items", "not"] {
        if schema.get(key).is_some_and(Value::is_boolean) {
            schema.remove(key);
        }
    }
    if removed {
        notes.add(pointer, format!("the schema `false` {DROPPED}"));
    }
}

/// A choice between null and other schemas.
fn null_branches(schema: &mut Object) {
    for key in ["anyOf", "oneOf"] {
        let Some(Value::Array(parts)) = schema.get_mut(key) else {
            continue;
        };
        let before = parts.len();
        parts.retain(|part| !is_null(part));
        if parts.len() == before {
            continue;
        }
        let rest = std::mem::take(parts);
        schema.remove(key);
        schema.insert("nullable".into(), true.into());
        match <[Value; 1]>::try_from(rest) {
            Ok([Value::Object(part)])
                if !part.contains_key("$ref")
                    && part.keys().all(|key| !schema.contains_key(key)) =>
            {
                schema.extend(part);
            }
            Ok([part]) => {
                schema.entry("allOf").or_insert_with(|| json!([part]));
            }
            Err(rest) if rest.is_empty() => {}
            Err(rest) => {
                schema.insert(key.into(), rest.into());
            }
        }
    }
}

fn is_null(schema: &Value) -> bool {
    let is = |key: &str, value: Value| schema.get(key) == Some(&value);
    is("type", json!("null"))
        || is("type", json!(["null"]))
        || is("const", Value::Null)
        || is("enum", json!([null]))
}

/// Lists of types, and the type null.
fn types(schema: &mut Object, pointer: &str, notes: &mut Notes) {
    let mut names: Vec<Value> = match schema.get("type") {
        Some(Value::Array(names)) => names.clone(),
        Some(name @ Value::String(text)) if text == "null" => vec![name.clone()],
        _ => return,
    };
    let before = names.len();
    names.retain(|name| name != "null");
    if names.len() < before {
        schema.insert("nullable".into(), true.into());
    }
    names.dedup();
    // A number may be an integer.
    if names.contains(&json!("number")) {
        names.retain(|name| name != "integer");
    }
    match <[Value; 1]>::try_from(names) {
        Ok([name]) => {
            schema.insert("type".into(), name);
        }
        Err(names) => {
            // Keywords of one of the types would be read as its declaration.
            const KEPT: [&str; 5] = ["nullable", "deprecated", "readOnly", "writeOnly", "$ref"];
            schema.retain(|key, _| KEPT.contains(&key.as_str()));
            let text = match names.is_empty() {
                true => "a value that is always null is read as any JSON",
                false => "a value of several types is read as any JSON",
            };
            notes.add(pointer, text);
        }
    }
}

/// `const`, and null among the values of an enum.
fn constants(schema: &mut Object) {
    if let Some(value) = schema.remove("const") {
        if !schema.contains_key("type") {
            let name = match &value {
                Value::Bool(_) => Some("boolean"),
                Value::Number(number) if number.is_f64() => Some("number"),
                Value::Number(_) => Some("integer"),
                Value::String(_) => Some("string"),
                _ => None,
            };
            if let Some(name) = name {
                schema.insert("type".into(), name.into());
            }
        }
        schema.insert("enum".into(), json!([value]));
    }
    if let Some(Value::Array(values)) = schema.get_mut("enum")
        && values.contains(&Value::Null)
    {
        values.retain(|value| !value.is_null());
        let empty = values.is_empty();
        if empty {
            schema.remove("enum");
        }
        schema.insert("nullable".into(), true.into());
    }
}

/// An exclusive bound is a number in OpenAPI 3.1, and a flag beside the bound in 3.0.
fn exclusive_bound(
    schema: &mut Object,
    bound: &str,
    exclusive: &str,
    is_stricter: fn(&f64, &f64) -> bool,
) {
    let Some(value @ Value::Number(_)) = schema.get(exclusive) else {
        return;
    };
    let value = value.clone();
    let inclusive = schema.get(bound).and_then(Value::as_f64);
    let keeps_inclusive = matches!(
        (inclusive, value.as_f64()),
        (Some(inclusive), Some(value)) if is_stricter(&inclusive, &value)
    );
    if keeps_inclusive {
        schema.remove(exclusive);
    } else {
        schema.insert(bound.into(), value);
        schema.insert(exclusive.into(), true.into());
    }
}

/// Bytes, and text in base64.
fn content_keywords(schema: &mut Object) {
    let encoding = schema.remove("contentEncoding");
    let media_type = schema.remove("contentMediaType");
    let text = |value: &Option<Value>| value.as_ref().and_then(Value::as_str).map(str::to_owned);
    let (encoding, media_type) = (text(&encoding), text(&media_type));
    if encoding.is_none() && media_type.is_none() {
        return;
    }
    let format = match (encoding.as_deref(), media_type.as_deref()) {
        (Some("base64" | "base64url"), _) => "byte",
        (Some(_), _) => return,
        (None, Some(text)) if text.starts_with("text/") || text.contains("json") => return,
        _ => "binary",
    };
    let is_text = schema.get("type").is_none_or(|name| name == "string");
    if is_text && !schema.contains_key("format") && !schema.contains_key("$ref") {
        schema.insert("type".into(), "string".into());
        schema.insert("format".into(), format.into());
    }
}

/// Lists with a schema for each position.
fn tuples(schema: &mut Object, pointer: &str, notes: &mut Notes) {
    let Some(prefix) = schema.remove("prefixItems") else {
        return;
    };
    let mut all: Vec<&Value> = prefix.as_array().into_iter().flatten().collect();
    all.extend(schema.get("items"));
    let first = all.first().copied().cloned().unwrap_or_else(|| json!({}));
    let items = if all.iter().all(|one| **one == first) {
        first
    } else {
        let at = format!("{pointer}/prefixItems");
        notes.add(
            &at,
            "items of a list with a schema for each position are read as any JSON",
        );
        json!({})
    };
    schema.insert("items".into(), items);
}

/// An object whose names fit one pattern is a map.
fn pattern_properties(schema: &mut Object, pointer: &str, notes: &mut Notes) {
    let open = matches!(
        schema.get("additionalProperties"),
        None | Some(Value::Bool(_))
    );
    let one = match schema.get("patternProperties") {
        Some(Value::Object(patterns)) if patterns.len() == 1 && open => {
            patterns.values().next().cloned()
        }
        _ => return,
    };
    if let Some(one @ Value::Object(_)) = one
        && !schema.contains_key("properties")
    {
        schema.remove("patternProperties");
        schema.insert("additionalProperties".into(), one);
        let at = format!("{pointer}/patternProperties");
        notes.add(
            &at,
            "the pattern of the names in `patternProperties` was ignored",
        );
    }
}
