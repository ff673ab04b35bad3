//! The error of a refresh, which all waiting callers share.

use std::error::Error as StdError;
use std::sync::Arc;
use std::time::Duration;

use hoopai_runtime::Error;
use hoopai_runtime::auth::TokenEndpointError;
use hoopai_runtime::error::AuthErrorKind;

use crate::store_error::StoreError;

/// The result of a refresh. After success the token is in memory.
pub(super) type RefreshResult = Result<(), RefreshError>;

/// The messages for the failures of a request to the token endpoint.
pub(super) struct EndpointMessages {
    pub(super) not_sent: &'static str,
    pub(super) no_reply: &'static str,
    pub(super) server_error: &'static str,
    pub(super) too_many_requests: &'static str,
    pub(super) refused: &'static str,
}

/// Whether the platform may have processed a failed request.
pub(super) fn has_unknown_outcome(error: &TokenEndpointError) -> bool {
    match error {
        TokenEndpointError::NotSent(_) => false,
        TokenEndpointError::Unknown(_) => true,
        TokenEndpointError::Refused { status, .. } => *status >= 500 || *status == 408,
    }
}

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

    /// A failed request to the token endpoint.
    pub(super) fn endpoint(messages: &EndpointMessages, error: TokenEndpointError) -> Self {
        let is_unknown = has_unknown_outcome(&error);
        let (kind, message, error) = match error {
            // A later call can succeed, unless the connection fails in the same way each time.
            TokenEndpointError::NotSent(error) if !error.is_retryable() => {
                (AuthErrorKind::Unreachable, messages.not_sent, error)
            }
            TokenEndpointError::NotSent(error) => {
                (AuthErrorKind::Unavailable, messages.not_sent, error)
            }
            TokenEndpointError::Unknown(error) => {
                (AuthErrorKind::Unavailable, messages.no_reply, error)
            }
            TokenEndpointError::Refused { error, .. } if is_unknown => {
                (AuthErrorKind::Unavailable, messages.server_error, error)
            }
            TokenEndpointError::Refused { status: 429, error } => (
                AuthErrorKind::Unavailable,
                messages.too_many_requests,
                error,
            ),
            TokenEndpointError::Refused { error, .. } => {
                (AuthErrorKind::Refused, messages.refused, error)
            }
        };
        Self::caused_by(kind, message, error)
    }

    /// An error with a message before that of its cause.
    pub(super) fn caused_by(kind: AuthErrorKind, message: &str, error: Error) -> Self {
        Self::new(kind, format!("{message}: {error}")).change(|inner| {
            inner.retry_after = error.retry_after();
            inner.cause = Some(Arc::new(error));
        })
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

    fn change(mut self, change: impl FnOnce(&mut Inner)) -> Self {
        change(Arc::make_mut(&mut self.0));
        self
    }

    /// Adds a message before the present one.
    pub(super) fn with_context(self, message: &str) -> Self {
        self.change(|inner| inner.message = format!("{message}: {}", inner.message))
    }

    /// Marks the error as one after which the refresh token may be spent.
    pub(super) fn with_unknown_outcome(self) -> Self {
        self.change(|inner| inner.has_unknown_outcome = true)
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

impl From<StoreError> for RefreshError {
    fn from(error: StoreError) -> Self {
        let message = format!("the token store failed: {error}");
        Self::new(AuthErrorKind::Store, message).change(|inner| inner.cause = Some(Arc::new(error)))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use hoopai_runtime::Error;
    use hoopai_runtime::auth::TokenEndpointError;
    use hoopai_runtime::error::AuthErrorKind;

    use super::{EndpointMessages, RefreshError, has_unknown_outcome};

    const MESSAGES: EndpointMessages = EndpointMessages {
        not_sent: "not sent",
        no_reply: "no reply",
        server_error: "server error",
        too_many_requests: "too many",
        refused: "refused",
    };

    #[test]
    fn error_of_the_endpoint_has_its_message_cause_and_wait() {
        let wait = Some(Duration::from_secs(7));
        let cause = |kind| Error::auth(kind, "the cause").with_retry_after(wait);
        let (unavailable, refused) = (AuthErrorKind::Unavailable, AuthErrorKind::Refused);
        let of_status = |status| TokenEndpointError::Refused {
            status,
            error: cause(unavailable),
        };
        for (error, message, kind, is_unknown) in [
            (
                TokenEndpointError::NotSent(cause(unavailable)),
                "not sent",
                unavailable,
                false,
            ),
            (
                TokenEndpointError::NotSent(cause(refused)),
                "not sent",
                AuthErrorKind::Unreachable,
                false,
            ),
            (
                TokenEndpointError::Unknown(cause(unavailable)),
                "no reply",
                unavailable,
                true,
            ),
            (of_status(408), "server error", unavailable, true),
            (of_status(500), "server error", unavailable, true),
            (of_status(503), "server error", unavailable, true),
            (of_status(429), "too many", unavailable, false),
            (of_status(400), "refused", refused, false),
            (of_status(499), "refused", refused, false),
        ] {
            assert_eq!(has_unknown_outcome(&error), is_unknown, "{message}");
            let error = RefreshError::endpoint(&MESSAGES, error);
            assert_eq!(error.kind(), kind, "{message}");
            assert!(error.message().starts_with(message), "{}", error.message());
            assert!(error.message().contains("the cause"), "{}", error.message());
            assert_eq!(error.retry_after(), wait);
            let shown = error.with_context("context").to_error(None);
            let text = shown.to_string();
            assert!(text.contains(&format!("context: {message}")), "{text}");
            assert!(std::error::Error::source(&shown).is_some());
        }
    }

    #[test]
    fn only_an_error_that_passes_has_a_wait() {
        let wait = Some(Duration::from_secs(7));
        for (kind, expected) in [
            (AuthErrorKind::Unavailable, wait),
            (AuthErrorKind::Refused, None),
            (AuthErrorKind::ReinstallNeeded, None),
        ] {
            let error = RefreshError::new(kind, "message");
            assert_eq!(error.retry_after(), None);
            assert!(!error.has_unknown_outcome());
            assert_eq!(error.to_error(wait).retry_after(), expected, "{kind:?}");
            assert!(error.with_unknown_outcome().has_unknown_outcome());
        }
    }
}
