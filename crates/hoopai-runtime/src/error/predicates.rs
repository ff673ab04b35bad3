//! Questions about an error. Those about refusals are answered by the class alone.

use super::{ApiErrorKind, AuthErrorKind, Error, ErrorKind, FailureKind};

impl Error {
    /// The requested object does not exist, whatever the status: the platform says so with 400, 401, 404, 422 and others.
    ///
    /// It is `false` for a path that the platform does not have: see [`is_unsupported`](Error::is_unsupported).
    pub fn is_not_found(&self) -> bool {
        self.api_error_kind_is(ApiErrorKind::is_not_found)
    }

    /// The token is the cause: it is invalid or expired, of the wrong kind, or lacks a scope. Or there is no token for the
    /// call: [`auth_error_kind`](Error::auth_error_kind) says why.
    pub fn is_auth(&self) -> bool {
        self.api_error_kind_is(ApiErrorKind::is_auth) || self.0.kind == ErrorKind::Auth
    }

    /// The token is valid and may not do this: the location is not its own or is missing, the token is of the wrong kind or
    /// lacks a scope, or a proxy blocked the request.
    pub fn is_forbidden(&self) -> bool {
        self.api_error_kind_is(ApiErrorKind::is_forbidden)
    }

    /// The platform rejected the request as invalid. [`messages`](Error::messages) and [`field_errors`](Error::field_errors)
    /// say why.
    ///
    /// Requests that are rejected before they are sent are of kind [`Request`](ErrorKind::Request).
    pub fn is_validation(&self) -> bool {
        self.api_error_kind_is(ApiErrorKind::is_validation)
    }

    /// The object exists already, or its state does not allow the request. [`meta`](Error::meta) identifies the object where the
    /// platform does.
    pub fn is_conflict(&self) -> bool {
        self.api_error_kind_is(ApiErrorKind::is_conflict)
    }

    /// The platform does not offer this operation: not under this path, not in this API version, or not to this kind of token.
    pub fn is_unsupported(&self) -> bool {
        self.api_error_kind_is(ApiErrorKind::is_unsupported)
    }

    /// Too many requests: the platform said so (429), or the call was not sent because the limit is used up.
    pub fn is_rate_limited(&self) -> bool {
        self.api_error_kind_is(ApiErrorKind::is_rate_limited) || self.0.kind == ErrorKind::RateLimit
    }

    /// The platform, or a host in front of it, failed (5xx, 408).
    pub fn is_server_error(&self) -> bool {
        self.api_error_kind_is(ApiErrorKind::is_server_error)
    }

    /// A time limit of this side passed, while connecting or later.
    pub fn is_timeout(&self) -> bool {
        self.0.timed_out
    }

    /// No connection was made, so nothing was sent.
    pub fn is_connect(&self) -> bool {
        self.0.kind == ErrorKind::Connect
    }

    /// The reply could not be read as what the operation returns.
    pub fn is_decode(&self) -> bool {
        self.0.kind == ErrorKind::Decode
    }

    /// The same call may be made again: it did nothing, or doing it twice does no harm, and it can succeed then. Where
    /// [`retry_after`](Error::retry_after) returns a wait, not before that.
    ///
    /// The client has retried by itself as often as its policy, its retry budget and the call's time allow.
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

    /// Whether the call may be executed twice: the caller's word, or else the operation's row.
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
