//! Replies from schemas: `from_schema` generates replies of operations without stored items, and
//! `Coercer` makes stored items match the schemas of replies.
//! May depend on `check`, `interface`, `exchange` and `time`; `pipeline` and `state` depend on it.

mod coerce;
mod content;
mod generator;
mod samples;
#[cfg(test)]
mod tests;

use http::StatusCode;
use serde_json::json;

use crate::check::ParsedRequest;
use crate::exchange::Reply;
use crate::interface::Operation;

pub(crate) use coerce::Coercer;
#[cfg(test)]
pub(crate) use generator::{FieldSet, Generator};
#[cfg(test)]
pub(crate) use tests::check_reply;

/// Generates a reply that matches the schema of an operation. It depends on seed, operation and
/// request only, so that equal requests have equal replies.
pub(crate) fn from_schema(operation: &Operation, request: &ParsedRequest, seed: u64) -> Reply {
    let status = StatusCode::from_u16(operation.reply.status).unwrap_or(StatusCode::OK);
    let is_empty = status == StatusCode::NO_CONTENT || status.is_redirection();
    match &operation.reply.content {
        _ if is_empty => Reply::empty(status),
        // Operations without an interface file have no schema.
        None => Reply::json(status, &json!({})),
        Some((media_type, schema)) => {
            let mut generator = generator::Generator::new(operation, seed).for_request(request);
            let value = generator.generate(schema);
            if is_json(media_type) {
                Reply::json(status, &value)
            } else {
                Reply::bytes(status, media_type, content::sample(media_type, &value))
            }
        }
    }
}

fn is_json(media_type: &str) -> bool {
    media_type == "application/json" || media_type.ends_with("+json")
}
