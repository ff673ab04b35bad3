//! Client-side rate limiting: calls wait until the platform's limits allow them, so that they are
//! not refused.
//!
//! The platform counts requests in a sliding window: at most so many in any 10 seconds. It counts a
//! request at some moment between its sending and its reply. A slot is therefore taken from the
//! admission of a request until one interval after its reply. A token bucket cannot guarantee the
//! limit: it admits nearly twice as many in one window.
//!
//! Calls wait in one queue, first come, first served. A call that would wait too long fails at
//! once.
//!
//! Limits that replies declare replace those of the settings. The use by other processes is the
//! difference between the server's count and our own. After a refusal (429) no request is sent for
//! the time that the reply asks for, at most 60 seconds. Without such a time, the pause is a
//! sixteenth of the interval, and doubles with each further refusal up to the interval. Then one
//! request is sent, and each reply that is not a refusal doubles the number of requests in flight.
//! After five such replies only the window limits them.
//!
//! Replies can contain wrong values, so no single value of a header blocks an account.

// The files of this module:
//
// settings.rs   the settings
// window.rs     the sliding window: requests that the server may still count, own and external
// pause.rs      the pause after a refusal, and the recovery
// aimd.rs       a lower limit derived from refusals
// order.rs      whether the server counts in order of sending, so that slots can be freed early
// latency.rs    reply times
// day.rs        the daily budget, and probes of a day that is used up
// headers.rs    the headers of replies
// queue.rs      the waiting calls, in order of arrival, with their deadlines
// ticket.rs     the decision on a call, and the record of an admitted request
// state.rs      all of these behind one lock
// limiter.rs    the lock, the waiting calls, and the one timer
// registry.rs   one limiter for each account
// sharing.rs    the share of this process in a limit that several share
// shared/       the backends of shares

mod aimd;
#[cfg(feature = "conformance")]
pub mod conformance;
mod day;
mod headers;
mod latency;
mod limiter;
mod order;
mod pause;
mod queue;
mod registry;
mod settings;
mod shared;
mod sharing;
mod state;
#[cfg(test)]
mod tests;
mod ticket;
mod window;

use std::time::Duration;

pub(crate) use limiter::{Backend, Entry, Limiter, Permit};
pub(crate) use registry::Limiters;
pub use settings::RateLimitSettings;
pub use shared::{
    DailyReply, DailyReport, Excess, FORGOTTEN_AFTER, LimitKey, LimiterBackend, LimiterError,
    ShareReply, ShareReport,
};
#[cfg(feature = "limiter-backends")]
pub use shared::{Ledger, MemoryLimiter};

/// A call that is not admitted in time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct RateLimited {
    /// The wait that would be necessary.
    pub(crate) wait: Duration,
    /// The reason for the wait.
    pub(crate) reason: RateLimitReason,
}

/// Why a call has to wait.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum RateLimitReason {
    /// The window is full with sent and waiting calls.
    Window,
    /// The server refused calls, and no request is sent for a while.
    Paused,
    /// The daily budget is used up.
    Daily,
}

/// The state of a rate limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RateLimitSnapshot {
    /// The number of requests allowed in any interval, as last reported, or the share of this
    /// process. `usize::MAX` if unlimited.
    pub max: usize,
    /// The share of this process in a limit that a [`LimiterBackend`] divides. `None` without one.
    pub share: Option<usize>,
    /// Whether the limiter backend cannot be reached.
    pub is_cut_off: bool,
    /// The interval, as last reported.
    pub interval: Duration,
    /// The number of taken slots: by requests in flight, by requests that the server may still
    /// count, and by other processes.
    pub in_window: usize,
    /// The number of waiting calls.
    pub queued: usize,
    /// The remaining daily budget. `None` if no daily budget is counted.
    pub daily_left: Option<u64>,
    /// The daily budget, as last reported, or the share of this process. `None` if none is counted.
    pub daily_max: Option<u64>,
    /// The time until the daily budget resets. `None` if none is counted.
    pub daily_resets_in: Option<Duration>,
    /// The remaining pause after a refusal. Zero if there is none.
    pub paused: Duration,
}
