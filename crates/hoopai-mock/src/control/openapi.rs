//! The document of the control interface, made from its endpoints.

use serde_json::{Map, Value, json};

use super::endpoint::{Endpoint, PREFIX};
use super::endpoints::ENDPOINTS;
use super::field::{Field, Kind};
use crate::sessions;

/// The OpenAPI document.
pub(super) fn document() -> Value {
    let mut paths = Map::new();
    for endpoint in ENDPOINTS {
        let path = format!("{PREFIX}{}", endpoint.path);
        let item = paths.entry(path).or_insert_with(|| json!({}));
        item[endpoint.method.to_lowercase()] = operation(endpoint);
    }
    json!({
        "openapi": "3.0.3",
        "info": {
            "title": "Control interface of hoopai-mock",
            "version": env!("CARGO_PKG_VERSION"),
            "description": format!(
                "Controls a mock server from any language. The header `{}` selects a session, \
                 which exists from its first use. Errors are `{{\"error\": \"…\"}}`.",
                sessions::HEADER
            ),
        },
        "servers": [{ "url": "/" }],
        "paths": paths,
        "components": { "schemas": {
            "Error": {
                "type": "object",
                "properties": { "error": { "type": "string" } },
                "required": ["error"],
            },
        } },
    })
}

fn operation(endpoint: &Endpoint) -> Value {
    let mut parameters: Vec<Value> = endpoint
        .path
        .split('/')
        .filter_map(path_parameter)
        .collect();
    parameters.extend(endpoint.input.query.iter().map(|field| {
        json!({
            "name": field.name,
            "in": "query",
            "required": field.required,
            "description": sentence(field.about),
            "schema": schema(field.kind),
        })
    }));
    parameters.push(json!({
        "name": "X-Hoopai-Session",
        "in": "header",
        "description": "The name of a session; without it, the server's own session.",
        "schema": { "type": "string" },
    }));
    let mut operation = json!({
        "operationId": endpoint.id,
        "summary": endpoint.about,
        "parameters": parameters,
        "responses": {
            "200": {
                "description": sentence(endpoint.reply),
                "content": { "application/json": { "schema": { "type": "object" } } },
            },
            "default": {
                "description": "What is wrong, and what to do.",
                "content": { "application/json": {
                    "schema": { "$ref": "#/components/schemas/Error" },
                } },
            },
        },
    });
    if endpoint.input.any_body {
        operation["requestBody"] = content(true, &json!({}));
    } else if !endpoint.input.body.is_empty() {
        let is_required = endpoint.input.body.iter().any(|field| field.required);
        operation["requestBody"] = content(is_required, &body(endpoint.input.body));
    }
    operation
}

fn content(required: bool, schema: &Value) -> Value {
    json!({ "required": required, "content": { "application/json": { "schema": schema } } })
}

fn body(fields: &[Field]) -> Value {
    let properties = fields.iter().map(|field| {
        let mut schema = schema(field.kind);
        schema["description"] = sentence(field.about).into();
        (field.name.to_owned(), schema)
    });
    let mut body = json!({
        "type": "object",
        "additionalProperties": false,
        "properties": properties.collect::<Map<_, _>>(),
    });
    let required = fields.iter().filter(|field| field.required);
    let required: Vec<&str> = required.map(|field| field.name).collect();
    if !required.is_empty() {
        body["required"] = required.into();
    }
    body
}

fn path_parameter(segment: &str) -> Option<Value> {
    let name = segment.strip_prefix('{')?.strip_suffix('}')?;
    Some(json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string" } }))
}

fn schema(kind: Kind) -> Value {
    match kind {
        Kind::Text => json!({ "type": "string" }),
        Kind::Count => json!({ "type": "integer", "minimum": 0 }),
        Kind::Seconds => json!({ "type": "number", "minimum": 0 }),
        Kind::Boolean => json!({ "type": "boolean" }),
        Kind::Texts => json!({ "type": "array", "items": { "type": "string" } }),
        Kind::Object => json!({ "type": "object" }),
        Kind::Any => json!({}),
    }
}

/// A sentence from its words.
fn sentence(words: &str) -> String {
    let mut chars = words.chars();
    let first = chars.next().map(|first| first.to_ascii_uppercase());
    let rest = chars.as_str();
    first.map_or_else(String::new, |first| format!("{first}{rest}."))
}
