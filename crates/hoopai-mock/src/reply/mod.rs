//! Replies made of the schema alone: the same for the same request and seed, and valid.

mod content;
mod example;
#[cfg(test)]
mod tests;
mod words;

use http::StatusCode;
use serde_json::{Value, json};

use crate::check::field_path::FieldPath;
use crate::check::schema::{FieldError, validate};
use crate::check::{Mode, ParsedRequest};
use crate::exchange::Reply;
use crate::interface::Operation;

#[cfg(test)]
pub(crate) use example::Extent;
pub(crate) use example::Maker;

/// A reply that fits the operation's schema. It depends on the seed, the operation and the request, not on the request's
/// number, so that the same request is answered the same.
pub(crate) fn from_schema(
    operation: &Operation,
    accepted: &ParsedRequest,
    seed: u64,
    number: u64,
) -> Reply {
    let _ = number;
    let status = StatusCode::from_u16(operation.reply.status).unwrap_or(StatusCode::OK);
    let bodiless = status == StatusCode::NO_CONTENT || status.is_redirection();
    match &operation.reply.content {
        _ if bodiless => Reply::empty(status),
        // What is documented by its path alone answers free-form JSON.
        None => Reply::json(status, &json!({})),
        Some((media_type, schema)) => {
            let value = Maker::of(operation, seed).echoing(accepted).make(schema);
            if is_json(media_type) {
                Reply::json(status, &value)
            } else {
                Reply::bytes(status, media_type, content::sample(media_type, &value))
            }
        }
    }
}

/// A made-up value that fits a schema, whole; the same for the same operation, schema and seed. [`Maker`] has more to set.
#[allow(dead_code)] // for whoever fills a collection
pub(crate) fn example(operation: &Operation, schema: &Value, seed: u64) -> Value {
    Maker::of(operation, seed).make(schema)
}

/// Whether a value of the server's fits a schema; else the fields and what is wrong with them.
#[allow(dead_code)] // for whoever fills a collection
pub(crate) fn fits(
    operation: &Operation,
    schema: &Value,
    value: &Value,
) -> Result<(), Vec<FieldError>> {
    let faults = validate(operation, schema, value, Mode::Reply, &FieldPath::body());
    if faults.is_empty() {
        Ok(())
    } else {
        Err(faults)
    }
}

fn is_json(media_type: &str) -> bool {
    media_type == "application/json" || media_type.ends_with("+json")
}
