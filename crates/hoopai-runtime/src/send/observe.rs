//! What happens on the road, for metrics: an [`Observer`] is told of it. Spans and events of `tracing` tell the same.

use std::borrow::Cow;
use std::time::Duration;

use crate::call_site::CallSite;
use crate::error::ErrorKind;
use crate::operation::{Method, Operation};

/// Which call it is. It holds no values: the path is the template.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct CallInfo<'a> {
    /// The operation. `None` for calls by method and path.
    pub operation: Option<&'static Operation>,
    /// The HTTP method.
    pub method: Method,
    /// The path with its parameters in braces. Of a call by method and path what looks like an id is masked.
    pub path_template: Cow<'a, str>,
}

impl<'a> CallInfo<'a> {
    pub(crate) fn of(call_site: &'a CallSite) -> Self {
        CallInfo {
            operation: call_site.operation,
            method: call_site.method,
            path_template: call_site.shown(),
        }
    }
}

/// How an attempt or a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CallOutcome {
    /// The HTTP status, if there was a reply.
    pub status: Option<u16>,
    /// What kind of error it was. `None`: it went well.
    pub error: Option<ErrorKind>,
    /// How long it took, for a call waits included.
    pub duration: Duration,
    /// For a call, the number of requests that were sent, as [`Error::attempts`](crate::Error::attempts) has it: attempts that
    /// made no connection do not count. For an attempt, its number, counted from 1; there every attempt counts.
    pub attempts: u32,
}

/// What a call waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum WaitReason {
    /// Its turn under the rate limit.
    RateLimit,
    /// To be sent again after a failure.
    Retry,
}

/// Is told what happens on the road. Its methods are called in the middle of calls, so they must be quick.
///
/// Nothing that it gets holds a token or personal data.
pub trait Observer: Send + Sync + 'static {
    /// An attempt begins: a request is about to be sent. Attempts are counted from 1. If no connection can be made, the
    /// request is not sent, and [`on_attempt`](Observer::on_attempt) gets [`ErrorKind::Connect`].
    fn on_send(&self, call: &CallInfo<'_>, attempt: u32) {
        let _ = (call, attempt);
    }

    /// An attempt ended.
    fn on_attempt(&self, call: &CallInfo<'_>, end: &CallOutcome) {
        let _ = (call, end);
    }

    /// A call waits, or has waited for its turn under the rate limit.
    fn on_wait(&self, call: &CallInfo<'_>, reason: WaitReason, wait: Duration) {
        let _ = (call, reason, wait);
    }

    /// A call ended. A call that is given up by its caller does not.
    fn on_call(&self, call: &CallInfo<'_>, end: &CallOutcome) {
        let _ = (call, end);
    }

    /// A token was renewed, or could not be.
    fn on_refresh(&self, renewed: bool) {
        let _ = renewed;
    }
}
