//! Errors of the control interface and of sessions: a sentence that says what is wrong and what to do.

use http::StatusCode;
use serde_json::json;

use crate::exchange::Reply;

/// An error with its status.
#[derive(Debug)]
pub(crate) struct Problem {
    status: StatusCode,
    message: String,
}

impl Problem {
    pub(crate) fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self {
            status,
            message: message.into(),
        }
    }

    /// A 400.
    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, message)
    }

    /// A 403.
    pub(crate) fn forbidden(message: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, message)
    }

    /// A 404.
    pub(crate) fn not_found(message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, message)
    }

    /// Returns the reply: `{"error": "…"}`.
    pub(crate) fn into_reply(self) -> Reply {
        Reply::json(self.status, &json!({ "error": self.message }))
    }
}
