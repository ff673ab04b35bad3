//! The decision on a request, and the record of one that was admitted.

use std::time::Instant;

use super::RateLimited;
use super::day::DayTicket;
use super::window::WindowSnapshot;

/// The decision on a call.
#[derive(Clone, Copy)]
pub(super) enum Verdict {
    Admit(Ticket),
    Reject(RateLimited),
}

/// The record of an admitted request.
#[derive(Clone, Copy)]
pub(super) struct Ticket {
    pub(super) window: WindowSnapshot,
    pub(super) epoch: u64,
    pub(super) day: DayTicket,
    pub(super) admitted_at: Instant,
    /// How often the share of this process had ended.
    pub(super) ended_shares: u64,
}
