//! Reads operations from the effective documents.

use std::sync::Arc;

use http::Method;
use serde_json::Value;

use super::operation::{BodySpec, Document, Operation, Parameter, ReplySpec};
use crate::modules::MODULES;

/// Reads the operations of all modules.
pub(super) fn operations() -> Vec<Arc<Operation>> {
    let mut operations = Vec::new();
    for (module, text) in MODULES {
        // The documents are JSON: codegen writes them, and the tests count their operations.
        let document: Value = serde_json::from_str(text).unwrap_or_default();
        let schemas = document
            .pointer("/components/schemas")
            .and_then(Value::as_object)
            .cloned();
        let shared = Arc::new(Document {
            schemas: schemas.unwrap_or_default(),
        });
        for (path, item) in document
            .get("paths")
            .and_then(Value::as_object)
            .into_iter()
            .flatten()
        {
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
    let text = |value: &Value, key: &str| {
        value
            .get(key)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    let list = |key: &str| {
        operation
            .get(key)
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
    };
    let mut version = None;
    let mut parameters = Vec::new();
    let mut headers = Vec::new();
    for parameter in list("parameters") {
        let schema = parameter.get("schema").cloned().unwrap_or_default();
        let required = parameter
            .get("required")
            .and_then(Value::as_bool)
            .unwrap_or(false);
        match text(parameter, "in").as_str() {
            "header" if text(parameter, "name").eq_ignore_ascii_case("version") => {
                version = schema
                    .pointer("/enum/0")
                    .and_then(Value::as_str)
                    .map(str::to_owned);
            }
            location @ ("path" | "query") => parameters.push(Parameter {
                in_path: location == "path",
                name: text(parameter, "name"),
                required,
                comma: parameter.get("explode") == Some(&Value::Bool(false)),
                schema,
            }),
            "header" if required => headers.push(text(parameter, "name")),
            _ => {}
        }
    }
    let security = list("security")
        .filter_map(Value::as_object)
        .flatten()
        .map(|(scheme, scopes)| {
            let scopes = scopes
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(Value::as_str)
                .map(str::to_owned);
            (scheme.clone(), scopes.collect())
        })
        .collect();
    let content = |holder: &Value| {
        let content = holder.get("content").and_then(Value::as_object)?;
        let (media_type, media) = content.iter().next()?;
        Some((
            media_type.clone(),
            media.get("schema").cloned().unwrap_or_default(),
        ))
    };
    let body = operation.get("requestBody").and_then(|body| {
        let (media_type, schema) = content(body)?;
        let required = body
            .get("required")
            .and_then(Value::as_bool)
            .unwrap_or(false);
        Some(BodySpec {
            media_type,
            required,
            schema,
        })
    });
    let responses = operation.get("responses").and_then(Value::as_object);
    let success = responses
        .into_iter()
        .flatten()
        .find(|(status, _)| status.starts_with('2'));
    let reply = ReplySpec {
        status: success
            .and_then(|(status, _)| status.parse().ok())
            .unwrap_or(200),
        content: success.and_then(|(_, response)| content(response)),
    };
    Operation {
        module,
        id: text(operation, "operationId"),
        name: text(operation, "x-hoopai-name"),
        method: method.clone(),
        path: path.to_owned(),
        version,
        security,
        parameters,
        headers,
        body,
        reply,
        any_query: operation.get("x-hoopai-documented-only") == Some(&Value::Bool(true)),
        document: Arc::clone(document),
    }
}
