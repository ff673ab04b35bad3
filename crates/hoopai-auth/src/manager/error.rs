//! The error of a refresh, which all waiting callers share.

use std::error::Error as StdError;
use std::sync::Arc;
use std::time::Duration;

use hoopai_runtime::Error;
use hoopai_runtime::error::AuthErrorKind;

use crate::store_error::StoreError;

/// The result of a refresh. After success the token is in memory.
pub(super) type RefreshResult = Result<(), RefreshError>;

/// Why there is no new token. Clones are cheap.
#[derive(Clone, Debug)]
pub(super) struct RefreshError(Arc<Inner>);

#[derive(Clone, Debug)]
struct Inner {
    kind: AuthErrorKind,
    message: String,
    retry_after: Option<Duration>,
    has_unknown_outcome: bool,
    cause: Option<Arc<dyn StdError + Send + Sync>>,
}

impl RefreshError {
    pub(super) fn new(kind: AuthErrorKind, message: impl Into<String>) -> Self {
        RefreshError(Arc::new(Inner {
            kind,
            message: message.into(),
            retry_after: None,
            has_unknown_outcome: false,
            cause: None,
        }))
    }

    /// An error of the token endpoint, with a message before its own.
    pub(super) fn endpoint(kind: AuthErrorKind, message: &str, error: Error) -> Self {
        RefreshError(Arc::new(Inner {
            kind,
            message: format!("{message}: {error}"),
            retry_after: error.retry_after(),
            has_unknown_outcome: false,
            cause: Some(Arc::new(error)),
        }))
    }

    /// A request that was not sent. A later call can succeed, unless the connection fails in the
    /// same way each time.
    pub(super) fn not_sent(message: &str, error: Error) -> Self {
        let kind = if error.is_retryable() {
            AuthErrorKind::Unavailable
        } else {
            AuthErrorKind::Unreachable
        };
        Self::endpoint(kind, message, error)
    }

    pub(super) fn store(error: impl Into<Arc<StoreError>>) -> Self {
        let error = error.into();
        RefreshError(Arc::new(Inner {
            kind: AuthErrorKind::Store,
            message: format!("the token store failed: {error}"),
            retry_after: None,
            has_unknown_outcome: false,
            cause: Some(error),
        }))
    }

    pub(super) fn not_installed() -> Self {
        Self::new(
            AuthErrorKind::NotInstalled,
            "the store has no tokens for the account: have a user install the app there, or open the store that has them",
        )
    }

    pub(super) fn reinstall_needed() -> Self {
        Self::new(
            AuthErrorKind::ReinstallNeeded,
            "the platform no longer accepts the refresh token of the account: have a user of the account authorize the app again",
        )
    }

    /// Adds a message before the present one.
    pub(super) fn with_context(mut self, message: &str) -> Self {
        let inner = Arc::make_mut(&mut self.0);
        inner.message = format!("{message}: {}", inner.message);
        self
    }

    /// Marks the error as one after which the refresh token may be spent.
    pub(super) fn with_unknown_outcome(mut self) -> Self {
        Arc::make_mut(&mut self.0).has_unknown_outcome = true;
        self
    }

    /// Whether the platform may have processed the request.
    pub(super) fn has_unknown_outcome(&self) -> bool {
        self.0.has_unknown_outcome
    }

    pub(super) fn kind(&self) -> AuthErrorKind {
        self.0.kind
    }

    pub(super) fn message(&self) -> &str {
        &self.0.message
    }

    pub(super) fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// Converts this into the error of a call that can be retried after `wait`.
    pub(super) fn to_error(&self, wait: Option<Duration>) -> Error {
        let error = Error::auth(self.0.kind, self.0.message.clone())
            .with_retry_after(wait.filter(|_| self.0.kind == AuthErrorKind::Unavailable));
        match &self.0.cause {
            Some(cause) => error.caused_by(cause.clone()),
            None => error,
        }
    }
}
