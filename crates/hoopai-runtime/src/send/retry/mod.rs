//! Whether a call that failed is sent again, when, and how often all calls together may be.
//!
//! Three small traits, each with one implementation of ours: a [`RetryPolicy`] decides by the kind of failure, a [`Backoff`]
//! says how long to wait, and a [`RetryBudget`] keeps an outage from being multiplied. They are set for a client, and the
//! policy for a single call as well.
//!
//! One rule stands above all policies: a request that may have been carried out is sent again only if its operation is
//! idempotent, by its table or by the caller's word ([`CallOptions::idempotent`](crate::CallOptions::idempotent)).

mod backoff;
mod budget;

use std::time::Duration;

pub use crate::error::FailureKind;
pub use backoff::{Backoff, FullJitter};
pub use budget::{RetryBudget, TokenBucket, UnlimitedRetryBudget};

use crate::Error;

/// An attempt that failed.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Failure<'a> {
    /// How it failed.
    pub kind: FailureKind,
    /// The error, which the caller gets if nothing more is tried.
    pub error: &'a Error,
    /// The number of attempts so far, this one included. Attempts that made no connection count, too.
    pub attempts: u32,
    /// How long the platform asks to wait, if it says so.
    pub server_wait: Option<Duration>,
}

/// Decides by the kind of failure.
pub trait RetryPolicy: Send + Sync + 'static {
    /// Whether to send the call again. It is asked only where that can do no harm.
    fn should_retry(&self, failure: &Failure<'_>) -> bool;
}

/// Our policy: everything that waiting can repair, up to a number of attempts, unless the platform asks for a longer wait than
/// is worth it. Then the error carries the wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DefaultRetryPolicy {
    max_attempts: u32,
    max_server_wait: Duration,
}

impl DefaultRetryPolicy {
    /// Five attempts, and no wait that the platform asks for above 60 seconds.
    pub const fn new() -> Self {
        DefaultRetryPolicy {
            max_attempts: 5,
            max_server_wait: Duration::from_secs(60),
        }
    }

    /// The maximum number of attempts, the first one included. 0 counts as 1.
    #[must_use]
    pub const fn max_attempts(mut self, attempts: u32) -> Self {
        self.max_attempts = attempts;
        self
    }

    /// The longest wait that is slept through where the platform asks for one.
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

/// A policy that sends every call once.
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
