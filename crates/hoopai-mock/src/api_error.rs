//! Error replies in the recorded shapes and words of the platform.

use http::StatusCode;
use serde_json::{Value, json};

use crate::exchange::Reply;
use crate::interface::Operation;

/// The message for a location that is not the token's.
pub(crate) const OTHER_LOCATION: &str = "The token does not have access to this location.";

/// The message of HoopAI's guide for a malformed email address.
pub(crate) const INVALID_EMAIL: &str = "Invalid email format";

/// The module with another status and message for other locations.
const OBJECTS: &str = "objects";

/// Removed paths, according to recorded errors.
const REMOVED: [(http::Method, &str); 1] = [(http::Method::POST, "/oauth/reconnect")];

/// An error reply: a status and a JSON body.
#[derive(Clone, Debug)]
pub(crate) struct ApiError {
    pub(crate) status: StatusCode,
    pub(crate) body: Value,
}

impl ApiError {
    /// Creates `{statusCode, message, error}`; `error` is the reason phrase of the status.
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

    /// Neither the request nor the token names a location.
    pub(crate) fn no_location() -> Self {
        Self::unauthorized("This location is not accessible from this token.")
    }

    /// The token is not valid for the location: 403 in most modules, 401 for custom objects.
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

    /// Creates a 422 from pairs of field and message.
    pub(crate) fn invalid(field_errors: &[(String, String)]) -> Self {
        let messages: Vec<&str> = field_errors
            .iter()
            .map(|(_, message)| message.as_str())
            .collect();
        let errors: Vec<Value> = field_errors
            .iter()
            .map(|(field, message)| json!({ "field": field, "message": message }))
            .collect();
        // HoopAI's guide shows the whole reply for a malformed email address.
        let message = if messages.iter().all(|message| *message == INVALID_EMAIL) {
            Value::from("Validation failed")
        } else {
            messages.into()
        };
        let mut error = Self::new(StatusCode::UNPROCESSABLE_ENTITY, message);
        error.body["errors"] = errors.into();
        error
    }

    /// Creates a 404 for an unknown path, or a 400 for a removed one.
    pub(crate) fn no_route(method: &http::Method, path: &str) -> Self {
        if REMOVED
            .iter()
            .any(|(verb, old)| method == verb && path == *old)
        {
            return Self::bad_request("API endpoint has been removed");
        }
        Self::new(StatusCode::NOT_FOUND, format!("Cannot {method} {path}"))
    }

    /// Converts the error to a reply with a trace id.
    pub(crate) fn into_reply(mut self, trace_id: &str) -> Reply {
        if let Some(body) = self.body.as_object_mut() {
            body.entry("traceId").or_insert_with(|| trace_id.into());
        }
        Reply::json(self.status, &self.body)
    }
}
