//! Detects whether the server counts requests in the order of sending, at a constant delay.
//!
//! The server counts a request at some moment between its sending and its reply. Without further
//! knowledge, a slot must be held until one interval after the reply, so a window of `max` requests
//! takes `interval + reply time`.
//!
//! Replies do not show the moment itself: a server that counts all requests on arrival and one that
//! counts them all when it replies report the same `remaining`. In both cases slots can be freed
//! one interval after sending, since the server's window is then ours at a constant delay. That is
//! unsafe only if the delay varies between requests by more than a margin. Replies show such a
//! variation: `max - remaining` then differs from the number of our requests that were sent in the
//! interval up to this one.
//!
//! Each reply is therefore compared. A reply is evidence if other requests were sent while it was
//! in flight, since a varying delay would probably have changed the number. After enough evidence
//! in a row, slots are freed one interval and a margin after sending. A number that differs, a
//! refusal, a request without a reply, or external requests end this at once, and more evidence is
//! needed the next time.
//!
//! Limits: every rule based on replies needs this assumption. If all replies take the time `d`,
//! counting at sending and counting at the reply look the same. After a change from the latter to
//! the former, any rule that sends more than `max` in `interval + d` is refused. If the delay
//! varies at random, at most `interval / (interval + mean delay)` of the limit can be used. A
//! server that suddenly changes its delay refuses some requests at the change.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::window::later;

/// The number of pieces of evidence in a row that are needed at first.
const EVIDENCE: u32 = 48;

/// The largest number that is ever needed.
const MOST_EVIDENCE: u32 = EVIDENCE << 8;

/// The number of needed pieces above which requests are no longer spread out.
const MOST_SPREAD: u32 = EVIDENCE << 2;

/// The part of the interval below which the mean reply time costs so little that nothing is
/// compared.
const SLOW: u32 = 32;

/// The margin as a part of the interval. Delays may vary by as much.
const MARGIN: u32 = 64;

/// The precision of the comparison as a part of the interval.
const PRECISION: u32 = 1024;

/// The number of entries up to which moments are recorded exactly.
const EXACT: usize = 4096;

pub(super) struct Order {
    /// When recording began. `None`: nothing is compared.
    since: Option<Instant>,
    /// Moments, and the number of requests that were sent until then.
    sendings: VecDeque<(Instant, u64)>,
    evidence: u32,
    needed: u32,
}

/// The parts of a reply that show the order of counting.
pub(super) struct Observation {
    pub(super) sent: Instant,
    /// The number of requests that the server counted in its window.
    pub(super) used: u64,
    /// The number of other requests that were in flight during part of the same time.
    pub(super) concurrent: u64,
}

impl Order {
    pub(super) fn new() -> Self {
        Order {
            since: None,
            sendings: VecDeque::new(),
            evidence: 0,
            needed: EVIDENCE,
        }
    }

    /// Whether slots can be freed early.
    pub(super) fn is_steady(&self) -> bool {
        self.since.is_some() && self.evidence >= self.needed
    }

    /// Whether requests should be spread out, since those sent at the same moment are no evidence.
    pub(super) fn needs_evidence(&self) -> bool {
        self.since.is_some() && self.evidence < self.needed && self.needed <= MOST_SPREAD
    }

    /// The delay that is added to the time of sending, if the order is steady.
    pub(super) fn margin(interval: Duration) -> Duration {
        interval / MARGIN
    }

    /// Records that request `number` is sent.
    pub(super) fn sent(&mut self, number: u64, interval: Duration, now: Instant) {
        if self.since.is_none() {
            return;
        }
        while let Some((first, _)) = self.sendings.front()
            && later(*first, interval * 3) < now
        {
            self.sendings.pop_front();
        }
        let full = self.sendings.len() >= EXACT;
        match self.sendings.back_mut() {
            Some((at, until)) if *at == now || full && now < later(*at, interval / PRECISION) => {
                *until = number;
            }
            _ => self.sendings.push_back((now, number)),
        }
    }

    /// The number of requests that were sent until this moment.
    fn until(&self, moment: Instant) -> u64 {
        match self.sendings.partition_point(|(at, _)| *at <= moment) {
            0 => match self.sendings.front() {
                Some((_, first)) => first - 1,
                None => 0,
            },
            index => self.sendings[index - 1].1,
        }
    }

    /// Compares a reply. Returns whether its number is the one that a steady order gives.
    pub(super) fn observe(
        &mut self,
        reply: &Observation,
        reply_time: Duration,
        interval: Duration,
        now: Instant,
    ) -> bool {
        if reply_time < interval / SLOW {
            // The comparison ends at half of the threshold, so that it does not start anew each
            // time.
            if reply_time < interval / (SLOW * 2) {
                self.since = None;
                self.evidence = 0;
                self.sendings.clear();
            }
            if self.since.is_none() {
                return false;
            }
        }
        let Some(since) = self.since else {
            self.since = Some(now);
            return false;
        };
        let precision = interval / PRECISION;
        let (Some(before), Some(opened)) = (
            reply.sent.checked_sub(precision),
            reply.sent.checked_sub(interval),
        ) else {
            return false;
        };
        let Some(opened_before) = opened.checked_sub(precision) else {
            return false;
        };
        if opened_before < since || later(reply.sent, interval) < now {
            return false;
        }
        let most = self.until(later(reply.sent, precision)) - self.until(opened_before);
        let least = (self.until(before) + 1).saturating_sub(self.until(later(opened, precision)));
        if !(least..=most).contains(&reply.used) {
            self.refute();
            return false;
        }
        if (most - least.min(most)) * 4 < reply.concurrent {
            self.evidence = self.evidence.saturating_add(1);
        }
        true
    }

    fn refute(&mut self) {
        self.evidence = 0;
        self.needed = (self.needed * 2).min(MOST_EVIDENCE);
    }

    /// Handles a refusal.
    pub(super) fn refused(&mut self, now: Instant) {
        if self.since.is_some() {
            self.refute();
            self.since = Some(now);
        }
    }

    /// Handles the end of a request that the server may or may not have counted.
    pub(super) fn disturb(&mut self, now: Instant) {
        if self.since.is_some() {
            self.evidence = 0;
            self.since = Some(now);
        }
    }
}
