//! The kind of a failure, which decides whether a call is sent again.

use super::{ApiErrorKind, Error, ErrorKind, Outcome};

/// How an attempt failed, as far as sending it again goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FailureKind {
    /// No connection was made: the platform knows nothing of the request.
    NotConnected,
    /// The platform rejected it because of its rate limit (429) and did nothing.
    RateLimited,
    /// The platform, or a host in front of it, failed or was not available: [`ApiErrorKind::Internal`] and
    /// [`ApiErrorKind::Unavailable`]. It may have acted.
    ServerError,
    /// The server states by HTTP/2 (`REFUSED_STREAM`, `GOAWAY`) that it did not process the request. It is sent again once.
    Unprocessed,
    /// The connection broke before the reply was whole. The platform may have acted.
    Broken,
    /// No reply came in the time of one attempt. The platform may have acted.
    TimedOut,
    /// Anything else: sent again, it would fail again.
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

    /// Whether the platform may have done what was asked.
    pub fn may_have_acted(self) -> bool {
        !matches!(
            self,
            FailureKind::NotConnected | FailureKind::RateLimited | FailureKind::Unprocessed
        )
    }
}
