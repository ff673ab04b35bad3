//! Predicates of errors. Those about API errors depend only on the kind.

use super::{ApiErrorKind, AuthErrorKind, Error, ErrorKind, FailureKind};

impl Error {
    /// The requested object does not exist. The platform reports this with 400, 401, 404, 422 and
    /// other statuses.
    ///
    /// `false` for an unknown path: see [`is_unsupported`](Error::is_unsupported).
    pub fn is_not_found(&self) -> bool {
        self.api_error_kind_is(ApiErrorKind::is_not_found)
    }

    /// The token is the cause: it is invalid or expired, of the wrong kind, or lacks a scope. Or
    /// there is no token: [`auth_error_kind`](Error::auth_error_kind) returns why.
    pub fn is_auth(&self) -> bool {
        self.api_error_kind_is(ApiErrorKind::is_auth) || self.0.kind == ErrorKind::Auth
    }

    /// The token is valid but not allowed to do this: the location is missing or of another token,
    /// the token is of the wrong kind or lacks a scope, or a proxy blocked the request.
    pub fn is_forbidden(&self) -> bool {
        self.api_error_kind_is(ApiErrorKind::is_forbidden)
    }

    /// The platform rejected the request as invalid. [`messages`](Error::messages) and
    /// [`field_errors`](Error::field_errors) contain the reasons.
    ///
    /// Requests that are rejected before they are sent are of kind [`Request`](ErrorKind::Request).
    pub fn is_validation(&self) -> bool {
        self.api_error_kind_is(ApiErrorKind::is_validation)
    }

    /// The object exists already, or its state does not allow the request. [`meta`](Error::meta)
    /// identifies the object if the platform does.
    pub fn is_conflict(&self) -> bool {
        self.api_error_kind_is(ApiErrorKind::is_conflict)
    }

    /// The platform does not offer this operation: not under this path, not in this API version, or
    /// not to this kind of token.
    pub fn is_unsupported(&self) -> bool {
        self.api_error_kind_is(ApiErrorKind::is_unsupported)
    }

    /// Too many requests: the platform answered with 429, or the call was not sent because the
    /// limit is used up.
    pub fn is_rate_limited(&self) -> bool {
        self.api_error_kind_is(ApiErrorKind::is_rate_limited) || self.0.kind == ErrorKind::RateLimit
    }

    /// The platform, or a host in front of it, failed (5xx, 408).
    pub fn is_server_error(&self) -> bool {
        self.api_error_kind_is(ApiErrorKind::is_server_error)
    }

    /// A timeout of this client expired, while connecting or later.
    pub fn is_timeout(&self) -> bool {
        self.0.timed_out
    }

    /// No connection was made, so nothing was sent.
    pub fn is_connect(&self) -> bool {
        self.0.kind == ErrorKind::Connect
    }

    /// The reply could not be decoded as the type of the operation.
    pub fn is_decode(&self) -> bool {
        self.0.kind == ErrorKind::Decode
    }

    /// A retry is safe and can succeed: the request was not executed, or the call is idempotent. If
    /// [`retry_after`](Error::retry_after) returns a wait, retry after it.
    ///
    /// The client has already retried as often as its policy, its retry budget and the call's
    /// timeout allow.
    pub fn is_retryable(&self) -> bool {
        let kind = FailureKind::of(self);
        match self.0.kind {
            ErrorKind::RateLimit => true,
            ErrorKind::Auth => matches!(self.0.auth_error_kind, Some(AuthErrorKind::Unavailable)),
            _ if kind == FailureKind::Final => false,
            _ => self.is_idempotent() || !kind.may_have_acted(),
        }
    }

    /// A user of the account must install or authorize the app before any call can succeed.
    pub fn needs_reinstall(&self) -> bool {
        matches!(
            self.0.auth_error_kind,
            Some(AuthErrorKind::ReinstallNeeded | AuthErrorKind::NotInstalled)
        )
    }

    /// Whether the call is idempotent, as the caller or else the operation declares.
    pub(super) fn is_idempotent(&self) -> bool {
        match (self.0.idempotent, &self.0.call_site) {
            (Some(idempotent), _) => idempotent,
            (None, Some(call_site)) => call_site.is_idempotent(),
            (None, None) => false,
        }
    }

    fn api_error_kind_is(&self, predicate: fn(ApiErrorKind) -> bool) -> bool {
        self.0.api_error_kind.is_some_and(predicate)
    }
}
