//! Why a flight brought no token, in a form that all who waited can have.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use hoopai_runtime::Error;
use hoopai_runtime::error::AuthErrorKind;

use crate::StoreError;

/// The reason. Clones share it.
#[derive(Clone, Debug)]
pub(crate) struct Fault(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    kind: AuthErrorKind,
    text: String,
    retry_after: Option<Duration>,
    /// Whether the platform may have carried out what it was asked.
    is_unknown: bool,
    cause: Option<Cause>,
}

/// A cause that several errors share.
#[derive(Clone)]
struct Cause(Arc<dyn StdError + Send + Sync>);

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Debug for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl StdError for Cause {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source()
    }
}

impl Fault {
    pub(crate) fn new(kind: AuthErrorKind, text: impl Into<String>) -> Self {
        Fault(Arc::new(Inner {
            kind,
            text: text.into(),
            retry_after: None,
            is_unknown: false,
            cause: None,
        }))
    }

    /// An error of the endpoint, with our words before its own.
    pub(crate) fn of(kind: AuthErrorKind, text: &str, error: Error) -> Self {
        Fault(Arc::new(Inner {
            kind,
            text: format!("{text}: {error}"),
            retry_after: error.retry_after(),
            is_unknown: false,
            cause: Some(Cause(Arc::new(error))),
        }))
    }

    /// Nothing was sent to the endpoint. A later call can succeed, unless the connection fails in the same way every time.
    pub(crate) fn not_sent(text: &str, error: Error) -> Self {
        let kind = if error.is_retryable() {
            AuthErrorKind::Unavailable
        } else {
            AuthErrorKind::Unreachable
        };
        Self::of(kind, text, error)
    }

    pub(crate) fn store(error: StoreError) -> Self {
        Self::shared_store(&Arc::new(error))
    }

    pub(crate) fn shared_store(error: &Arc<StoreError>) -> Self {
        Fault(Arc::new(Inner {
            kind: AuthErrorKind::Store,
            text: format!("the token store failed: {error}"),
            retry_after: None,
            is_unknown: false,
            cause: Some(Cause(error.clone())),
        }))
    }

    pub(crate) fn not_installed() -> Self {
        Self::new(
            AuthErrorKind::NotInstalled,
            "the store has no tokens for the account: have a user install the app there, or open the store that has them",
        )
    }

    pub(crate) fn reinstall_needed() -> Self {
        Self::new(
            AuthErrorKind::ReinstallNeeded,
            "the platform takes the refresh token of the account no more: have a user of the account authorise the app again",
        )
    }

    /// The same, as a reason for something else.
    pub(crate) fn because(&self, text: &str) -> Self {
        Fault(Arc::new(Inner {
            kind: self.0.kind,
            text: format!("{text}: {}", self.0.text),
            retry_after: self.0.retry_after,
            is_unknown: self.0.is_unknown,
            cause: self.0.cause.clone(),
        }))
    }

    /// The same, after a request that may have spent a refresh token.
    pub(crate) fn of_unknown_outcome(&self) -> Self {
        Fault(Arc::new(Inner {
            kind: self.0.kind,
            text: self.0.text.clone(),
            retry_after: self.0.retry_after,
            is_unknown: true,
            cause: self.0.cause.clone(),
        }))
    }

    pub(crate) fn is_of_unknown_outcome(&self) -> bool {
        self.0.is_unknown
    }

    pub(crate) fn kind(&self) -> AuthErrorKind {
        self.0.kind
    }

    pub(crate) fn text(&self) -> &str {
        &self.0.text
    }

    pub(crate) fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// As an error of a call that can be tried again after `wait`.
    pub(crate) fn to_error(&self, wait: Option<Duration>) -> Error {
        let error = Error::auth(self.0.kind, self.0.text.clone())
            .with_retry_after(wait.filter(|_| self.0.kind == AuthErrorKind::Unavailable));
        match &self.0.cause {
            Some(cause) => error.caused_by(cause.clone()),
            None => error,
        }
    }
}
