//! Retries: whether and when a failed call is sent again, and how many retries all calls share.
//!
//! Three traits with one default implementation each: a [`RetryPolicy`] decides by the kind of
//! failure, a [`Backoff`] determines the delay, and a [`RetryBudget`] limits retries during an
//! outage. They are set for a client; the policy can also be set for a single call.
//!
//! One rule overrides all policies: a request that may have been executed is retried only if it is
//! idempotent, as declared by its operation or by
//! [`CallOptions::idempotent`](crate::CallOptions::idempotent).

mod backoff;
mod budget;

use std::time::Duration;

pub use crate::error::FailureKind;
pub use backoff::{Backoff, FullJitter};
pub use budget::{RetryBudget, TokenBucket, UnlimitedRetryBudget};

use crate::Error;

/// A failed attempt.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Failure<'a> {
    /// The kind of the failure.
    pub kind: FailureKind,
    /// The error, which the call returns if it is not retried.
    pub error: &'a Error,
    /// The number of attempts so far, including this one and attempts without a connection.
    pub attempts: u32,
    /// The wait that the platform asks for, if any.
    pub server_wait: Option<Duration>,
}

/// Decides whether a failed call is retried.
pub trait RetryPolicy: Send + Sync + 'static {
    /// Returns whether to retry the call. It is called only if a retry is safe.
    fn should_retry(&self, failure: &Failure<'_>) -> bool;
}

/// The default policy: retries all transient failures, up to a number of attempts, unless the
/// platform asks for a longer wait than `max_server_wait`. In that case the error contains the
/// wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DefaultRetryPolicy {
    max_attempts: u32,
    max_server_wait: Duration,
}

impl DefaultRetryPolicy {
    /// Creates a policy with five attempts and a longest server wait of 60 seconds.
    pub const fn new() -> Self {
        DefaultRetryPolicy {
            max_attempts: 5,
            max_server_wait: Duration::from_secs(60),
        }
    }

    /// Sets the maximum number of attempts, including the first one. 0 counts as 1.
    #[must_use]
    pub const fn max_attempts(mut self, attempts: u32) -> Self {
        self.max_attempts = attempts;
        self
    }

    /// Sets the longest wait requested by the platform after which a call is still retried.
    #[must_use]
    pub const fn max_server_wait(mut self, wait: Duration) -> Self {
        self.max_server_wait = wait;
        self
    }
}

impl Default for DefaultRetryPolicy {
    fn default() -> Self {
        Self::new()
    }
}

impl RetryPolicy for DefaultRetryPolicy {
    fn should_retry(&self, failure: &Failure<'_>) -> bool {
        failure.kind != FailureKind::Final
            && failure.attempts < self.max_attempts
            && failure.server_wait.unwrap_or_default() <= self.max_server_wait
    }
}

/// A policy that never retries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NoRetry;

impl RetryPolicy for NoRetry {
    fn should_retry(&self, _: &Failure<'_>) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{DefaultRetryPolicy, Failure, FailureKind, NoRetry, RetryPolicy};
    use crate::Error;

    #[test]
    fn policy_depends_on_kind_attempts_and_wait() {
        let error = Error::config("");
        let failure = |kind, attempts, wait: Option<u64>| Failure {
            kind,
            error: &error,
            attempts,
            server_wait: wait.map(Duration::from_secs),
        };
        let policy = DefaultRetryPolicy::new().max_attempts(3);
        for (kind, attempts, wait, expected) in [
            (FailureKind::RateLimited, 1, None, true),
            (FailureKind::ServerError, 2, Some(60), true),
            (FailureKind::ServerError, 2, Some(61), false),
            (FailureKind::Broken, 3, None, false),
            (FailureKind::Final, 1, None, false),
        ] {
            let failure = failure(kind, attempts, wait);
            assert_eq!(policy.should_retry(&failure), expected, "{failure:?}");
            assert!(!NoRetry.should_retry(&failure));
        }
        assert!(
            !DefaultRetryPolicy::new()
                .max_attempts(0)
                .should_retry(&failure(FailureKind::TimedOut, 1, None))
        );
    }
}
