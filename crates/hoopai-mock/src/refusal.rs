//! What the platform says when it refuses, in the shapes and words that were seen of it.

use http::StatusCode;
use serde_json::{Value, json};

use crate::check::INVALID_EMAIL;
use crate::exchange::Outgoing;
use crate::interface::Operation;

/// What is said of a location that is not the token's.
pub(crate) const OTHER_LOCATION: &str = "The token does not have access to this location.";

/// The module that answers with another status and message.
const OBJECTS: &str = "objects";

/// Paths that the platform was seen to have removed.
const REMOVED: [(http::Method, &str); 1] = [(http::Method::POST, "/oauth/reconnect")];

/// A refusal: a status and a JSON body.
#[derive(Clone, Debug)]
pub(crate) struct Refusal {
    pub(crate) status: StatusCode,
    pub(crate) body: Value,
}

impl Refusal {
    /// `{statusCode, message}`, with the status's own word as `error`.
    pub(crate) fn new(status: StatusCode, message: impl Into<Value>) -> Self {
        let error = status.canonical_reason().unwrap_or("Error");
        let error = if status == StatusCode::UNPROCESSABLE_ENTITY {
            "Unprocessable Entity"
        } else {
            error
        };
        Self {
            status,
            body: json!({ "statusCode": status.as_u16(), "message": message.into(), "error": error }),
        }
    }

    pub(crate) fn unauthorized(message: &str) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, message)
    }

    pub(crate) fn forbidden(message: &str) -> Self {
        Self::new(StatusCode::FORBIDDEN, message)
    }

    /// The request names no location, and the token has none.
    pub(crate) fn no_location() -> Self {
        Self::unauthorized("This location is not accessible from this token.")
    }

    /// The token is not valid for the location. Most modules answer 403, custom objects 401.
    pub(crate) fn other_location(operation: &Operation) -> Self {
        if operation.module == OBJECTS {
            Self::no_location()
        } else {
            Self::forbidden(OTHER_LOCATION)
        }
    }

    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, message.into())
    }

    /// 422 with one message for each fault, and the fields that they are about.
    pub(crate) fn invalid(faults: &[(String, String)]) -> Self {
        let messages: Vec<&str> = faults.iter().map(|(_, message)| message.as_str()).collect();
        let errors: Vec<Value> = faults
            .iter()
            .map(|(field, message)| json!({ "field": field, "message": message }))
            .collect();
        // HoopAI's guide shows one refusal in full, and it is one of an email address.
        let is_guides = messages.iter().all(|message| *message == INVALID_EMAIL);
        let message = match is_guides {
            true => Value::from("Validation failed"),
            false => messages.into(),
        };
        let mut refusal = Self::new(StatusCode::UNPROCESSABLE_ENTITY, message);
        refusal.body["errors"] = errors.into();
        refusal
    }

    /// 404 for a path that the platform does not have, 400 for one that it had.
    pub(crate) fn no_route(method: &http::Method, path: &str) -> Self {
        if REMOVED
            .iter()
            .any(|(verb, old)| method == verb && path == *old)
        {
            return Self::bad_request("API endpoint has been removed");
        }
        Self::new(StatusCode::NOT_FOUND, format!("Cannot {method} {path}"))
    }

    /// Adds the trace id that the platform's replies carry.
    pub(crate) fn into_reply(mut self, trace_id: &str) -> Outgoing {
        if let Some(body) = self.body.as_object_mut() {
            body.entry("traceId").or_insert_with(|| trace_id.into());
        }
        Outgoing::json(self.status, &self.body)
    }
}
