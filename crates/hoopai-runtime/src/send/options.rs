//! The settings of a single call.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::send::retry::{NoRetry, RetryPolicy};

/// Settings of a single call, which override those of its client. Every builder has a method
/// `options` that sets them.
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
    /// Creates options that override nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the total time of the call: waits, attempts and the reply.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Sets the time of one attempt, from connecting to the end of its reply.
    #[must_use]
    pub fn attempt_timeout(mut self, timeout: Duration) -> Self {
        self.attempt_timeout = Some(timeout);
        self
    }

    /// Sets how long the call may wait for the rate limit. A call that would have to wait longer
    /// fails at once.
    #[must_use]
    pub fn max_wait(mut self, wait: Duration) -> Self {
        self.max_wait = Some(wait);
        self
    }

    /// Sets the retry policy.
    #[must_use]
    pub fn retry(mut self, policy: impl RetryPolicy) -> Self {
        self.policy = Some(Arc::new(policy));
        self
    }

    /// Disables retries. A token that has expired is still refreshed, and the call sent once more.
    #[must_use]
    pub fn no_retries(self) -> Self {
        self.retry(NoRetry)
    }

    /// Sets whether the call is idempotent. Only idempotent calls are retried if the request may
    /// have been executed. The default is the declaration of the operation; the caller may know
    /// more, such as that the body contains a key that the platform keeps unique.
    #[must_use]
    pub fn idempotent(mut self, idempotent: bool) -> Self {
        self.idempotent = Some(idempotent);
        self
    }

    /// Sets whether a reply that deviates from its schema is an error.
    #[must_use]
    pub fn strict(mut self, strict: bool) -> Self {
        self.strict = Some(strict);
        self
    }

    /// Sends the call without checks for missing fields, parameters or location, and for page
    /// sizes. Types, API version, default location and rate limit stay in force. Path parameters
    /// are still required, since the URL depends on them.
    ///
    /// Use it if the platform accepts a call that the client rejects.
    #[must_use]
    pub fn unchecked(mut self) -> Self {
        self.unchecked = true;
        self
    }

    /// Sets the API version, a date such as `2021-07-28`.
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
