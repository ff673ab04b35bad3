//! What a single call can be told apart from its client.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::send::retry::{NoRetry, RetryPolicy};

/// Settings of a single call, in place of those of its client; `options` on every builder takes them.
///
/// ```
/// use std::time::Duration;
/// use hoopai_runtime::CallOptions;
///
/// let quick = CallOptions::new().timeout(Duration::from_secs(5)).no_retries();
/// # let _ = quick;
/// ```
#[derive(Clone, Default)]
pub struct CallOptions {
    pub(crate) timeout: Option<Duration>,
    pub(crate) attempt_timeout: Option<Duration>,
    pub(crate) max_wait: Option<Duration>,
    pub(crate) policy: Option<Arc<dyn RetryPolicy>>,
    pub(crate) idempotent: Option<bool>,
    pub(crate) api_version: Option<String>,
    pub(crate) strict: Option<bool>,
    pub(crate) unchecked: bool,
}

impl CallOptions {
    /// Nothing that differs from the client.
    pub fn new() -> Self {
        Self::default()
    }

    /// How long the call may take in all: waits, attempts and the reply.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// How long one attempt may take, from connecting to the end of its reply.
    #[must_use]
    pub fn attempt_timeout(mut self, timeout: Duration) -> Self {
        self.attempt_timeout = Some(timeout);
        self
    }

    /// How long the call may wait for the rate limit. Where it would have to wait longer it fails at once.
    #[must_use]
    pub fn max_wait(mut self, wait: Duration) -> Self {
        self.max_wait = Some(wait);
        self
    }

    /// Another policy for sending it again.
    #[must_use]
    pub fn retry(mut self, policy: impl RetryPolicy) -> Self {
        self.policy = Some(Arc::new(policy));
        self
    }

    /// Sends the call once, whatever becomes of it. A token that has expired is renewed all the same.
    #[must_use]
    pub fn no_retries(self) -> Self {
        self.retry(NoRetry)
    }

    /// Whether doing it twice does no harm, which decides whether a request that may have been carried out is sent again.
    /// The operation's table knows it of operations; the caller knows more, such as that the body holds a key that the
    /// platform keeps unique.
    #[must_use]
    pub fn idempotent(mut self, idempotent: bool) -> Self {
        self.idempotent = Some(idempotent);
        self
    }

    /// Whether a reply that is not as declared is an error.
    #[must_use]
    pub fn strict(mut self, strict: bool) -> Self {
        self.strict = Some(strict);
        self
    }

    /// Sends what was given without looking for missing fields, parameters or a missing location, and without checking page
    /// sizes. Types, API version, default location and rate limit stay as they are. Path parameters are still required,
    /// since there is no URL without them.
    ///
    /// Use it where the platform accepts a call that the client rejects.
    #[must_use]
    pub fn unchecked(mut self) -> Self {
        self.unchecked = true;
        self
    }

    /// Another API version, a date such as `2021-07-28`.
    #[must_use]
    pub fn api_version(mut self, version: impl Into<String>) -> Self {
        self.api_version = Some(version.into());
        self
    }
}

impl fmt::Debug for CallOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallOptions")
            .field("timeout", &self.timeout)
            .field("attempt_timeout", &self.attempt_timeout)
            .field("max_wait", &self.max_wait)
            .field("retry", &self.policy.is_some())
            .field("idempotent", &self.idempotent)
            .field("api_version", &self.api_version)
            .field("strict", &self.strict)
            .field("unchecked", &self.unchecked)
            .finish()
    }
}
