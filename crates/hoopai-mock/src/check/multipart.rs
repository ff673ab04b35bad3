//! Reads multipart bodies.

use std::convert::Infallible;

use bytes::Bytes;
use multer::Multipart;
use serde_json::{Map, Value};

use super::coerce::coerce;
use super::field_path::FieldPath;
use super::options::UndeclaredPolicy;
use super::parsed_request::File;
use super::schema::FieldError;
use crate::api_error::ApiError;
use crate::interface::schema_view::{self, is_binary, keys, property};
use crate::interface::{BodySpec, Operation};

/// The largest number of parts of a form.
const MAX_PARTS: usize = 1000;

/// The parts of a form.
pub(super) struct Form {
    /// The text fields in their declared types.
    pub(super) text: Map<String, Value>,
    pub(super) files: Vec<File>,
    /// The value that is validated: text fields, and a placeholder for each declared file.
    pub(super) value: Value,
    pub(super) errors: Vec<FieldError>,
}

pub(super) async fn read(
    operation: &Operation,
    body: &BodySpec,
    content_type: &str,
    bytes: &Bytes,
    undeclared: UndeclaredPolicy,
) -> Result<Form, ApiError> {
    let boundary = multer::parse_boundary(content_type)
        .map_err(|_| ApiError::bad_request("Multipart: Boundary not found"))?;
    let bytes = bytes.clone();
    let stream = futures_util::stream::once(async move { Ok::<_, Infallible>(bytes) });
    let mut multipart = Multipart::new(stream, boundary);
    let mut texts: Vec<(String, Vec<String>)> = Vec::new();
    let mut files = Vec::new();
    for count in 0.. {
        let Some(field) = multipart.next_field().await.map_err(malformed)? else {
            break;
        };
        if count == MAX_PARTS {
            return Err(ApiError::bad_request("Multipart: Too many parts"));
        }
        let Some(name) = field.name().map(str::to_owned) else {
            return Err(ApiError::bad_request("Multipart: A part has no name"));
        };
        let file_name = field.file_name().map(str::to_owned);
        let kind = field.content_type().map(ToString::to_string);
        let bytes = field.bytes().await.map_err(malformed)?;
        let declared = property(operation, &body.schema, &name);
        let is_file =
            file_name.is_some() || declared.is_some_and(|schema| is_binary(operation, schema));
        if is_file {
            files.push(File {
                field: name,
                name: file_name,
                content_type: kind,
                bytes,
            });
        } else {
            let value = String::from_utf8_lossy(&bytes).into_owned();
            match texts.iter_mut().find(|(other, _)| *other == name) {
                Some((_, values)) => values.push(value),
                None => texts.push((name, vec![value])),
            }
        }
    }
    Ok(form(operation, body, texts, files, undeclared))
}

fn form(
    operation: &Operation,
    body: &BodySpec,
    texts: Vec<(String, Vec<String>)>,
    files: Vec<File>,
    undeclared: UndeclaredPolicy,
) -> Form {
    let text: Map<String, Value> = texts
        .into_iter()
        .map(|(name, texts)| {
            let schema = property(operation, &body.schema, &name).unwrap_or(&Value::Null);
            let value = json_array(operation, schema, &texts)
                .unwrap_or_else(|| coerce(operation, schema, &texts, false));
            (name, value)
        })
        .collect();
    let mut value = text.clone();
    let mut errors = Vec::new();
    // If a form declares no file field, its files can have any field names.
    let names_files = keys(operation, &body.schema)
        .into_iter()
        .flatten()
        .filter_map(|key| property(operation, &body.schema, key))
        .any(|schema| is_binary(operation, schema));
    for file in &files {
        match property(operation, &body.schema, &file.field) {
            Some(schema) if is_binary(operation, schema) => {
                let many = operation.resolve(schema).get("items").is_some();
                let placeholder: Value = if many { vec![""].into() } else { "".into() };
                if value.insert(file.field.clone(), placeholder).is_some() && !many {
                    errors.push(FieldPath::parameter(&file.field).error("must be one file"));
                }
            }
            Some(_) => errors.push(FieldPath::parameter(&file.field).error("must not be a file")),
            None if names_files && undeclared == UndeclaredPolicy::Reject => {
                errors.push(FieldPath::parameter(&file.field).undeclared())
            }
            None => {}
        }
    }
    Form {
        text,
        files,
        value: Value::Object(value),
        errors,
    }
}

/// Returns the value of an array field that a client sends as JSON in one part.
fn json_array(operation: &Operation, schema: &Value, texts: &[String]) -> Option<Value> {
    let [text] = texts else { return None };
    if schema_view::text(operation.resolve(schema), "type") != Some("array") {
        return None;
    }
    let json: Value = serde_json::from_str(text).ok()?;
    (json.is_array() || json.is_object()).then_some(json)
}

fn malformed(error: multer::Error) -> ApiError {
    let message = match error {
        multer::Error::IncompleteStream
        | multer::Error::IncompleteFieldData { .. }
        | multer::Error::IncompleteHeaders => "Multipart: Unexpected end of form",
        multer::Error::ReadHeaderFailed(_) | multer::Error::DecodeHeaderName { .. } => {
            "Multipart: Malformed part header"
        }
        _ => "Multipart: Malformed form",
    };
    ApiError::bad_request(message)
}
