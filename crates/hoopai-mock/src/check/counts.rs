//! Checks numeric query parameters and the paging fields of bodies: they must be whole, not
//! negative, and exact.
//!
//! The platform uses JavaScript numbers, in which integers above 2^53 - 1 are not exact. Other
//! numbers are rejected with 422, so later stages never handle them.

use serde_json::Value;

use super::field_path::FieldPath;
use super::options::{CheckOptions, NumberKind};
use super::parsed_request::ParsedRequest;
use super::schema::FieldError;
use crate::interface::Operation;
use crate::interface::schema_view::{keys, parts, text};
use crate::time;

/// The largest integer that a JavaScript number holds exactly.
const LARGEST: u64 = (1 << 53) - 1;

/// Parameters that are counts in every operation, even if the interface declares a string.
const COUNTS: [&str; 3] = ["limit", "skip", "offset"];

/// Returns the kind of number in a parameter or a body field, independent of the declared type.
pub(super) fn number_kind(numbers: &[(&str, NumberKind)], name: &str) -> Option<NumberKind> {
    let known = numbers.iter().find(|(own, _)| *own == name);
    let count = COUNTS.contains(&name).then_some(NumberKind::AtLeast(0));
    known.map(|(_, kind)| *kind).or(count)
}

pub(super) fn check(
    operation: &Operation,
    options: &CheckOptions,
    parsed: &ParsedRequest,
    errors: &mut Vec<FieldError>,
) {
    let number_kind = |name: &str| number_kind(&options.numbers, name);
    for parameter in operation.parameters.iter().filter(|p| !p.in_path) {
        let numeric = is_numeric(operation, &parameter.schema).then_some(NumberKind::AtLeast(0));
        if let Some(kind) = number_kind(&parameter.name).or(numeric)
            && let Some(value) = parsed.query.get(&parameter.name)
        {
            check_number(&parameter.name, kind, value, errors);
        }
    }
    let body = parsed.body.as_ref().and_then(Value::as_object);
    let declared = operation.body.as_ref();
    let declared = declared.and_then(|body| keys(operation, &body.schema));
    for (name, value) in body.into_iter().flatten() {
        let is_declared = declared
            .as_ref()
            .is_none_or(|declared| declared.contains(&name.as_str()));
        if let Some(kind) = number_kind(name).filter(|_| is_declared) {
            check_number(name, kind, value, errors);
        }
    }
}

fn is_numeric(operation: &Operation, schema: &Value) -> bool {
    let mut parts = parts(operation, schema).into_iter();
    parts.any(|part| matches!(text(part, "type"), Some("number" | "integer")))
}

/// Checks one value. Empty values, and fields that have an error already, are skipped.
fn check_number(name: &str, kind: NumberKind, value: &Value, errors: &mut Vec<FieldError>) {
    let is_empty = value.is_null() || value.as_str() == Some("");
    if is_empty || errors.iter().any(|(field, _)| field == name) {
        return;
    }
    let timestamp_error = |value: &Value| match value {
        Value::String(text) if text.contains(['-', ':']) && time::is_timestamp(text) => None,
        value => count_error(value, 0),
    };
    let error = match kind {
        NumberKind::AtLeast(least) => count_error(value, least),
        NumberKind::Timestamp => timestamp_error(value),
        NumberKind::TimestampCursor => value.get(0).and_then(timestamp_error),
    };
    if let Some(error) = error {
        errors.push(FieldPath::parameter(name).error(&error));
    }
}

/// Returns the error of a count.
fn count_error(value: &Value, least: u64) -> Option<String> {
    let sent = match value {
        Value::String(text) => match text.trim().parse::<f64>() {
            Ok(number) if number.is_finite() && !text.contains(|c: char| c.is_alphabetic()) => {
                number
            }
            _ => return Some("must be a number string".to_owned()),
        },
        Value::Number(number) => number.as_f64()?,
        // The schema rejects other types.
        _ => return None,
    };
    if sent.fract() != 0.0 {
        Some("must be an integer number".to_owned())
    } else if sent < least as f64 {
        Some(format!("must not be less than {least}"))
    } else if sent > LARGEST as f64 {
        Some(format!("must not be greater than {LARGEST}"))
    } else {
        None
    }
}
