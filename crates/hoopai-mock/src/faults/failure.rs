//! Errors in the shapes in which the platform, and what stands before it, was seen to answer.

use std::time::{Duration, UNIX_EPOCH};

use http::{HeaderName, HeaderValue, StatusCode};
use serde_json::{Value, json};

use crate::exchange::Outgoing;
use crate::refusal::Refusal;

/// An error in place of a reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    status: u16,
    body: ErrorBody,
    retry_after: Option<RetryAfter>,
    headers: Vec<(String, String)>,
}

/// What an error carries.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorBody {
    /// `{statusCode, message, error, traceId}`.
    Json,
    /// `{statusCode, message}`.
    Short,
    /// `{statusCode, message: [...], errors: [{field, message}], traceId}`.
    Fields,
    /// `{status, message, name, traceId}`.
    Named,
    /// `{error, status}`.
    ErrorAndStatus,
    /// `{error}`.
    Bare,
    /// `{message, canonicalCode}`.
    Canonical,
    /// `{statusCode, message}` with another code than the reply's status.
    OtherCode(u16),
    /// HTML, as from a proxy.
    Html,
    /// Nothing.
    Empty,
    /// This text, as JSON.
    Text(String),
}

/// The forms of `Retry-After`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RetryAfter {
    /// Whole seconds.
    Seconds(u64),
    /// An HTTP date, so far ahead by the server's clock.
    Date(Duration),
    /// Milliseconds, written as if they were seconds.
    Milliseconds(u64),
    /// Whatever this is.
    Text(String),
}

/// The ways in which a token is turned away. Only the first may mean that it has run out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Denial {
    /// 401 `Invalid JWT`.
    Expired,
    /// 401, the token lacks the scope.
    Scope,
    /// 401, the platform does not know how to check this route.
    UnsupportedRoute,
    /// 401, another kind of token is needed.
    AuthClass,
    /// 401, no such private integration.
    PrivateToken,
    /// 401, the `Version` header is missing.
    VersionMissing,
    /// 401, the `Version` header says something unknown.
    VersionInvalid,
    /// 403, the token is another location's.
    Location,
}

impl Failure {
    /// An error with this status and JSON. What is no HTTP status becomes 500.
    pub fn new(status: u16) -> Self {
        Self {
            status,
            body: ErrorBody::Json,
            retry_after: None,
            headers: Vec::new(),
        }
    }

    /// What it carries.
    pub fn body(mut self, body: ErrorBody) -> Self {
        self.body = body;
        self
    }

    /// Adds a time to wait.
    pub fn retry_after(mut self, retry_after: RetryAfter) -> Self {
        self.retry_after = Some(retry_after);
        self
    }

    /// Adds a header; one that cannot be sent is left out.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// The reply; `unix` is the time since 1970 by the server's clock.
    pub(super) fn reply(&self, trace_id: &str, unix: Duration) -> Outgoing {
        let status = StatusCode::from_u16(self.status)
            .ok()
            .filter(|status| !status.is_informational())
            .unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut reply = self.body.reply(status, trace_id);
        if let Some(retry_after) = &self.retry_after {
            reply = reply.with("retry-after", retry_after.value(unix));
        }
        for (name, value) in &self.headers {
            let name = HeaderName::from_bytes(name.as_bytes());
            if let (Ok(name), Ok(value)) = (name, HeaderValue::from_str(value)) {
                reply.headers.append(name, value);
            }
        }
        reply
    }
}

impl ErrorBody {
    fn reply(&self, status: StatusCode, trace_id: &str) -> Outgoing {
        let code = status.as_u16();
        let message = match status {
            StatusCode::TOO_MANY_REQUESTS => "Too Many Requests",
            StatusCode::UNPROCESSABLE_ENTITY => "Unprocessable Entity",
            StatusCode::INTERNAL_SERVER_ERROR => "Internal server error",
            _ => status.canonical_reason().unwrap_or("Error"),
        };
        let body: Value = match self {
            Self::Json => return Refusal::new(status, message).into_reply(trace_id),
            Self::Short => json!({ "statusCode": code, "message": message }),
            Self::Fields => json!({
                "statusCode": code,
                "message": ["email must be an email"],
                "errors": [{ "field": "email", "message": "email must be an email" }],
                "traceId": trace_id,
            }),
            Self::Named => json!({
                "status": code, "message": message, "name": "HttpException", "traceId": trace_id,
            }),
            Self::ErrorAndStatus => json!({ "error": message, "status": code }),
            Self::Bare => json!({ "error": message }),
            Self::Canonical => json!({
                "message": message,
                "canonicalCode": message.to_uppercase().replace(' ', "_"),
            }),
            Self::OtherCode(other) => json!({ "statusCode": other, "message": message }),
            Self::Html => {
                let page = format!(
                    "<!DOCTYPE html>\n<html><head><title>{code} {message}</title></head>\
                     <body><h1>{code} {message}</h1><hr>proxy</body></html>\n"
                );
                return Outgoing::bytes(status, "text/html; charset=utf-8", page);
            }
            Self::Empty => return Outgoing::empty(status),
            Self::Text(text) => {
                return Outgoing::bytes(status, "application/json; charset=utf-8", text.clone());
            }
        };
        Outgoing::json(status, &body)
    }
}

impl RetryAfter {
    fn value(&self, unix: Duration) -> String {
        match self {
            Self::Seconds(number) | Self::Milliseconds(number) => number.to_string(),
            Self::Date(ahead) => http_date(unix.saturating_add(*ahead)),
            Self::Text(text) => text.clone(),
        }
    }
}

/// A time since 1970 as HTTP writes it; past the year 9999, the last second before.
pub(crate) fn http_date(unix: Duration) -> String {
    const LAST: u64 = 253_402_300_799;
    httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_secs(unix.as_secs().min(LAST)))
}

impl Denial {
    pub(super) fn reply(self, trace_id: &str) -> Outgoing {
        let message = match self {
            Self::Expired => "Invalid JWT",
            Self::Scope => "The token is not authorized for this scope.",
            Self::UnsupportedRoute => "This route is not yet supported by the IAM Service.",
            Self::AuthClass => "This authClass type is not allowed to access this scope.",
            Self::PrivateToken => "Invalid Private Integration token",
            Self::VersionMissing => "version header was not found.",
            Self::VersionInvalid => "version header is invalid",
            Self::Location => {
                let message = crate::refusal::OTHER_LOCATION;
                return Refusal::forbidden(message).into_reply(trace_id);
            }
        };
        Refusal::unauthorized(message).into_reply(trace_id)
    }
}
