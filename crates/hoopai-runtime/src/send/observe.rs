//! Metrics: an [`Observer`] receives the events of calls. Spans and events of `tracing` report the
//! same.

use std::borrow::Cow;
use std::time::Duration;

use crate::call_site::CallSite;
use crate::error::ErrorKind;
use crate::operation::{Method, Operation};

/// Identifies a call. It contains no values: the path is the template.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct CallInfo<'a> {
    /// The operation. `None` for calls by method and path.
    pub operation: Option<&'static Operation>,
    /// The HTTP method.
    pub method: &'a Method,
    /// The path with its parameters in braces. For a call by method and path, segments that look
    /// like ids are masked.
    pub path_template: Cow<'a, str>,
}

impl<'a> CallInfo<'a> {
    pub(crate) fn of(call_site: &'a CallSite) -> Self {
        CallInfo {
            operation: call_site.operation,
            method: &call_site.method,
            path_template: call_site.shown(),
        }
    }
}

/// The result of an attempt or a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CallOutcome {
    /// The HTTP status, if there was a reply.
    pub status: Option<u16>,
    /// The kind of the error. `None` on success.
    pub error: Option<ErrorKind>,
    /// The duration; for a call, waits are included.
    pub duration: Duration,
    /// For a call, the number of requests that were sent, as in
    /// [`Error::attempts`](crate::Error::attempts): attempts without a connection do not count. For
    /// an attempt, its number, starting at 1; every attempt counts.
    pub attempts: u32,
}

/// Why a call waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum WaitReason {
    /// The rate limit.
    RateLimit,
    /// The delay before a retry.
    Retry,
}

/// An event of the share of this process in a limit that a
/// [`LimiterBackend`](crate::rate_limit::LimiterBackend) divides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ShareEvent {
    /// The share was exchanged.
    #[non_exhaustive]
    Exchanged {
        /// The share: how many requests this process may send in any interval.
        share: usize,
        /// The number of processes with a share.
        members: u32,
        /// The duration of the exchange.
        took: Duration,
    },
    /// An exchange failed.
    #[non_exhaustive]
    Failed {
        /// The duration of the exchange.
        took: Duration,
    },
    /// The backend cannot be reached, so calls keep to the share that the process has.
    #[non_exhaustive]
    Lost {
        /// The share.
        share: usize,
    },
    /// The backend is reached again.
    #[non_exhaustive]
    Recovered {
        /// The time since it was lost.
        after: Duration,
    },
}

/// Receives the events of calls. Its methods are called during calls, so they must be fast.
///
/// No argument contains a token or personal data.
pub trait Observer: Send + Sync + 'static {
    /// An attempt starts: a request is about to be sent. Attempts are counted from 1. If no
    /// connection can be made, the request is not sent, and [`on_attempt`](Observer::on_attempt)
    /// receives [`ErrorKind::Connect`].
    fn on_send(&self, call: &CallInfo<'_>, attempt: u32) {
        let _ = (call, attempt);
    }

    /// An attempt ended.
    fn on_attempt(&self, call: &CallInfo<'_>, end: &CallOutcome) {
        let _ = (call, end);
    }

    /// A call is about to wait for a retry, or has waited for the rate limit.
    fn on_wait(&self, call: &CallInfo<'_>, reason: WaitReason, wait: Duration) {
        let _ = (call, reason, wait);
    }

    /// A call ended. It is not called for a call that is dropped.
    fn on_call(&self, call: &CallInfo<'_>, end: &CallOutcome) {
        let _ = (call, end);
    }

    /// The share of this process in a rate limit was exchanged, or the backend of the limit was lost
    /// or reached again.
    fn on_share(&self, event: &ShareEvent) {
        let _ = event;
    }

    /// A token was refreshed, or the refresh failed.
    fn on_refresh(&self, renewed: bool) {
        let _ = renewed;
    }
}
