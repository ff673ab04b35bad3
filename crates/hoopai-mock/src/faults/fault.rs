//! The faults that tests can inject.

use std::time::Duration;

use super::drift::Drift;
use super::error_reply::{Denial, Failure, RetryAfter};

/// A fault of a request.
///
/// At most one fault that decides how a request ends is applied to it: the one of the first rule
/// that matches. Such faults are all but [`Delay`](Self::Delay), [`Drip`](Self::Drip),
/// [`Drift`](Self::Drift), [`DriftAt`](Self::DriftAt) and [`Success`](Self::Success). So a list of
/// rules works as a script.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// An error reply; the request is not processed.
    Status(Failure),
    /// An error reply after the request is processed, such as a create that returns 422 although it
    /// created the item.
    StatusAfter(Failure),
    /// A 401, or the 403 of another location; the request is not processed.
    Denied(Denial),
    /// The connection is closed before the request is processed.
    CloseBefore,
    /// The connection is reset before the request is processed.
    ResetBefore,
    /// The request is processed, and the connection closed without a reply.
    CloseAfter,
    /// The request is processed, and the connection reset without a reply.
    ResetAfter,
    /// The request is processed, and the connection closed in the middle of the reply's body.
    Cut,
    /// The reply is delayed by this real time, at most a minute, after the request is processed.
    Delay(Duration),
    /// The body of the reply is sent in chunks with delays, for at most five minutes of real time.
    Drip {
        /// The size of a chunk.
        bytes: usize,
        /// The delay before each chunk.
        pause: Duration,
    },
    /// A successful reply deviates from its schema.
    Drift(Drift),
    /// A successful reply deviates from its schema at a JSON pointer. The reply is unchanged if the
    /// pointer matches nothing.
    DriftAt(Drift, String),
    /// A successful reply has this status, such as 201 for a documented 200.
    Success(u16),
}

impl Fault {
    /// A JSON error reply; the request is not processed.
    pub fn status(status: u16) -> Self {
        Self::Status(Failure::new(status))
    }

    /// A 429 with `Retry-After`; the request is not processed.
    pub fn too_many_requests(retry_after: RetryAfter) -> Self {
        Self::Status(Failure::new(429).retry_after(retry_after))
    }

    /// The 401 of an expired token; the request is not processed.
    pub fn expired() -> Self {
        Self::Denied(Denial::Expired)
    }

    /// Whether the fault decides how a request ends.
    pub(super) fn is_final(&self) -> bool {
        !matches!(
            self,
            Self::Delay(_)
                | Self::Drip { .. }
                | Self::Drift(_)
                | Self::DriftAt(..)
                | Self::Success(_)
        )
    }

    /// Whether the fault replaces the processing of the request.
    pub(super) fn is_before(&self) -> bool {
        matches!(
            self,
            Self::Status(_) | Self::Denied(_) | Self::CloseBefore | Self::ResetBefore
        )
    }
}

/// The id of a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FaultId(pub(crate) u64);
