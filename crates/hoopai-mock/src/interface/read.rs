//! Reads operations from the effective documents.

use std::sync::Arc;

use http::Method;
use miniz_oxide::inflate::decompress_to_vec;
use serde_json::Value;

use super::operation::{BodySpec, Document, Operation, Parameter, ReplySpec};
use super::schema_view::{list, object, text};
use crate::modules::MODULES;

/// Reads the operations of all modules.
pub(super) fn operations() -> Vec<Arc<Operation>> {
    let mut operations = Vec::new();
    for (module, compressed) in MODULES {
        // The documents are compressed JSON: codegen and the build script write them, and the
        // tests count their operations.
        let text = decompress_to_vec(compressed).unwrap_or_default();
        let document: Value = serde_json::from_slice(&text).unwrap_or_default();
        let schemas = document.pointer("/components/schemas");
        let schemas = schemas.and_then(Value::as_object).cloned();
        let shared = Arc::new(Document {
            schemas: schemas.unwrap_or_default(),
        });
        for (path, item) in members(&document, "paths") {
            for (method, operation) in item.as_object().into_iter().flatten() {
                if let Ok(method) = Method::from_bytes(method.to_uppercase().as_bytes()) {
                    let operation = read_operation(module, &method, path, operation, &shared);
                    operations.push(Arc::new(operation));
                }
            }
        }
    }
    operations
}

fn read_operation(
    module: &'static str,
    method: &Method,
    path: &str,
    operation: &Value,
    document: &Arc<Document>,
) -> Operation {
    let mut version = None;
    let mut parameters = Vec::new();
    let mut headers = Vec::new();
    for parameter in list(operation, "parameters") {
        let schema = parameter.get("schema").cloned().unwrap_or_default();
        let name = owned_text(parameter, "name");
        let required = is_true(parameter, "required");
        match text(parameter, "in").unwrap_or_default() {
            "header" if name.eq_ignore_ascii_case("version") => {
                let declared = schema.pointer("/enum/0").and_then(Value::as_str);
                version = declared.map(str::to_owned);
            }
            location @ ("path" | "query") => parameters.push(Parameter {
                in_path: location == "path",
                name,
                required,
                comma: parameter.get("explode") == Some(&Value::Bool(false)),
                schema,
            }),
            "header" if required => headers.push(name),
            _ => {}
        }
    }
    let security = list(operation, "security")
        .iter()
        .filter_map(Value::as_object)
        .flatten()
        .map(|(scheme, scopes)| {
            let scopes = scopes.as_array().into_iter().flatten();
            let scopes = scopes.filter_map(Value::as_str).map(str::to_owned);
            (scheme.clone(), scopes.collect())
        })
        .collect();
    let body = operation.get("requestBody").and_then(|body| {
        let (media_type, schema) = content(body)?;
        Some(BodySpec {
            media_type,
            required: is_true(body, "required"),
            schema,
        })
    });
    let success = members(operation, "responses").find(|(status, _)| status.starts_with('2'));
    let reply = ReplySpec {
        status: success
            .and_then(|(status, _)| status.parse().ok())
            .unwrap_or(200),
        content: success.and_then(|(_, response)| content(response)),
    };
    Operation {
        module,
        id: owned_text(operation, "operationId"),
        name: owned_text(operation, "x-hoopai-name"),
        method: method.clone(),
        path: path.to_owned(),
        version,
        security,
        parameters,
        headers,
        body,
        reply,
        any_query: is_true(operation, "x-hoopai-documented-only"),
        document: Arc::clone(document),
    }
}

/// Returns the first media type and its schema.
fn content(value: &Value) -> Option<(String, Value)> {
    let (media_type, media) = members(value, "content").next()?;
    let schema = media.get("schema").cloned().unwrap_or_default();
    Some((media_type.clone(), schema))
}

fn members<'a>(value: &'a Value, key: &str) -> impl Iterator<Item = (&'a String, &'a Value)> {
    object(value, key).into_iter().flatten()
}

fn owned_text(value: &Value, key: &str) -> String {
    text(value, key).unwrap_or_default().to_owned()
}

fn is_true(value: &Value, key: &str) -> bool {
    value.get(key) == Some(&Value::Bool(true))
}
