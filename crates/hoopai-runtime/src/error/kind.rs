//! The kinds of errors.

/// The kind of an [`Error`](crate::Error): how far the call came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The client's settings are unfit. Nothing was sent.
    Config,
    /// A parameter or body of the call is missing or unfit. Nothing was sent.
    Request,
    /// No token could be had for the call, which was not sent; [`Error::auth_error_kind`](crate::Error::auth_error_kind) tells why.
    Auth,
    /// The call was not sent, because it would have had to wait too long for the platform's rate limit;
    /// [`Error::retry_after`](crate::Error::retry_after) tells how long.
    RateLimit,
    /// No connection was made. Nothing was sent.
    Connect,
    /// Time ran out. The platform may have done what was asked.
    Timeout,
    /// The connection broke, or the request could not be written. The platform may have done what was asked.
    Transport,
    /// The platform, or something in front of it, answered with a status other than 2xx.
    Status,
    /// The reply is longer than the client's limit.
    TooLarge,
    /// The reply came, with a 2xx status, and could not be read as what the operation answers.
    Decode,
    /// A list could not be read on over its pages; [`Error::paging_error_kind`](crate::Error::paging_error_kind) tells why.
    Paging,
}

/// Why a list cannot be read on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PagingErrorKind {
    /// A page gave a mark that led to a page before: following it would go in circles.
    RepeatedCursor,
    /// A page holds the same items as the one before it: the platform did not act on what was to ask for the next.
    RepeatedPage,
    /// Where the list of items is to stand, something else stands.
    NoList,
    /// The reply says that there is more, and not how to ask for it.
    NoCursor,
    /// The platform promises more, page after page, and sends no items.
    OnlyEmptyPages,
    /// The list has more items than the caller takes.
    TooMany,
    /// The position is of another operation, or of another way to page. Nothing was sent.
    OtherPosition,
    /// The task that fetched the page was ended from outside, as with its runtime.
    Interrupted,
}

/// Why there is no token for a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AuthErrorKind {
    /// The handle acts on no account yet: choose a location or a company.
    NoAccount,
    /// The store has no tokens for the account: a user must install the app there, or the store is another one.
    NotInstalled,
    /// The platform takes the refresh token no more: the app must be authorised again by a user of the account.
    ReinstallNeeded,
    /// The platform refused to give a token, for a reason that a new authorisation does not repair: wrong app credentials, an
    /// account that is not active, an app that is not installed in the location.
    Refused,
    /// The token endpoint could not be reached, or its reply was lost. A later call tries again.
    Unavailable,
    /// The token endpoint cannot be reached before something is changed, such as a certificate or a setting. The error names it.
    Unreachable,
    /// The token store failed.
    Store,
}
