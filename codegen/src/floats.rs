//! Numbers that may have a fractional part: those with a reason, and those that nothing decides.

use crate::attention::operation_path;
use crate::error::json_path_step;
use crate::formats::fraction_reason;
use crate::model::Operation;
use crate::schema::{ResolvedTypes, Schema};

/// A parameter, part, field, body or reply that is or contains a float.
pub(crate) struct Float {
    /// The type or operation, and the wire name: `Bookmark.pull`.
    pub(crate) name: String,
    /// The JSONPath of its schema.
    pub(crate) path: String,
    /// Why it may have a fractional part.
    pub(crate) reason: Option<String>,
}

/// All floats of a module.
pub(crate) fn floats(operations: &[Operation], resolved: &ResolvedTypes) -> Vec<Float> {
    let mut found = Vec::new();
    let mut add = |owner: &str, wire_name: &str, path: String, reason: Option<String>| {
        let name = format!("{owner}.{wire_name}");
        found.push(Float { name, path, reason });
    };
    for (operation, schemas) in operations.iter().zip(&resolved.operations) {
        let path = operation_path(&operation.path, &operation.method);
        for (parameter, schema) in operation.parameters.iter().zip(&schemas.parameters) {
            if schema.has_fraction() {
                let name = &parameter.wire_name;
                let quoted = name.replace('\\', "\\\\").replace('\'', "\\'");
                let path = format!("{path}.parameters[?@.name=='{quoted}'].schema");
                add(
                    &operation.name,
                    name,
                    path,
                    fraction_reason(&parameter.schema),
                );
            }
        }
        let body_path = format!("{path}.requestBody.content.*.schema");
        let parts = operation.body.iter().flat_map(|body| &body.parts);
        for (part, schema) in parts.zip(&schemas.parts) {
            if schema.has_fraction() {
                let step = json_path_step(&part.wire_name);
                let path = format!("{body_path}.properties{step}");
                let reason = fraction_reason(&part.schema);
                add(&operation.name, &part.wire_name, path, reason);
            }
        }
        let reply_path = format!("{path}.responses.*.content.*.schema");
        let contents = [
            ("body", &schemas.body, body_path),
            ("reply", &schemas.reply, reply_path),
        ];
        for (part, schema, path) in contents {
            if schema.as_ref().is_some_and(Schema::has_fraction) {
                add(&operation.name, part, path, None);
            }
        }
    }
    for (name, item) in &resolved.structs {
        for field in item
            .fields
            .iter()
            .filter(|field| field.schema.has_fraction())
        {
            let path = item.origin.field_path(&field.wire_name);
            add(name, &field.wire_name, path, field.fraction.clone());
        }
        if item.additional.as_ref().is_some_and(Schema::has_fraction) {
            let path = format!("{}.additionalProperties", item.origin.path());
            add(name, "additionalProperties", path, None);
        }
    }
    found
}
