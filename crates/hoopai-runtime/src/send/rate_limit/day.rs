//! The daily budget: a number of requests in the 24 hours that begin with the first one.
//!
//! Replies can contain wrong values, so no single value blocks an account:
//!
//! - A value that drops by more than all clients can have sent is applied after a second reply
//!   confirms it.
//! - A zero in a reply that is not a refusal is also applied after confirmation. A later request
//!   that succeeds disproves it.
//! - A reset time that contradicts the one reported before is applied after a second reply confirms
//!   it.
//! - A day that is used up according to replies is probed: one call is sent at an interval from the
//!   settings, and its reply decides.

use std::time::{Duration, Instant};

use super::headers::RateLimitHeaders;
use super::shared::{DailyReply, DailyReport};
use super::window::later;

const DAY_LENGTH: Duration = Duration::from_secs(86_400);

/// The tolerance of reset times: two replies of one day never differ by more than the slowest reply
/// takes.
const SLOW_REPLY: Duration = Duration::from_secs(300);

pub(super) struct Day {
    budget: u64,
    left: u64,
    /// The number of our own requests of this day.
    sent: u64,
    /// `None` until the first request.
    resets_at: Option<Instant>,
    /// The number of this day. Replies to requests of an earlier day are ignored.
    serial: u64,
    /// The budget is a share, which replies do not raise.
    fixed: bool,
    /// How often a day that is used up according to replies is probed.
    probe_interval: Duration,
    /// When the next probe may be sent. `None` while the day is not blocked.
    next_probe: Option<Instant>,
    probe_in_flight: bool,
    /// When a reply last reported the remaining budget.
    last_report: Option<Instant>,
    /// A value that needs confirmation.
    unconfirmed: Option<UnconfirmedValue>,
    /// A reset time that needs confirmation.
    unconfirmed_reset: Option<Instant>,
    /// A reply has reported the reset time.
    reset_is_reported: bool,
    /// Calls succeed although replies report zero remaining requests.
    zero_is_wrong: bool,
}

#[derive(Clone, Copy)]
struct UnconfirmedValue {
    left: u64,
    /// How many requests had been admitted when it was reported.
    admitted: u64,
}

/// The part of a ticket that concerns the day.
#[derive(Clone, Copy, Default)]
pub(super) struct DayTicket {
    serial: u64,
    is_probe: bool,
}

/// The status of a reply, and request counts at its time.
pub(super) struct ReplyInfo {
    pub(super) status: u16,
    /// The number of its request among all admitted requests.
    pub(super) request: u64,
    /// How many requests are admitted by now.
    pub(super) admitted: u64,
    /// Our own requests that the server may not have counted when it replied.
    pub(super) uncounted: u64,
    /// How many requests all clients together can send in one interval.
    pub(super) max: u64,
    pub(super) interval: Duration,
}

impl Day {
    pub(super) fn new(budget: u64, probe_interval: Duration, fixed: bool) -> Self {
        Day {
            budget,
            left: budget,
            sent: 0,
            resets_at: None,
            serial: 0,
            fixed,
            probe_interval,
            next_probe: None,
            probe_in_flight: false,
            last_report: None,
            unconfirmed: None,
            unconfirmed_reset: None,
            reset_is_reported: false,
            zero_is_wrong: false,
        }
    }

    pub(super) fn left(&self) -> u64 {
        self.left
    }

    pub(super) fn budget(&self) -> u64 {
        self.budget
    }

    /// The report for a limiter backend. `since`: the last report.
    pub(super) fn report(&self, since: Option<Instant>, now: Instant) -> DailyReport {
        let mut report = DailyReport::new(self.budget, self.resets_in(now));
        let is_new = match (self.last_report, since) {
            (Some(at), Some(since)) => at >= since,
            (at, None) => at.is_some(),
            (None, _) => false,
        };
        report.left = is_new.then_some(self.left);
        report
    }

    /// Adopts the state that a limiter backend has for all processes.
    pub(super) fn adopt(&mut self, reply: &DailyReply, now: Instant) {
        self.left = reply.left;
        self.resets_at = Some(later(now, reply.resets_in));
        self.update_probe(now);
    }

    /// The time until the budget resets.
    pub(super) fn resets_in(&self, now: Instant) -> Duration {
        match self.resets_at {
            Some(reset) => reset.saturating_duration_since(now),
            None => DAY_LENGTH,
        }
    }

    /// Checks whether a request may be sent after `ahead` waiting ones. The error is the necessary
    /// wait.
    pub(super) fn room(&self, ahead: u64, now: Instant) -> Result<(), Duration> {
        if self.left > ahead {
            return Ok(());
        }
        let until_reset = self.resets_in(now);
        let Some(next) = self.next_probe else {
            return Err(until_reset);
        };
        let until_probe = next.saturating_duration_since(now);
        if until_probe.is_zero() {
            if ahead == 0 && !self.probe_in_flight {
                return Ok(());
            }
            return Err(until_reset.min(self.probe_interval));
        }
        Err(until_reset.min(until_probe))
    }

    /// Whether so much is used that discarding the state would matter.
    pub(super) fn is_mostly_used(&self) -> bool {
        self.left.saturating_mul(2) < self.budget
    }

    /// Starts a new day if this one has ended.
    pub(super) fn reset_if_expired(&mut self, now: Instant) {
        if let Some(resets_at) = self.resets_at
            && resets_at <= now
        {
            self.start_next(None);
        }
    }

    fn start_next(&mut self, resets_at: Option<Instant>) {
        *self = Day {
            resets_at,
            reset_is_reported: resets_at.is_some(),
            serial: self.serial + 1,
            ..Day::new(self.budget, self.probe_interval, self.fixed)
        };
    }

    pub(super) fn take(&mut self, now: Instant) -> DayTicket {
        if self.resets_at.is_none() {
            self.resets_at = Some(later(now, DAY_LENGTH));
        }
        let is_probe = self.left == 0;
        if is_probe {
            self.probe_in_flight = true;
            self.next_probe = Some(later(now, self.probe_interval));
        } else {
            self.left -= 1;
            self.update_probe(now);
        }
        self.sent += 1;
        DayTicket {
            serial: self.serial,
            is_probe,
        }
    }

    /// Schedules a probe. A day that is used up by the settings alone is not probed.
    fn update_probe(&mut self, now: Instant) {
        if self.left > 0 {
            self.next_probe = None;
        } else if self.last_report.is_some() && self.next_probe.is_none() {
            self.next_probe = Some(later(now, self.probe_interval));
        }
    }

    /// Handles a request of that day that was not sent.
    pub(super) fn release(&mut self, ticket: DayTicket, now: Instant) {
        if ticket.serial != self.serial {
            return;
        }
        self.sent = self.sent.saturating_sub(1);
        if ticket.is_probe {
            self.probe_in_flight = false;
            self.next_probe = Some(now);
        } else {
            self.left = self.left.saturating_add(1).min(self.budget);
            self.update_probe(now);
        }
    }

    /// Handles a request without a reply. A probe is repeated after its interval.
    pub(super) fn no_reply(&mut self, ticket: DayTicket) {
        if ticket.is_probe && ticket.serial == self.serial {
            self.probe_in_flight = false;
        }
    }

    /// Updates the day from a reply.
    pub(super) fn replied(
        &mut self,
        headers: &RateLimitHeaders,
        ticket: DayTicket,
        reply: &ReplyInfo,
        now: Instant,
    ) {
        let refused = reply.status == 429;
        if let Some(limit) = headers.daily_limit
            && !self.fixed
        {
            let used = self.budget.saturating_sub(self.left);
            // A limit below the number of requests that just succeeded is an error.
            if refused || limit >= used {
                self.budget = limit;
                self.left = limit - used.min(limit);
            }
        }
        if ticket.serial != self.serial {
            return;
        }
        if ticket.is_probe {
            self.probe_in_flight = false;
            if refused || reply.status >= 500 {
                return;
            }
            // The probe succeeded, so the day is not used up.
            self.zero_is_wrong = headers.daily_remaining == Some(0);
            self.left = match headers.daily_remaining {
                None | Some(0) => self.budget.saturating_sub(self.sent).max(1),
                Some(left) => left,
            };
            self.last_report = Some(now);
            self.update_probe(now);
            return;
        }
        self.correct_reset(headers, reply.uncounted, now);
        self.correct_left(headers, reply, now);
        self.update_probe(now);
    }

    fn correct_reset(&mut self, headers: &RateLimitHeaders, uncounted: u64, now: Instant) {
        let Some(reset) = headers.daily_reset else {
            return;
        };
        let ends = later(now, reset);
        let known = self.resets_at.unwrap_or(ends);
        if ends > later(known, SLOW_REPLY) {
            // The server's day ends so much later that it began after ours, so ours has ended. Then
            // the remaining budget does not shrink.
            if headers.daily_remaining.is_none_or(|left| left >= self.left) {
                self.start_next(Some(ends));
                self.left = self.left.saturating_sub(uncounted);
            }
            return;
        }
        if later(ends, SLOW_REPLY) < known && self.reset_is_reported {
            let confirmed = self.unconfirmed_reset.is_some_and(|unconfirmed| {
                later(unconfirmed, SLOW_REPLY) >= ends && later(ends, SLOW_REPLY) >= unconfirmed
            });
            if !confirmed {
                self.unconfirmed_reset = Some(ends);
                return;
            }
        }
        self.unconfirmed_reset = None;
        self.reset_is_reported = true;
        // Each reply reports the reset too late by the time that it took.
        self.resets_at = Some(known.min(ends));
    }

    fn correct_left(&mut self, headers: &RateLimitHeaders, reply: &ReplyInfo, now: Instant) {
        let refused = reply.status == 429;
        let Some(reported) = headers.daily_remaining else {
            // A refusal without limits confirms a zero.
            if refused && self.unconfirmed.take().is_some_and(|value| value.left == 0) {
                self.left = 0;
                self.last_report = Some(now);
            }
            return;
        };
        if reported > 0 || refused {
            self.zero_is_wrong = false;
        } else if self.zero_is_wrong {
            return;
        }
        // For a share, the remaining total matters only if it is below what is left of the share.
        let at_least = reported.saturating_sub(reply.uncounted);
        let unconfirmed = self.unconfirmed.take();
        if reported < self.left {
            let confirmed = match unconfirmed {
                // The request succeeded after the zero had been reported.
                Some(value)
                    if reported == 0 && value.left == 0 && value.admitted < reply.request =>
                {
                    self.zero_is_wrong = !refused;
                    refused
                }
                Some(value) => reported <= value.left.saturating_add(reply.max),
                None => false,
            };
            if refused || confirmed || self.left - reported <= self.plausible(reported, reply, now)
            {
                self.left = reported;
            } else if !self.zero_is_wrong {
                self.unconfirmed = Some(UnconfirmedValue {
                    left: reported,
                    admitted: reply.admitted,
                });
                return;
            } else {
                return;
            }
        } else if at_least > self.left.saturating_add(reply.max) && !self.fixed {
            // A new day has begun, or many calls never arrived.
            self.left = at_least.min(self.budget);
        }
        self.last_report = Some(now);
    }

    /// How far a reported value may be below our own count: the number of requests that all clients
    /// together can have sent since the last report. Before the first report it is not known, and
    /// any value but zero is plausible.
    fn plausible(&self, reported: u64, reply: &ReplyInfo, now: Instant) -> u64 {
        let rounds = match self.last_report {
            None if reported > 0 => return u64::MAX,
            None => 2,
            Some(at) => {
                let since = now.saturating_duration_since(at).as_nanos();
                let rounds = since / reply.interval.as_nanos().max(1);
                u64::try_from(rounds).unwrap_or(u64::MAX).saturating_add(2)
            }
        };
        rounds.saturating_mul(reply.max)
    }
}
