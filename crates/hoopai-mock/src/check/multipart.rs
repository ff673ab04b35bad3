//! Multipart bodies.

use std::convert::Infallible;

use bytes::Bytes;
use multer::Multipart;
use serde_json::{Map, Value};

use super::place::Place;
use super::schema::{Fault, keys};
use super::{File, Undeclared, text};
use crate::interface::{Body, Operation};
use crate::refusal::Refusal;

/// So many parts a form has at most.
const PARTS: usize = 1000;

/// A form, read.
pub(super) struct Form {
    /// The text fields, in their declared types.
    pub(super) text: Map<String, Value>,
    pub(super) files: Vec<File>,
    /// Text fields, and a placeholder for each declared file: what is checked against the schema.
    pub(super) whole: Value,
    pub(super) faults: Vec<Fault>,
}

pub(super) async fn read(
    operation: &Operation,
    body: &Body,
    content_type: &str,
    bytes: &Bytes,
    undeclared: Undeclared,
) -> Result<Form, Refusal> {
    let boundary = multer::parse_boundary(content_type)
        .map_err(|_| Refusal::bad_request("Multipart: Boundary not found"))?;
    let bytes = bytes.clone();
    let stream = futures_util::stream::once(async move { Ok::<_, Infallible>(bytes) });
    let mut multipart = Multipart::new(stream, boundary);
    let mut texts: Vec<(String, Vec<String>)> = Vec::new();
    let mut files = Vec::new();
    for count in 0.. {
        let Some(field) = multipart.next_field().await.map_err(malformed)? else {
            break;
        };
        if count == PARTS {
            return Err(Refusal::bad_request("Multipart: Too many parts"));
        }
        let Some(name) = field.name().map(str::to_owned) else {
            return Err(Refusal::bad_request("Multipart: A part has no name"));
        };
        let file_name = field.file_name().map(str::to_owned);
        let kind = field.content_type().map(ToString::to_string);
        let bytes = field.bytes().await.map_err(malformed)?;
        let declared = text::property(operation, &body.schema, &name);
        let is_file = match declared {
            Some(schema) => file_name.is_some() || text::is_binary(operation, schema),
            None => file_name.is_some(),
        };
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
    body: &Body,
    texts: Vec<(String, Vec<String>)>,
    files: Vec<File>,
    undeclared: Undeclared,
) -> Form {
    let nothing = Value::Null;
    let text: Map<String, Value> = texts
        .into_iter()
        .map(|(name, texts)| {
            let schema = text::property(operation, &body.schema, &name).unwrap_or(&nothing);
            let value = structured(operation, schema, &texts);
            (
                name,
                value.unwrap_or_else(|| text::typed(operation, schema, &texts, false)),
            )
        })
        .collect();
    let mut whole = text.clone();
    let mut faults = Vec::new();
    // Where a form declares no file and yet takes some, their fields are named by whoever sends them.
    let names_files = keys(operation, &body.schema)
        .into_iter()
        .flatten()
        .filter_map(|key| text::property(operation, &body.schema, key))
        .any(|schema| text::is_binary(operation, schema));
    for file in &files {
        match text::property(operation, &body.schema, &file.field) {
            Some(schema) if text::is_binary(operation, schema) => {
                let many = operation.resolve(schema).get("items").is_some();
                let placeholder: Value = if many { vec![""].into() } else { "".into() };
                if whole.insert(file.field.clone(), placeholder).is_some() && !many {
                    faults.push(Place::named(&file.field).say("must be one file"));
                }
            }
            Some(_) => faults.push(Place::named(&file.field).say("must not be a file")),
            None if names_files && undeclared == Undeclared::Refused => {
                faults.push(Place::named(&file.field).undeclared())
            }
            None => {}
        }
    }
    Form {
        text,
        files,
        whole: Value::Object(whole),
        faults,
    }
}

/// A list that comes as JSON in one part, as some clients send them, in place of a part for each item.
fn structured(operation: &Operation, schema: &Value, texts: &[String]) -> Option<Value> {
    let [text] = texts else { return None };
    let list = operation
        .resolve(schema)
        .get("type")
        .and_then(Value::as_str)
        == Some("array");
    let json = list.then(|| serde_json::from_str::<Value>(text).ok())??;
    (json.is_array() || json.is_object()).then_some(json)
}

fn malformed(error: multer::Error) -> Refusal {
    let message = match error {
        multer::Error::IncompleteStream
        | multer::Error::IncompleteFieldData { .. }
        | multer::Error::IncompleteHeaders => "Multipart: Unexpected end of form",
        multer::Error::ReadHeaderFailed(_) | multer::Error::DecodeHeaderName { .. } => {
            "Multipart: Malformed part header"
        }
        _ => "Multipart: Malformed form",
    };
    Refusal::bad_request(message)
}
