//! Error replies in the observed shapes of the platform and of the proxies before it.

use std::time::{Duration, UNIX_EPOCH};

use http::{HeaderName, HeaderValue, StatusCode};
use serde_json::{Value, json};

use crate::api_error::ApiError;
use crate::exchange::Reply;

/// An error reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    pub(super) status: u16,
    pub(super) body: ErrorBody,
    pub(super) retry_after: Option<RetryAfter>,
    pub(super) headers: Vec<(String, String)>,
}

/// The body of an error reply.
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
    /// `{statusCode, message}` with a code other than the status.
    OtherCode(u16),
    /// HTML, as from a proxy.
    Html,
    /// No body.
    Empty,
    /// This text with the content type of JSON.
    Text(String),
}

/// A value of `Retry-After`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RetryAfter {
    /// Whole seconds.
    Seconds(u64),
    /// The HTTP date after this time by the server's clock.
    Date(Duration),
    /// Milliseconds without a unit.
    Milliseconds(u64),
    /// This text.
    Text(String),
}

/// The rejection of a token. Only the first variant can mean an expired token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Denial {
    /// 401 `Invalid JWT`.
    Expired,
    /// 401: the token lacks the scope.
    Scope,
    /// 401: the platform cannot authorize this route.
    UnsupportedRoute,
    /// 401: the operation requires another class of token.
    AuthClass,
    /// 401: the private integration does not exist.
    PrivateToken,
    /// 401: the `Version` header is missing.
    VersionMissing,
    /// 401: the `Version` header is unknown.
    VersionInvalid,
    /// 403: the token belongs to another location.
    Location,
}

impl Failure {
    /// A JSON error with this status. An invalid HTTP status becomes 500.
    pub fn new(status: u16) -> Self {
        Self {
            status,
            body: ErrorBody::Json,
            retry_after: None,
            headers: Vec::new(),
        }
    }

    /// Sets the body.
    pub fn body(mut self, body: ErrorBody) -> Self {
        self.body = body;
        self
    }

    /// Sets `Retry-After`.
    pub fn retry_after(mut self, retry_after: RetryAfter) -> Self {
        self.retry_after = Some(retry_after);
        self
    }

    /// Adds a header. An invalid header is left out.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Creates the reply; `unix` is the server's time since 1970.
    pub(super) fn reply(&self, trace_id: &str, unix: Duration) -> Reply {
        let status = StatusCode::from_u16(self.status)
            .ok()
            .filter(|status| !status.is_informational())
            .unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut reply = self.body.reply(status, trace_id);
        if let Some(retry_after) = &self.retry_after {
            reply = reply.with_header("retry-after", retry_after.value(unix));
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
    fn reply(&self, status: StatusCode, trace_id: &str) -> Reply {
        let code = status.as_u16();
        let message = match status {
            StatusCode::TOO_MANY_REQUESTS => "Too Many Requests",
            StatusCode::UNPROCESSABLE_ENTITY => "Unprocessable Entity",
            StatusCode::INTERNAL_SERVER_ERROR => "Internal server error",
            _ => status.canonical_reason().unwrap_or("Error"),
        };
        let body: Value = match self {
            Self::Json => return ApiError::new(status, message).into_reply(trace_id),
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
                return Reply::bytes(status, "text/html; charset=utf-8", page);
            }
            Self::Empty => return Reply::empty(status),
            Self::Text(text) => {
                return Reply::bytes(status, "application/json; charset=utf-8", text.clone());
            }
        };
        Reply::json(status, &body)
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

/// Formats a time since 1970 as an HTTP date. Later times become the last second of the year 9999.
pub(crate) fn http_date(unix: Duration) -> String {
    const LAST: u64 = 253_402_300_799;
    httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_secs(unix.as_secs().min(LAST)))
}

impl Denial {
    pub(super) fn reply(self, trace_id: &str) -> Reply {
        let message = match self {
            Self::Expired => "Invalid JWT",
            Self::Scope => "The token is not authorized for this scope.",
            Self::UnsupportedRoute => "This route is not yet supported by the IAM Service.",
            Self::AuthClass => "This authClass type is not allowed to access this scope.",
            Self::PrivateToken => "Invalid Private Integration token",
            Self::VersionMissing => "version header was not found.",
            Self::VersionInvalid => "version header is invalid",
            Self::Location => {
                let message = crate::api_error::OTHER_LOCATION;
                return ApiError::forbidden(message).into_reply(trace_id);
            }
        };
        ApiError::unauthorized(message).into_reply(trace_id)
    }
}
