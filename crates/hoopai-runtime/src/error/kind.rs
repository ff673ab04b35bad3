//! The kinds of errors.

use std::fmt;

/// The kind of an [`Error`](crate::Error): the stage at which the call failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The client's settings are invalid. Nothing was sent.
    Config,
    /// A parameter or the body of the call is missing or invalid. Nothing was sent.
    Request,
    /// There is no token for the call, which was not sent;
    /// [`Error::auth_error_kind`](crate::Error::auth_error_kind) returns why.
    Auth,
    /// The call was not sent, because it would have waited too long for the rate limit;
    /// [`Error::retry_after`](crate::Error::retry_after) returns the wait.
    RateLimit,
    /// No connection was made. Nothing was sent.
    Connect,
    /// A timeout expired. The platform may have executed the request.
    Timeout,
    /// The connection broke, or the request could not be written. The platform may have executed
    /// the request.
    Transport,
    /// The platform, or a host in front of it, answered with a status other than 2xx.
    Status,
    /// The reply is longer than the client's limit.
    TooLarge,
    /// The reply has a 2xx status, but cannot be decoded as the type of the operation.
    Decode,
    /// The next page of a list could not be read;
    /// [`Error::paging_error_kind`](crate::Error::paging_error_kind) returns why.
    Paging,
}

/// Why the next page of a list could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PagingErrorKind {
    /// The cursor of a page is that of an earlier page, so the list would never end.
    RepeatedCursor,
    /// A page has the same items as the previous one: the platform ignored the cursor.
    RepeatedPage,
    /// The reply has no list at the declared path.
    NoList,
    /// The reply states that there are more items, but contains no cursor.
    NoCursor,
    /// The platform returned several empty pages in a row, each with a cursor.
    OnlyEmptyPages,
    /// The list has more items than the limit.
    TooMany,
    /// The position is of another operation, or of another paging rule. Nothing was sent.
    OtherPosition,
    /// The task that fetched the page was cancelled, for example with its runtime.
    Interrupted,
}

/// Why there is no token for a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AuthErrorKind {
    /// No account is selected: select a location or a company.
    NoAccount,
    /// The store has no tokens for the account: a user must install the app there, or the store is
    /// the wrong one.
    NotInstalled,
    /// The platform rejects the refresh token: a user of the account must authorize the app again.
    ReinstallNeeded,
    /// The platform refused to issue a token, for a reason that a new authorization does not
    /// change: wrong app credentials, an inactive account, or an app that is not installed in the
    /// location.
    Refused,
    /// The token endpoint could not be reached, or its reply was lost. A later call tries again.
    Unavailable,
    /// The token endpoint cannot be reached until something is changed, such as a certificate or a
    /// setting. The error names it.
    Unreachable,
    /// The token store failed.
    Store,
}

/// Defines the name of each kind, a label for metrics and logs.
macro_rules! names {
    ($($type:ident { $($variant:ident = $name:literal,)+ })+) => {$(
        impl $type {
            /// The name of the kind in snake case: a label for metrics and logs.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $( $type::$variant => $name, )+
                }
            }
        }

        /// The name of the kind, as `as_str` returns it.
        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    )+};
}
names! {
    ErrorKind {
        Config = "config",
        Request = "request",
        Auth = "auth",
        RateLimit = "rate_limit",
        Connect = "connect",
        Timeout = "timeout",
        Transport = "transport",
        Status = "status",
        TooLarge = "too_large",
        Decode = "decode",
        Paging = "paging",
    }
    PagingErrorKind {
        RepeatedCursor = "repeated_cursor",
        RepeatedPage = "repeated_page",
        NoList = "no_list",
        NoCursor = "no_cursor",
        OnlyEmptyPages = "only_empty_pages",
        TooMany = "too_many",
        OtherPosition = "other_position",
        Interrupted = "interrupted",
    }
    AuthErrorKind {
        NoAccount = "no_account",
        NotInstalled = "not_installed",
        ReinstallNeeded = "reinstall_needed",
        Refused = "refused",
        Unavailable = "unavailable",
        Unreachable = "unreachable",
        Store = "store",
    }
}
