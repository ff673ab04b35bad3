//! The fields of multipart bodies, which are parameters rather than a type.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::json;
use crate::names;
use crate::table::{BodyKind, Operation, resolve};

/// A field of a multipart body.
pub(crate) struct Part {
    pub(crate) wire: String,
    pub(crate) ident: String,
    pub(crate) file: bool,
    pub(crate) description: Option<String>,
}

/// The fields of a multipart body, files first.
pub(crate) fn parts(document: &Value, operation: &Operation) -> Vec<Part> {
    let Some(body) = operation
        .body
        .as_ref()
        .filter(|body| body.kind == BodyKind::Multipart)
    else {
        return Vec::new();
    };
    let schema = resolve(document, &body.schema);
    let mut taken: BTreeSet<String> = operation
        .parameters
        .iter()
        .map(|parameter| parameter.ident.clone())
        .collect();
    taken.extend(names::RESERVED.iter().map(|name| (*name).to_owned()));
    let mut parts: Vec<Part> = schema
        .as_object()
        .into_iter()
        .flat_map(|schema| json::entries(schema, "properties"))
        .map(|(wire, property)| {
            let property = resolve(document, property);
            Part {
                wire: wire.clone(),
                ident: names::unique(&names::field(wire), &mut taken),
                file: property.get("format").and_then(Value::as_str) == Some("binary"),
                description: property
                    .get("description")
                    .and_then(Value::as_str)
                    .map(str::to_owned),
            }
        })
        .collect();
    parts.sort_by_key(|part| (!part.file, part.wire.clone()));
    parts
}
