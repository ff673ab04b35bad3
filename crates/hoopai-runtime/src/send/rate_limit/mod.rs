//! The platform's rate limits, kept on this side, so that calls wait for their turn in place of being refused.
//!
//! The platform counts requests in a window that slides: no more than so many in any 10 seconds, wherever they begin. It
//! counts a request at some moment between its going out and its reply, so a slot is taken from when a call is let
//! through until an interval after its reply came. A bucket that is refilled by the second would let nearly twice as many
//! through.
//!
//! Calls that must wait do so in one queue, first come, first served. A call that would wait longer than it may is told
//! so at once.
//!
//! Replies say what the limits are and what is left of them, and what they say takes the place of the settings. What
//! other processes use of the same limits is known from the difference between the server's count and our own. After a
//! refusal (429) nothing goes out for as long as the reply asks, 60 seconds at most; or for a sixteenth of the interval,
//! twice that after the next refusal in a row, and so on up to the interval. Then calls come back at a rising pace: one,
//! and with each reply that is no refusal twice as many at a time, until after five of them all is as before.
//!
//! What replies say can be wrong. `day.rs`, `aimd.rs` and `order.rs` say what is done about that.
//!
//! ```text
//! settings.rs   how much is let through
//! window.rs     which requests the server may still be counting, ours and others'
//! pause.rs      refusals, and the pace after them
//! aimd.rs       a lower limit that refusals show
//! order.rs      whether the server counts in the order of sending, so that slots can be freed early
//! latency.rs    how long replies take
//! day.rs        the daily budget, and probes of a day that is spent
//! headers.rs    what replies say
//! queue.rs      who waits, in which order and until when
//! state.rs      all of them behind one lock
//! limiter.rs    the lock, those who wait, and the one timer
//! registry.rs   a limiter for each resource
//! ```

mod aimd;
mod day;
mod headers;
mod latency;
mod limiter;
mod order;
mod pause;
mod queue;
mod registry;
mod settings;
mod state;
#[cfg(test)]
mod tests;
mod ticket;
mod window;

use std::time::Duration;

pub(crate) use limiter::{Limiter, Permit};
pub(crate) use registry::Limiters;
pub use settings::RateLimitSettings;

/// A call that is not let through in time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct RateLimited {
    /// How long a call would have to wait.
    pub(crate) wait: Duration,
    /// For what.
    pub(crate) reason: RateLimitReason,
}

/// What a call would have to wait for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum RateLimitReason {
    /// The window is full, by calls that went out or wait already.
    Window,
    /// The server refused calls, and is left alone for a while.
    Paused,
    /// The budget of the day is spent.
    Daily,
}

/// How things stand with a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RateLimitSnapshot {
    /// How many requests may go out in any interval, as last heard. `usize::MAX` where nothing is limited.
    pub max: usize,
    /// The interval, as last heard.
    pub interval: Duration,
    /// How many of them are taken: by requests that are on their way, that the server may still be counting, and by what other
    /// processes are known to use.
    pub in_window: usize,
    /// How many calls wait for their turn.
    pub queued: usize,
    /// How many requests are left of the day's budget. `None` where none is counted.
    pub daily_left: Option<u64>,
    /// For how long nothing goes out, after a refusal. Zero if there is no pause.
    pub paused: Duration,
}
