//! Bodies: which kind, read, and checked.

use http::StatusCode;
use serde_json::{Map, Value};

use super::place::Place;
use super::schema::{Fault, validate};
use super::{Accepted, Undeclared, json, multipart, text};
use crate::exchange::Incoming;
use crate::interface::{Body, Operation};
use crate::refusal::Refusal;

pub(super) async fn read(
    operation: &Operation,
    incoming: &Incoming,
    undeclared: Undeclared,
    accepted: &mut Accepted,
    faults: &mut Vec<Fault>,
) -> Result<(), Refusal> {
    let Some(body) = &operation.body else {
        if undeclared == Undeclared::Refused {
            unexpected(incoming, faults);
        }
        return Ok(());
    };
    if incoming.body.is_empty() {
        missing(operation, body, faults);
        return Ok(());
    }
    let came = incoming.header("content-type").unwrap_or_default();
    if !same_kind(&body.media_type, &essence(came)) {
        let message = match came {
            "" => format!("Content-Type must be {}", body.media_type),
            came => format!("Unsupported Media Type: {came}, not {}", body.media_type),
        };
        return Err(Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, message));
    }
    let mut value = match body.media_type.as_str() {
        "multipart/form-data" => {
            let form = multipart::read(operation, body, came, &incoming.body, undeclared).await?;
            accepted.files = form.files;
            accepted.body = Some(Value::Object(form.text));
            faults.extend(form.faults);
            form.whole
        }
        "application/x-www-form-urlencoded" => {
            let value = urlencoded(operation, &body.schema, &incoming.body);
            accepted.body = Some(value.clone());
            value
        }
        _ => {
            let value = json::read(&incoming.body, faults)?;
            accepted.body = Some(value.clone());
            value
        }
    };
    if let Some(fields) = value.as_object_mut() {
        let taken = crate::state::undeclared(operation);
        fields.retain(|name, _| !taken.contains(&name.as_str()));
    }
    faults.extend(validate(
        operation,
        &body.schema,
        &value,
        undeclared.side(),
        &Place::body(),
    ));
    Ok(())
}

/// Type and subtype, in lower case, without parameters.
fn essence(content_type: &str) -> String {
    let end = content_type.find(';').unwrap_or(content_type.len());
    content_type[..end].trim().to_ascii_lowercase()
}

fn same_kind(declared: &str, came: &str) -> bool {
    declared == came
        || (declared == "application/json"
            && came.starts_with("application/")
            && came.ends_with("+json"))
}

/// An operation without a body takes an empty one, and an empty object, which some clients send with every POST.
fn unexpected(incoming: &Incoming, faults: &mut Vec<Fault>) {
    if incoming.body.is_empty() {
        return;
    }
    match serde_json::from_slice::<Map<String, Value>>(&incoming.body) {
        Ok(fields) => faults.extend(
            fields
                .keys()
                .take(64)
                .map(|name| Place::body().key(name).undeclared()),
        ),
        Err(_) => faults.push(("body".into(), "body should not exist".into())),
    }
}

/// As the platform has it: a body that is not there is one without its fields.
fn missing(operation: &Operation, body: &Body, faults: &mut Vec<Fault>) {
    if !body.required {
        return;
    }
    let required = text::required(operation, &body.schema);
    faults.extend(
        required
            .iter()
            .map(|name| Place::body().key(name).say("should not be empty")),
    );
    if required.is_empty() {
        faults.push(Place::body().say("should not be empty"));
    }
}

fn urlencoded(operation: &Operation, schema: &Value, bytes: &[u8]) -> Value {
    let mut pairs: Vec<(String, Vec<String>)> = Vec::new();
    for (name, value) in form_urlencoded::parse(bytes) {
        match pairs.iter().position(|(other, _)| *other == name) {
            Some(at) => pairs[at].1.push(value.into_owned()),
            // No form declares so many fields, so the first of them are refused.
            None if pairs.len() == 1000 => break,
            None => pairs.push((name.into_owned(), vec![value.into_owned()])),
        }
    }
    let nothing = Value::Null;
    let fields = pairs.into_iter().map(|(name, texts)| {
        let schema = text::property(operation, schema, &name).unwrap_or(&nothing);
        let value = text::typed(operation, schema, &texts, false);
        (name, value)
    });
    Value::Object(fields.collect())
}
