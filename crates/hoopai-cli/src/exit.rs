//! The exit codes, and the one table from kinds of errors to them.

use hoopai_runtime::Error;
use hoopai_runtime::error::{ApiErrorKind, AuthErrorKind, ErrorKind, PagingErrorKind};

/// The result of a command, as an exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// The command did what it was asked to do.
    Success,
    /// A fault of the program, of its files, or of a reply that cannot be read.
    Internal,
    /// The arguments or the values of the request are invalid. Nothing was sent.
    Usage,
    /// There are no credentials, or the platform does not accept them any more.
    LoginNeeded,
    /// The platform rejected the request.
    Refused,
    /// The operation requires a confirmation.
    ConfirmationNeeded,
    /// The rate limit or the daily limit is used up.
    RateLimited,
    /// The network or the platform failed, after all retries.
    Unavailable,
    /// A list ended with an error after some of its items were written, or rows of an import were
    /// rejected.
    Partial,
    /// The user interrupted the command.
    Interrupted,
}

impl Exit {
    /// The code as the operating system receives it.
    pub fn code(self) -> u8 {
        match self {
            Exit::Success => 0,
            Exit::Internal => 1,
            Exit::Usage => 2,
            Exit::LoginNeeded => 3,
            Exit::Refused => 4,
            Exit::ConfirmationNeeded => 5,
            Exit::RateLimited => 6,
            Exit::Unavailable => 7,
            Exit::Partial => 8,
            Exit::Interrupted => 130,
        }
    }

    /// The exit code of an error of the client.
    pub fn of(error: &Error) -> Exit {
        match error.kind() {
            ErrorKind::Config | ErrorKind::Request => Exit::Usage,
            ErrorKind::Auth => Self::of_auth(error.auth_error_kind()),
            ErrorKind::RateLimit => Exit::RateLimited,
            ErrorKind::Connect | ErrorKind::Timeout | ErrorKind::Transport => Exit::Unavailable,
            ErrorKind::Status => Self::of_status(error.api_error_kind()),
            ErrorKind::Paging => match error.paging_error_kind() {
                Some(PagingErrorKind::OtherPosition) => Exit::Usage,
                _ => Exit::Refused,
            },
            _ => Exit::Internal,
        }
    }

    fn of_auth(kind: Option<AuthErrorKind>) -> Exit {
        match kind {
            Some(AuthErrorKind::Refused) => Exit::Refused,
            Some(AuthErrorKind::Unavailable | AuthErrorKind::Unreachable) => Exit::Unavailable,
            Some(AuthErrorKind::Store) => Exit::Internal,
            _ => Exit::LoginNeeded,
        }
    }

    fn of_status(kind: Option<ApiErrorKind>) -> Exit {
        match kind {
            Some(
                ApiErrorKind::ExpiredToken
                | ApiErrorKind::InvalidToken
                | ApiErrorKind::InvalidGrant,
            ) => Exit::LoginNeeded,
            Some(ApiErrorKind::RateLimited) => Exit::RateLimited,
            Some(
                ApiErrorKind::Internal | ApiErrorKind::Unavailable | ApiErrorKind::ServerError,
            ) => Exit::Unavailable,
            _ => Exit::Refused,
        }
    }
}
