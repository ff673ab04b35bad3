//! Whether the server counts requests in the order in which they are sent, at a steady delay.
//!
//! The server counts a request at some moment between its sending and its reply. If nothing more is known, a slot must be
//! held from sending until an interval after the reply, so a window of `max` requests takes `interval + reply time`.
//!
//! The moment itself cannot be derived from replies: a server that counts all requests when they arrive and one that counts
//! all of them when it replies give the same `remaining` in every reply. But both are safe with slots that are freed an
//! interval after sending, since the server's window is then ours at a constant delay. Only a delay that varies from
//! request to request by more than a margin is not, and replies show that it varies: `max - remaining` is then not the
//! number of our requests that were sent in the interval up to this one.
//!
//! So the number is compared in each reply. A reply is evidence if other requests were sent while this one was on its way,
//! since a delay that varies would probably have changed the number. After enough pieces of evidence in a row, slots are
//! freed an interval and a margin after sending. A number that does not fit, a refusal, a request without a reply and the
//! requests of other processes end that at once, and more evidence is needed the next time.
//!
//! Limits: no rule based on replies can do without this assumption. Where all replies take the time `d`, counting all at
//! sending and all at the reply cannot be told apart, and after a change from the latter to the former, any rule that
//! sends more than `max` in `interval + d` is refused. Nor can more than `interval / (interval + mean delay)` be used where
//! the delay varies at random, even if it were known afterwards. A server that counts at a steady delay for long and then
//! suddenly at another one cannot be told in advance. It refuses some requests at the change.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::window::later;

/// How many pieces of evidence in a row are needed at first.
const EVIDENCE: u32 = 48;

/// More is never needed.
const MOST_EVIDENCE: u32 = EVIDENCE << 8;

/// Requests are no longer spread out to gain evidence once this much is needed.
const MOST_SPREAD: u32 = EVIDENCE << 2;

/// Replies that take less than this part of the interval on average cost so little that nothing is compared.
const SLOW: u32 = 32;

/// The margin: this part of the interval. Delays may vary by as much.
const MARGIN: u32 = 64;

/// The precision with which numbers are compared.
const PRECISION: u32 = 1024;

/// Up to this number of entries, moments are kept as they are.
const EXACT: usize = 4096;

pub(super) struct Order {
    /// Since when sendings are recorded. `None`: nothing is compared.
    since: Option<Instant>,
    /// Moments, and how many requests were sent until then.
    sendings: VecDeque<(Instant, u64)>,
    evidence: u32,
    needed: u32,
}

/// A reply, as far as it shows the order of counting.
pub(super) struct Observation {
    pub(super) sent: Instant,
    /// The number that the server counted in its window.
    pub(super) used: u64,
    /// How many other requests were on their way at the same time, at least in part.
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

    /// Slots can be freed early.
    pub(super) fn is_steady(&self) -> bool {
        self.since.is_some() && self.evidence >= self.needed
    }

    /// Requests should be spread out, since those that are sent at the same moment are no evidence.
    pub(super) fn needs_evidence(&self) -> bool {
        self.since.is_some() && self.evidence < self.needed && self.needed <= MOST_SPREAD
    }

    /// How long after its sending a request counts as sent only now, where the order is steady.
    pub(super) fn margin(interval: Duration) -> Duration {
        interval / MARGIN
    }

    /// Records that a request is sent, the `number`th.
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

    /// How many were sent until this moment, of all that ever were.
    fn until(&self, moment: Instant) -> u64 {
        match self.sendings.partition_point(|(at, _)| *at <= moment) {
            0 => match self.sendings.front() {
                Some((_, first)) => first - 1,
                None => 0,
            },
            index => self.sendings[index - 1].1,
        }
    }

    /// Compares a reply. `true`: its number is the one that a steady order gives.
    pub(super) fn observe(
        &mut self,
        reply: &Observation,
        reply_time: Duration,
        interval: Duration,
        now: Instant,
    ) -> bool {
        if reply_time < interval / SLOW {
            // Replies that became quick again end the comparison at half of it, so that it does not begin anew each time.
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

    /// A request was refused.
    pub(super) fn refused(&mut self, now: Instant) {
        if self.since.is_some() {
            self.refute();
            self.since = Some(now);
        }
    }

    /// A request is over, and whether the server counted it is not known.
    pub(super) fn disturb(&mut self, now: Instant) {
        if self.since.is_some() {
            self.evidence = 0;
            self.since = Some(now);
        }
    }
}
