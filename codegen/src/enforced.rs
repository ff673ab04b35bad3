//! Fields and query parameters that are required for sure (`x-hoopai-required`).
//!
//! `required` in the interface files is as unreliable in requests as in replies: the platform accepts calls without many of
//! these fields. So it is advisory. The client rejects a call only if an overlay marks the field as required, with the
//! evidence that the platform rejects it.

use serde_json::Value;

use crate::fault::Fault;
use crate::json::{self, Object};
use crate::table::{Enforced, Operation, Place, Reader};

/// The overlay's declaration: an object of paths and evidence, `{ "items.qty": "A recorded refusal …" }`.
const DECLARED: &str = "x-hoopai-required";

pub(crate) fn read(
    reader: &Reader<'_>,
    operation: &Operation,
    declared: &Object,
) -> Result<Vec<Enforced>, Fault> {
    let at = reader.at.key(DECLARED);
    let Some(declared) = declared.get(DECLARED) else {
        return Ok(Vec::new());
    };
    let mut enforced = Vec::new();
    for (path, evidence) in json::object(declared, &at, "an object of names and evidence")? {
        let at = at.key(path);
        let evidence = evidence.as_str().map(str::trim).unwrap_or_default();
        if evidence.is_empty() {
            return Err(at.fault(
                format!("`{path}` is required without evidence"),
                "write the evidence as its value: a recorded refusal, a public report",
            ));
        }
        let in_query = operation
            .parameters
            .iter()
            .any(|parameter| parameter.place == Place::Query && parameter.wire == *path);
        let in_body = operation
            .body
            .as_ref()
            .is_some_and(|body| is_field(reader, &body.schema, path));
        if !in_query && !in_body {
            return Err(at.fault(
                format!("the operation declares no query parameter and no field `{path}`"),
                "correct the name, or add the field in an action before this one",
            ));
        }
        enforced.push(Enforced {
            in_body: !in_query,
            path: path.clone(),
            evidence: evidence.to_owned(),
        });
    }
    Ok(enforced)
}

/// Whether a schema declares a field, items of lists looked through.
fn is_field(reader: &Reader<'_>, schema: &Value, path: &str) -> bool {
    let mut schema = reader.resolve(schema);
    while let Some(items) = schema.get("items") {
        schema = reader.resolve(items);
    }
    let (name, rest) = match path.split_once('.') {
        Some((name, rest)) => (name, Some(rest)),
        None => (path, None),
    };
    match (schema.get("properties").and_then(|own| own.get(name)), rest) {
        (Some(field), Some(rest)) => is_field(reader, field, rest),
        (Some(_), None) => true,
        (None, _) => false,
    }
}
