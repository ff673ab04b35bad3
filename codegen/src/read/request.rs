//! Reads parameters and bodies.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::error::{FileError, SourcePointer};
use crate::json::{self, Object};
use crate::model::{Body, BodyKind, ParamLocation, Parameter, Part};
use crate::names;
use crate::openapi::{self, is_json, resolve};

/// Methods that every builder has from its traits.
const TRAIT_METHODS: [&str; 6] = ["clone", "into", "try_into", "borrow", "type_id", "to_owned"];

fn reserved() -> BTreeSet<String> {
    names::RESERVED
        .iter()
        .map(|name| (*name).to_owned())
        .collect()
}

/// Path parameters in the order of the path, then query and header parameters, required ones first,
/// each by name.
pub(super) fn parameters(path: &str, operation: &Object, body: Option<&Body>) -> Vec<Parameter> {
    let in_path = openapi::template_names(path).unwrap_or_default();
    let mut parameters: Vec<Parameter> = Vec::new();
    for parameter in json::items(operation, "parameters").filter_map(Value::as_object) {
        let wire_name = json::text(parameter, "name").unwrap_or_default();
        let part = match json::text(parameter, "in") {
            Some("path") => ParamLocation::Path,
            Some("query") => ParamLocation::Query,
            _ if wire_name.eq_ignore_ascii_case("version") => continue,
            _ => ParamLocation::Header,
        };
        parameters.push(Parameter {
            part,
            wire_name: wire_name.to_owned(),
            ident: String::new(),
            required: json::flag(parameter, "required"),
            comma: parameter.get("explode") == Some(&Value::Bool(false)),
            schema: parameter.get("schema").cloned().unwrap_or_default(),
            description: json::text(parameter, "description").map(str::to_owned),
        });
    }
    parameters.sort_by_key(|parameter| {
        let position = match parameter.part {
            ParamLocation::Path => in_path.iter().position(|name| *name == parameter.wire_name),
            _ => None,
        };
        (
            parameter.part,
            position.unwrap_or(0),
            !parameter.required,
            parameter.wire_name.clone(),
        )
    });
    // Multipart bodies have a setter for each field, all others have one `body`.
    let mut taken = reserved();
    taken.extend(TRAIT_METHODS.map(str::to_owned));
    if body.is_some() {
        taken.insert("body".to_owned());
    }
    for parameter in &mut parameters {
        parameter.ident = names::unique(&names::field(&parameter.wire_name), &mut taken);
    }
    parameters
}

pub(super) fn body(
    document: &Value,
    operation: &Object,
    at: &SourcePointer<'_>,
) -> Result<Option<Body>, FileError> {
    let Some(body) = operation.get("requestBody").and_then(Value::as_object) else {
        return Ok(None);
    };
    let content: Vec<(&String, &Value)> = json::entries(body, "content").collect();
    let kinds = [BodyKind::Json, BodyKind::Multipart, BodyKind::Form];
    let supported = kinds.into_iter().find_map(|kind| {
        let is_kind = |media_type: &str| match kind {
            BodyKind::Json => is_json(media_type),
            BodyKind::Multipart => media_type.starts_with("multipart/form-data"),
            BodyKind::Form => media_type.starts_with("application/x-www-form-urlencoded"),
        };
        let (_, media) = content.iter().find(|(name, _)| is_kind(name))?;
        Some((kind, media))
    });
    let Some((kind, media)) = supported else {
        let declared: Vec<&str> = content.iter().map(|(name, _)| name.as_str()).collect();
        return Err(at.key("requestBody").error(
            format!("bodies of type {} are not supported", declared.join(", ")),
            "declare JSON, urlencoded or multipart in the module's overlay",
        ));
    };
    let schema = media.get("schema").cloned().unwrap_or_default();
    let resolved = resolve(document, &schema).as_object();
    let declared_required = resolved
        .into_iter()
        .flat_map(|schema| json::items(schema, "required"))
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect();
    let required = json::flag(body, "required");
    let omittable = required && kind == BodyKind::Json && resolved.is_some_and(has_no_fields);
    Ok(Some(Body {
        kind,
        required,
        schema,
        declared_required,
        omittable,
        parts: Vec::new(),
    }))
}

/// The fields of a multipart body, files first.
pub(super) fn parts(document: &Value, body: &Body, parameters: &[Parameter]) -> Vec<Part> {
    if body.kind != BodyKind::Multipart {
        return Vec::new();
    }
    let mut taken = reserved();
    taken.extend(parameters.iter().map(|parameter| parameter.ident.clone()));
    let part = |(wire_name, schema): (&String, &Value)| {
        let resolved = resolve(document, schema);
        Part {
            wire_name: wire_name.clone(),
            ident: names::unique(&names::field(wire_name), &mut taken),
            is_file: resolved.get("format").and_then(Value::as_str) == Some("binary"),
            schema: schema.clone(),
            description: openapi::description(resolved),
        }
    };
    let mut parts: Vec<Part> = body.properties(document).map(part).collect();
    parts.sort_by_key(|part| (!part.is_file, part.wire_name.clone()));
    parts
}

/// Whether a schema is an object without fields, which allows no others.
fn has_no_fields(schema: &Object) -> bool {
    let additional = schema.get("additionalProperties");
    json::text(schema, "type") == Some("object")
        && json::entries(schema, "properties").next().is_none()
        && matches!(additional, None | Some(Value::Bool(false)))
        && !openapi::is_composite(schema)
}
