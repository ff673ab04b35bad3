//! Reads and checks bodies by content type.

use http::StatusCode;
use serde_json::{Map, Value};

use super::coerce::coerce;
use super::field_path::FieldPath;
use super::options::{CheckOptions, UndeclaredPolicy};
use super::parsed_request::ParsedRequest;
use super::schema::{FieldError, MAX_ERRORS, validate};
use super::{json, multipart};
use crate::api_error::ApiError;
use crate::exchange::Request;
use crate::interface::schema_view::{property, required};
use crate::interface::{BodySpec, Operation};

pub(super) async fn read(
    operation: &Operation,
    request: &Request,
    options: &CheckOptions,
    parsed: &mut ParsedRequest,
    errors: &mut Vec<FieldError>,
) -> Result<(), ApiError> {
    let Some(body) = &operation.body else {
        if options.undeclared == UndeclaredPolicy::Reject {
            check_absent(request, errors);
        }
        return Ok(());
    };
    if request.body.is_empty() {
        report_missing(operation, body, errors);
        return Ok(());
    }
    let content_type = request.header("content-type").unwrap_or_default();
    if !is_compatible(&body.media_type, &essence(content_type)) {
        let message = match content_type {
            "" => format!("Content-Type must be {}", body.media_type),
            _ => format!(
                "Unsupported Media Type: {content_type}, not {}",
                body.media_type
            ),
        };
        return Err(ApiError::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, message));
    }
    let mut value = match body.media_type.as_str() {
        "multipart/form-data" => {
            let form = multipart::read(
                operation,
                body,
                content_type,
                &request.body,
                options.undeclared,
            )
            .await?;
            parsed.files = form.files;
            parsed.body = Some(Value::Object(form.text));
            errors.extend(form.errors);
            form.value
        }
        "application/x-www-form-urlencoded" => {
            let value = urlencoded(operation, &body.schema, &request.body);
            parsed.body = Some(value.clone());
            value
        }
        _ => {
            let value = json::read(&request.body, errors)?;
            parsed.body = Some(value.clone());
            value
        }
    };
    if let Some(fields) = value.as_object_mut() {
        fields.retain(|name, _| !options.allowed_extra.contains(&name.as_str()));
    }
    errors.extend(validate(
        operation,
        &body.schema,
        &value,
        options.undeclared.validation_mode(),
        &FieldPath::body(),
    ));
    Ok(())
}

/// Returns the media type without parameters, in lower case.
fn essence(content_type: &str) -> String {
    let end = content_type.find(';').unwrap_or(content_type.len());
    content_type[..end].trim().to_ascii_lowercase()
}

fn is_compatible(declared: &str, sent: &str) -> bool {
    declared == sent
        || (declared == "application/json"
            && sent.starts_with("application/")
            && sent.ends_with("+json"))
}

/// Rejects the body of an operation that declares none. An empty object is accepted, because some
/// clients send it with every POST.
fn check_absent(request: &Request, errors: &mut Vec<FieldError>) {
    if request.body.is_empty() {
        return;
    }
    match serde_json::from_slice::<Map<String, Value>>(&request.body) {
        Ok(fields) => errors.extend(
            fields
                .keys()
                .take(MAX_ERRORS)
                .map(|name| FieldPath::body().key(name).undeclared()),
        ),
        Err(_) => errors.push(("body".into(), "body should not exist".into())),
    }
}

/// Reports the required fields of a missing body, as the platform does.
fn report_missing(operation: &Operation, body: &BodySpec, errors: &mut Vec<FieldError>) {
    if !body.required {
        return;
    }
    let required = required(operation, &body.schema);
    errors.extend(
        required
            .iter()
            .map(|name| FieldPath::body().key(name).error("should not be empty")),
    );
    if required.is_empty() {
        errors.push(FieldPath::body().error("should not be empty"));
    }
}

fn urlencoded(operation: &Operation, schema: &Value, bytes: &[u8]) -> Value {
    let mut pairs: Vec<(String, Vec<String>)> = Vec::new();
    for (name, value) in form_urlencoded::parse(bytes) {
        match pairs.iter().position(|(other, _)| *other == name) {
            Some(at) => pairs[at].1.push(value.into_owned()),
            // No form declares as many fields, so the first ones are rejected.
            None if pairs.len() == 1000 => break,
            None => pairs.push((name.into_owned(), vec![value.into_owned()])),
        }
    }
    let fields = pairs.into_iter().map(|(name, texts)| {
        let schema = property(operation, schema, &name).unwrap_or(&Value::Null);
        let value = coerce(operation, schema, &texts, false);
        (name, value)
    });
    Value::Object(fields.collect())
}
