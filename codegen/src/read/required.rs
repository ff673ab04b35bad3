//! Query parameters and fields without which a call is rejected before it is sent
//! (`x-hoopai-required`).
//!
//! `required` in the interface files is as unreliable in requests as in replies: the platform
//! accepts calls without many of these fields. So it is advisory. The client rejects a call only if
//! an overlay marks the field as required, with the evidence that the platform rejects it.

use serde_json::Value;

use crate::error::{FileError, SourcePointer};
use crate::json::{self, Object};
use crate::model::{Operation, ParamLocation, RequiredValue};
use crate::openapi::resolve;

/// The extension: an object of paths and evidence, `{ "items.qty": "A recorded refusal …" }`.
const EXTENSION: &str = "x-hoopai-required";

pub(super) fn read(
    document: &Value,
    operation: &Operation,
    declared: &Object,
    at: &SourcePointer<'_>,
) -> Result<Vec<RequiredValue>, FileError> {
    let at = at.key(EXTENSION);
    let Some(declared) = declared.get(EXTENSION) else {
        return Ok(Vec::new());
    };
    let mut required = Vec::new();
    for (path, evidence) in json::object(declared, &at, "an object of names and evidence")? {
        let at = at.key(path);
        let evidence = evidence.as_str().map(str::trim).unwrap_or_default();
        if evidence.is_empty() {
            return Err(at.error(
                format!("`{path}` is required without evidence"),
                "write the evidence as its value: a recorded refusal, a public report",
            ));
        }
        let in_query = operation.parameters.iter().any(|parameter| {
            parameter.part == ParamLocation::Query && parameter.wire_name == *path
        });
        let body = operation.body.as_ref();
        let in_body = body.is_some_and(|body| has_field(document, &body.schema, path));
        if !in_query && !in_body {
            return Err(at.error(
                format!("the operation declares no query parameter and no field `{path}`"),
                "correct the name, or add the field in an action before this one",
            ));
        }
        required.push(RequiredValue {
            in_body: !in_query,
            path: path.clone(),
            evidence: evidence.to_owned(),
        });
    }
    Ok(required)
}

/// Whether a schema, or the items of its lists, declares a field.
fn has_field(document: &Value, schema: &Value, path: &str) -> bool {
    let mut schema = resolve(document, schema);
    while let Some(items) = schema.get("items") {
        schema = resolve(document, items);
    }
    let (name, rest) = match path.split_once('.') {
        Some((name, rest)) => (name, Some(rest)),
        None => (path, None),
    };
    let field = schema.get("properties").and_then(|fields| fields.get(name));
    field.is_some_and(|field| rest.is_none_or(|rest| has_field(document, field, rest)))
}
