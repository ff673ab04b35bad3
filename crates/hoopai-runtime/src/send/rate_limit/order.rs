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

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::{EVIDENCE, EXACT, MOST_EVIDENCE, Observation, Order};

    /// The precision is 10 ms, replies are slow from 320 ms on.
    const INTERVAL: Duration = Duration::from_millis(10_240);
    const SLOW: Duration = Duration::from_millis(320);

    /// An order with requests at known moments, in milliseconds.
    struct Recorded {
        order: Order,
        start: Instant,
        sendings: Vec<u64>,
    }

    impl Recorded {
        fn started() -> Self {
            let start = Instant::now() + INTERVAL * 4;
            let mut recorded = Recorded {
                order: Order::new(),
                start,
                sendings: Vec::new(),
            };
            assert!(!recorded.reply(0, 0, 9, SLOW, 0));
            assert!(recorded.order.needs_evidence());
            recorded
        }

        /// Started, with a request at each of these steps for two intervals.
        fn every(step: u64) -> Self {
            let mut recorded = Self::started();
            for at in (0..=20_480).step_by(step as usize) {
                recorded.send(at);
            }
            recorded
        }

        fn at(&self, millis: u64) -> Instant {
            self.start + Duration::from_millis(millis)
        }

        fn send(&mut self, at: u64) {
            self.sendings.push(at);
            let now = self.at(at);
            self.order.sent(self.sendings.len() as u64, INTERVAL, now);
        }

        fn reply(
            &mut self,
            sent: u64,
            used: u64,
            concurrent: u64,
            time: Duration,
            now: u64,
        ) -> bool {
            let observation = Observation {
                sent: self.at(sent),
                used,
                concurrent,
            };
            let now = self.at(now);
            self.order.observe(&observation, time, INTERVAL, now)
        }

        /// The reply to a request at this moment, which the server counted as number `used`.
        fn observe(&mut self, sent: u64, used: u64, concurrent: u64) -> bool {
            self.reply(sent, used, concurrent, SLOW, sent + 320)
        }

        /// The least and the most that a server counts that counts at sending.
        fn bounds(&self, sent: u64) -> (u64, u64) {
            let count = |after: u64, until: u64| {
                let within = |at: &&u64| **at > after && **at <= until;
                self.sendings.iter().filter(within).count() as u64
            };
            let opened = sent - 10_240;
            (
                count(opened + 10, sent - 10) + 1,
                count(opened - 10, sent + 10),
            )
        }
    }

    #[test]
    fn fast_replies_start_no_comparison() {
        let mut order = Order::new();
        let now = Instant::now() + INTERVAL;
        let observation = Observation {
            sent: now,
            used: 1,
            concurrent: 9,
        };
        let fast = SLOW - Duration::from_millis(1);
        assert!(!order.observe(&observation, fast, INTERVAL, now));
        order.sent(7, INTERVAL, now);
        assert_eq!(order.until(now), 0);
        order.refused(now);
        order.disturb(now);
        assert!(!order.needs_evidence() && !order.is_steady());
    }

    #[test]
    fn comparison_ends_at_half_of_its_threshold() {
        for (millis, continues) in [(319, true), (160, true), (159, false)] {
            let mut recorded = Recorded::every(100);
            let time = Duration::from_millis(millis);
            recorded.reply(20_000, 103, 9, time, 20_000 + millis);
            assert_eq!(recorded.order.needs_evidence(), continues, "{millis}");
        }
    }

    #[test]
    fn steady_order_needs_a_row_of_evidence() {
        let mut recorded = Recorded::every(100);
        for count in 1..=EVIDENCE {
            assert!(!recorded.order.is_steady(), "{count}");
            assert!(recorded.order.needs_evidence(), "{count}");
            assert!(recorded.observe(20_000, 103, 1));
        }
        assert!(recorded.order.is_steady() && !recorded.order.needs_evidence());
    }

    #[test]
    fn counts_outside_of_the_bounds_refute() {
        for step in [100, 5, 7] {
            let sent = 20_000 / step * step;
            let (least, most) = Recorded::every(step).bounds(sent);
            for (used, is_within) in [
                (least - 1, false),
                (least, true),
                (most, true),
                (most + 1, false),
            ] {
                let mut recorded = Recorded::every(step);
                assert_eq!(recorded.observe(sent, used, 0), is_within, "{step} {used}");
                let needed = if is_within { EVIDENCE } else { 2 * EVIDENCE };
                assert_eq!(recorded.order.needed, needed, "{step} {used}");
            }
        }
    }

    #[test]
    fn imprecise_counts_are_evidence_only_among_many_concurrent_requests() {
        for step in [100, 5] {
            let sent = 20_000;
            let (least, most) = Recorded::every(step).bounds(sent);
            for (concurrent, evidence) in [(4 * (most - least), 0), (4 * (most - least) + 1, 1)] {
                let mut recorded = Recorded::every(step);
                assert!(recorded.observe(sent, least, concurrent));
                assert_eq!(recorded.order.evidence, evidence, "{step} {concurrent}");
            }
        }
    }

    #[test]
    fn only_replies_with_a_recorded_window_count() {
        // The window and the precision before it must lie after the start.
        for (sent, counts) in [(10_249, false), (10_250, true)] {
            let mut recorded = Recorded::every(50);
            assert_eq!(recorded.observe(sent, 205, 9), counts, "{sent}");
            assert_eq!(recorded.order.needed, EVIDENCE);
        }
        // A window that has passed says nothing.
        for (now, counts) in [(30_240, true), (30_241, false)] {
            let mut recorded = Recorded::every(100);
            assert_eq!(recorded.reply(20_000, 103, 9, SLOW, now), counts, "{now}");
            assert_eq!(recorded.order.needed, EVIDENCE);
        }
    }

    #[test]
    fn refusals_double_the_needed_evidence_up_to_a_maximum() {
        let mut recorded = Recorded::every(100);
        let now = recorded.at(20_000);
        let mut needed = Vec::new();
        for _ in 0..10 {
            recorded.order.refused(now);
            needed.push((recorded.order.needed, recorded.order.needs_evidence()));
        }
        assert_eq!(needed[..3], [(96, true), (192, true), (384, false)]);
        assert_eq!(needed[9].0, MOST_EVIDENCE);
        assert_eq!(MOST_EVIDENCE, 12_288);
    }

    #[test]
    fn refusals_and_disturbances_start_anew() {
        for refused in [true, false] {
            let mut recorded = Recorded::every(100);
            recorded.observe(20_000, 103, 9);
            let now = recorded.at(20_000);
            if refused {
                recorded.order.refused(now);
            } else {
                recorded.order.disturb(now);
            }
            assert_eq!(recorded.order.evidence, 0);
            assert!(!recorded.observe(20_000, 103, 9), "its window began before");
            let needed = if refused { 2 * EVIDENCE } else { EVIDENCE };
            assert_eq!(recorded.order.needed, needed);
        }
    }

    #[test]
    fn requests_of_three_intervals_are_recorded() {
        let mut recorded = Recorded::started();
        recorded.send(0);
        recorded.send(1);
        recorded.send(3 * 10_240);
        assert_eq!(recorded.order.sendings.len(), 3);
        recorded.send(3 * 10_240 + 1);
        assert_eq!(recorded.order.sendings.len(), 3);
        assert_eq!(recorded.order.until(recorded.at(0)), 1);
        assert_eq!(recorded.order.until(recorded.at(1)), 2);
        assert_eq!(recorded.order.until(recorded.at(30_719)), 2);
        assert_eq!(recorded.order.until(recorded.at(40_000)), 4);
    }

    #[test]
    fn moments_are_merged_only_beyond_their_maximum() {
        let mut recorded = Recorded::started();
        for at in 0..EXACT as u64 {
            recorded.send(at);
            recorded.send(at);
        }
        assert_eq!(recorded.order.sendings.len(), EXACT);
        let last = EXACT as u64 - 1;
        recorded.send(last + 9);
        assert_eq!(recorded.order.sendings.len(), EXACT);
        recorded.send(last + 10);
        assert_eq!(recorded.order.sendings.len(), EXACT + 1);
        assert_eq!(
            recorded.order.until(recorded.at(last)),
            2 * EXACT as u64 + 1
        );
    }

    #[test]
    fn margin_is_a_part_of_the_interval() {
        assert_eq!(Order::margin(INTERVAL), Duration::from_millis(160));
    }
}
