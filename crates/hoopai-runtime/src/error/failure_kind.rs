//! The kind of a failed attempt, which decides on retries.

use super::{ApiErrorKind, Error, ErrorKind, Outcome};

/// Why an attempt failed, as far as it matters for a retry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FailureKind {
    /// No connection was made, so the platform received nothing.
    NotConnected,
    /// The platform rejected it because of its rate limit (429) and did nothing.
    RateLimited,
    /// The platform, or a host in front of it, failed or was not available:
    /// [`ApiErrorKind::Internal`] and [`ApiErrorKind::Unavailable`]. It may have executed the
    /// request.
    ServerError,
    /// The server states by HTTP/2 (`REFUSED_STREAM`, `GOAWAY`) that it did not process the
    /// request. It is retried once.
    Unprocessed,
    /// The connection broke before the reply was complete. The platform may have executed the
    /// request.
    Broken,
    /// No reply came within the time of an attempt. The platform may have executed the request.
    TimedOut,
    /// Any other failure, which a retry does not change.
    Final,
}

impl FailureKind {
    /// The kind of an error.
    pub fn of(error: &Error) -> Self {
        match error.outcome() {
            Outcome::Permanent => return FailureKind::Final,
            Outcome::Unprocessed => return FailureKind::Unprocessed,
            Outcome::Unknown => {}
        }
        match error.kind() {
            ErrorKind::Connect => FailureKind::NotConnected,
            ErrorKind::Timeout => FailureKind::TimedOut,
            ErrorKind::Transport => FailureKind::Broken,
            _ => match error.api_error_kind() {
                Some(ApiErrorKind::RateLimited) => FailureKind::RateLimited,
                Some(ApiErrorKind::Internal | ApiErrorKind::Unavailable) => {
                    FailureKind::ServerError
                }
                _ => FailureKind::Final,
            },
        }
    }

    /// Whether the platform may have executed the request.
    pub fn may_have_acted(self) -> bool {
        !matches!(
            self,
            FailureKind::NotConnected | FailureKind::RateLimited | FailureKind::Unprocessed
        )
    }
}
