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

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use reqwest::header::HeaderMap;
    use reqwest::{Method, StatusCode};

    use super::super::CallSite;
    use super::FailureKind;
    use crate::Error;

    fn call_site() -> CallSite {
        CallSite {
            operation: None,
            method: Method::POST,
            template: "/contacts/".into(),
        }
    }

    #[test]
    fn kind_of_a_reply_depends_on_its_status() {
        for (status, expected) in [
            (400, FailureKind::Final),
            (401, FailureKind::Final),
            (404, FailureKind::Final),
            (422, FailureKind::Final),
            (429, FailureKind::RateLimited),
            (500, FailureKind::ServerError),
            (502, FailureKind::ServerError),
            (503, FailureKind::ServerError),
            (504, FailureKind::ServerError),
        ] {
            let status = StatusCode::from_u16(status).unwrap();
            let (headers, body) = (HeaderMap::new(), Bytes::from_static(b"{}"));
            let error = Error::api_error(call_site(), status, headers, body, false);
            assert_eq!(FailureKind::of(&error), expected, "{status}");
        }
    }

    #[test]
    fn kind_without_a_reply_depends_on_what_was_sent() {
        let timeout = Error::timed_out(call_site(), std::time::Duration::from_secs(1), "timeout");
        assert_eq!(FailureKind::of(&timeout), FailureKind::TimedOut);
        let short = Error::short_body(call_site());
        assert_eq!(FailureKind::of(&short), FailureKind::Broken);
        for unsent in [
            Error::config("x"),
            Error::request(call_site(), "x"),
            Error::redirected(call_site()),
        ] {
            assert_eq!(FailureKind::of(&unsent), FailureKind::Final, "{unsent}");
        }
    }

    #[test]
    fn only_failures_before_processing_have_not_acted() {
        for (kind, expected) in [
            (FailureKind::NotConnected, false),
            (FailureKind::RateLimited, false),
            (FailureKind::Unprocessed, false),
            (FailureKind::ServerError, true),
            (FailureKind::Broken, true),
            (FailureKind::TimedOut, true),
            (FailureKind::Final, true),
        ] {
            assert_eq!(kind.may_have_acted(), expected, "{kind:?}");
        }
    }
}
