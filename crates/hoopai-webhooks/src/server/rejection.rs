//! Requests that are answered without handling their event.

use std::fmt;

use axum_core::body::Body;
use axum_core::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::{ALLOW, HeaderValue};

use crate::events::ParseError;
use crate::replay::ReplayError;
use crate::verify::VerifyError;

/// The reason why a request is answered without handling its event.
///
/// The reply is a status without a body. The platform repeats a delivery on each status that is not
/// 2xx.
///
/// | status | reason |
/// |---|---|
/// | 200 | the delivery was handled before |
/// | 400 | the body is no JSON object or list, or was not received completely, or a signature header occurs twice |
/// | 401 | there is no valid signature |
/// | 405 | the method is not POST |
/// | 408 | the body was not received within the time limit |
/// | 413 | the body is too large |
/// | 503 | the delivery cannot be handled now: it is being handled, the queue is full, the server shuts down, or the replay guard fails |
#[derive(Debug)]
#[non_exhaustive]
pub enum Rejection {
    /// The delivery was handled, or accepted for handling.
    Duplicate,
    /// The body was not received within the time limit.
    BodyTimeout,
    /// The body was not received completely.
    IncompleteBody,
    /// The signature is valid, and the body is no event.
    NotAnEvent(ParseError),
    /// The signature is not accepted.
    Unverified(VerifyError),
    /// The method is not POST.
    MethodNotAllowed,
    /// The body is larger than the limit.
    TooLarge,
    /// The delivery is being handled elsewhere, which may fail.
    Pending,
    /// The replay guard failed.
    ReplayGuard(ReplayError),
    /// The queue is full.
    QueueFull,
    /// The dispatcher shuts down.
    ShuttingDown,
}

impl Rejection {
    /// The status of the reply.
    pub fn status(&self) -> StatusCode {
        match self {
            Rejection::Duplicate => StatusCode::OK,
            Rejection::IncompleteBody
            | Rejection::NotAnEvent(_)
            | Rejection::Unverified(VerifyError::DuplicateHeader(_)) => StatusCode::BAD_REQUEST,
            Rejection::Unverified(_) => StatusCode::UNAUTHORIZED,
            Rejection::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Rejection::BodyTimeout => StatusCode::REQUEST_TIMEOUT,
            Rejection::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Rejection::Pending
            | Rejection::ReplayGuard(_)
            | Rejection::QueueFull
            | Rejection::ShuttingDown => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// Logs the reason, which the reply does not contain.
    pub(super) fn log(&self) {
        match self {
            Rejection::Duplicate => tracing::debug!("a delivery was repeated: {self}"),
            Rejection::ReplayGuard(error) => {
                tracing::error!("a delivery was rejected: {self}: {error}");
            }
            Rejection::Unverified(error) => tracing::warn!("a delivery was rejected: {error}"),
            _ => tracing::warn!("a delivery was rejected: {self}"),
        }
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Rejection::Duplicate => "the delivery was handled or accepted before",
            Rejection::BodyTimeout => {
                "the body was not received within the time limit of the receiver"
            }
            Rejection::IncompleteBody => "the body was not received completely",
            Rejection::NotAnEvent(_) => "the body is no JSON object or list",
            Rejection::Unverified(_) => "the signature is not accepted",
            Rejection::MethodNotAllowed => "the method is not POST",
            Rejection::TooLarge => "the body is larger than the limit of the receiver",
            Rejection::Pending => {
                "the delivery is being handled, and is accepted later if that fails"
            }
            Rejection::ReplayGuard(_) => "the replay guard failed",
            Rejection::QueueFull => {
                "the queue is full: raise its capacity or the number of handlers that run at once"
            }
            Rejection::ShuttingDown => "the dispatcher shuts down",
        })
    }
}

impl std::error::Error for Rejection {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Rejection::NotAnEvent(error) => Some(error),
            Rejection::Unverified(error) => Some(error),
            Rejection::ReplayGuard(error) => Some(error),
            _ => None,
        }
    }
}

impl IntoResponse for Rejection {
    fn into_response(self) -> Response {
        let mut response = status_only(self.status());
        if matches!(self, Rejection::MethodNotAllowed) {
            let headers = response.headers_mut();
            headers.insert(ALLOW, HeaderValue::from_static("POST"));
        }
        response
    }
}

/// A response without a body.
pub(super) fn status_only(status: StatusCode) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}
