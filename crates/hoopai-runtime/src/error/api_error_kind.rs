//! The kinds of API errors: why the platform rejected a request.

use std::fmt;

/// Why the platform, or a host in front of it, rejected a request.
///
/// The platform uses one status for several reasons and several statuses for one reason. The kind
/// is therefore derived from the status, the platform's code and the words of its message.
/// [`Error::api_error_kind`](crate::Error::api_error_kind) returns it. The predicates of
/// [`Error`](crate::Error), the remedy in its text, and the decisions to retry or to refresh the
/// token follow from the kind:
///
/// | kind | `is_not_found` | `is_auth` | `is_forbidden` | `is_validation` | `is_conflict` | `is_unsupported` | `is_rate_limited` | `is_server_error` | retried |
/// |---|---|---|---|---|---|---|---|---|---|
/// | `NotFound` | yes | | | | | | | | |
/// | `UnknownPath`, `RouteNotSupported`, `EndpointRemoved` | | | | | | yes | | | |
/// | `ExpiredToken`, `InvalidToken`, `InvalidGrant` | | yes | | | | | | | |
/// | `WrongTokenKind`, `MissingScope` | | yes | yes | | | | | | |
/// | `WrongLocation`, `LocationInactive`, `Forbidden`, `Blocked` | | | yes | | | | | | |
/// | `Validation`, `PageSizeTooLarge`, `InvalidVersion`, `RequestTooLarge` | | | | yes | | | | | |
/// | `Duplicate` | | | | yes | yes | | | | |
/// | `Conflict` | | | | | yes | | | | |
/// | `RateLimited` | | | | | | | yes | | any operation |
/// | `Internal`, `Unavailable` | | | | | | | | yes | idempotent operations |
/// | `ServerError` | | | | | | | | yes | |
/// | `Redirect`, `Other` | | | | | | | | | |
///
/// Only `ExpiredToken` makes the client refresh the token and send the call once more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum ApiErrorKind {
    /// The requested object does not exist. The statuses are 400, 401, 403, 404, 410, 422 and
    /// sometimes 500.
    NotFound,
    /// The platform has no operation with this method and path (`Cannot GET /…`).
    UnknownPath,
    /// The platform's authorization service does not support the path, or not with this kind of
    /// token.
    RouteNotSupported,
    /// The operation was removed in the API version that was sent.
    EndpointRemoved,
    /// The API version is missing or unknown.
    InvalidVersion,
    /// The access token has expired or is damaged: the platform uses the same message for both.
    ExpiredToken,
    /// The token is missing, wrong or revoked.
    InvalidToken,
    /// The authorization code or refresh token is not valid, or no longer.
    InvalidGrant,
    /// The token is valid but of the wrong kind: an agency token for an operation of a location, or
    /// the other way round.
    WrongTokenKind,
    /// The token is valid but lacks a scope.
    MissingScope,
    /// The token is valid, but the location or company of the request is missing or belongs to
    /// another token.
    WrongLocation,
    /// The location or company is not active.
    LocationInactive,
    /// The token is not allowed to do this, for a reason that the reply does not name.
    Forbidden,
    /// A proxy, or the edge in front of the platform, blocked the request and answered with an HTML
    /// page.
    Blocked,
    /// A parameter or field of the request is missing or invalid.
    Validation,
    /// The page size is above the maximum.
    PageSizeTooLarge,
    /// The object exists already. [`Error::meta`](crate::Error::meta) identifies it if the platform
    /// does.
    Duplicate,
    /// The request conflicts with the current state of the object (409).
    Conflict,
    /// The body, the URL or the headers are too large (413, 414, 431).
    RequestTooLarge,
    /// Too many requests (429).
    RateLimited,
    /// The platform failed while it executed the request (500).
    Internal,
    /// The platform is temporarily unavailable, or a gateway got no reply from it (408, 502 to 504,
    /// 520 to 530).
    Unavailable,
    /// Any other 5xx, which a later attempt does not change.
    ServerError,
    /// A redirect, which the client does not follow.
    Redirect,
    /// Any other status.
    Other,
}

use ApiErrorKind as Kind;

impl ApiErrorKind {
    /// All kinds.
    pub const ALL: &'static [ApiErrorKind] = &[
        Kind::NotFound,
        Kind::UnknownPath,
        Kind::RouteNotSupported,
        Kind::EndpointRemoved,
        Kind::InvalidVersion,
        Kind::ExpiredToken,
        Kind::InvalidToken,
        Kind::InvalidGrant,
        Kind::WrongTokenKind,
        Kind::MissingScope,
        Kind::WrongLocation,
        Kind::LocationInactive,
        Kind::Forbidden,
        Kind::Blocked,
        Kind::Validation,
        Kind::PageSizeTooLarge,
        Kind::Duplicate,
        Kind::Conflict,
        Kind::RequestTooLarge,
        Kind::RateLimited,
        Kind::Internal,
        Kind::Unavailable,
        Kind::ServerError,
        Kind::Redirect,
        Kind::Other,
    ];

    /// The name of the kind, such as `not_found`: a label for metrics and logs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Kind::NotFound => "not_found",
            Kind::UnknownPath => "unknown_path",
            Kind::RouteNotSupported => "route_not_supported",
            Kind::EndpointRemoved => "endpoint_removed",
            Kind::InvalidVersion => "invalid_version",
            Kind::ExpiredToken => "expired_token",
            Kind::InvalidToken => "invalid_token",
            Kind::InvalidGrant => "invalid_grant",
            Kind::WrongTokenKind => "wrong_token_kind",
            Kind::MissingScope => "missing_scope",
            Kind::WrongLocation => "wrong_location",
            Kind::LocationInactive => "location_inactive",
            Kind::Forbidden => "forbidden",
            Kind::Blocked => "blocked",
            Kind::Validation => "validation",
            Kind::PageSizeTooLarge => "page_size_too_large",
            Kind::Duplicate => "duplicate",
            Kind::Conflict => "conflict",
            Kind::RequestTooLarge => "request_too_large",
            Kind::RateLimited => "rate_limited",
            Kind::Internal => "internal",
            Kind::Unavailable => "unavailable",
            Kind::ServerError => "server_error",
            Kind::Redirect => "redirect",
            Kind::Other => "other",
        }
    }

    /// The requested object does not exist.
    pub const fn is_not_found(self) -> bool {
        matches!(self, Kind::NotFound)
    }

    /// The token is the cause: it is invalid or expired, of the wrong kind, or lacks a scope.
    pub const fn is_auth(self) -> bool {
        matches!(
            self,
            Kind::ExpiredToken
                | Kind::InvalidToken
                | Kind::InvalidGrant
                | Kind::WrongTokenKind
                | Kind::MissingScope
        )
    }

    /// The token is valid but not allowed to do this.
    pub const fn is_forbidden(self) -> bool {
        matches!(
            self,
            Kind::WrongTokenKind
                | Kind::MissingScope
                | Kind::WrongLocation
                | Kind::LocationInactive
                | Kind::Forbidden
                | Kind::Blocked
        )
    }

    /// The request itself is invalid.
    pub const fn is_validation(self) -> bool {
        matches!(
            self,
            Kind::Validation
                | Kind::PageSizeTooLarge
                | Kind::InvalidVersion
                | Kind::RequestTooLarge
                | Kind::Duplicate
        )
    }

    /// The object exists already, or its state does not allow the request.
    pub const fn is_conflict(self) -> bool {
        matches!(self, Kind::Duplicate | Kind::Conflict)
    }

    /// The platform does not offer this operation: not under this path, not in this version, or not
    /// to this kind of token.
    pub const fn is_unsupported(self) -> bool {
        matches!(
            self,
            Kind::UnknownPath | Kind::RouteNotSupported | Kind::EndpointRemoved
        )
    }

    /// Too many requests.
    pub const fn is_rate_limited(self) -> bool {
        matches!(self, Kind::RateLimited)
    }

    /// The platform, or a host in front of it, failed.
    pub const fn is_server_error(self) -> bool {
        matches!(self, Kind::Internal | Kind::Unavailable | Kind::ServerError)
    }

    /// Whether a refreshed access token can change the result. `true` only for
    /// [`ExpiredToken`](ApiErrorKind::ExpiredToken).
    pub const fn is_expired_token(self) -> bool {
        matches!(self, Kind::ExpiredToken)
    }
}

/// The name of the kind, as [`as_str`](ApiErrorKind::as_str) returns it.
impl fmt::Display for ApiErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
