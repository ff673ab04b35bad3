//! The daily budget: so many requests in the 24 hours that begin with the first.
//!
//! Replies can be wrong about it, so no single value blocks an account:
//!
//! - A value that drops by more than anybody can have sent meanwhile is held back until another reply confirms it.
//! - A zero in a reply that is no refusal is held back likewise. A request that is sent later and goes well refutes it.
//! - An end of the day that contradicts the one that was reported before is held back until another reply repeats it.
//! - A day that is spent according to replies is probed: one call at an interval from the settings is sent all the same,
//!   and its reply decides.

use std::time::{Duration, Instant};

use super::headers::RateLimitHeaders;
use super::window::later;

const DAY_LENGTH: Duration = Duration::from_secs(86_400);

/// Two replies of one day never name its end further apart than the slowest reply takes.
const SLOW_REPLY: Duration = Duration::from_secs(300);

pub(super) struct Day {
    budget: u64,
    left: u64,
    /// Our own requests of this day.
    sent: u64,
    /// `None` until the first request.
    resets_at: Option<Instant>,
    /// Counts the days. What a reply says of a day that is over is no news.
    serial: u64,
    /// A share of the budget, which replies do not widen.
    fixed: bool,
    /// How often a day that is spent according to replies is probed.
    probe_interval: Duration,
    /// When the next probe may be sent. `None` while the day is not blocked.
    next_probe: Option<Instant>,
    probe_in_flight: bool,
    /// When a reply last reported what is left.
    last_report: Option<Instant>,
    /// A value that waits for confirmation.
    unconfirmed: Option<UnconfirmedValue>,
    /// An end of the day that waits for confirmation.
    unconfirmed_reset: Option<Instant>,
    /// The end of the day is one that a reply reported.
    reset_is_reported: bool,
    /// Calls go well although replies say that nothing is left.
    zero_is_wrong: bool,
}

#[derive(Clone, Copy)]
struct UnconfirmedValue {
    left: u64,
    /// How many requests had been let through when it was reported.
    admitted: u64,
}

/// What is remembered of a request.
#[derive(Clone, Copy, Default)]
pub(super) struct DayTicket {
    serial: u64,
    is_probe: bool,
}

/// The circumstances of a reply.
pub(super) struct ReplyInfo {
    pub(super) status: u16,
    /// The serial number of its request among all that were let through.
    pub(super) request: u64,
    /// How many were let through by now.
    pub(super) admitted: u64,
    /// Our own requests that the server may not have counted when it replied.
    pub(super) uncounted: u64,
    /// What can be sent in one interval by everybody together.
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

    /// How long until the budget is whole again.
    fn resets_in(&self, now: Instant) -> Duration {
        match self.resets_at {
            Some(reset) => reset.saturating_duration_since(now),
            None => DAY_LENGTH,
        }
    }

    /// Whether one more request may be sent after so many that wait already. An error is how long it would have to wait.
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

    /// So much is used that forgetting it would matter.
    pub(super) fn is_mostly_used(&self) -> bool {
        self.left.saturating_mul(2) < self.budget
    }

    /// Ends a day that is over.
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

    /// A day that is spent by the settings alone is not probed: they are a promise.
    fn update_probe(&mut self, now: Instant) {
        if self.left > 0 {
            self.next_probe = None;
        } else if self.last_report.is_some() && self.next_probe.is_none() {
            self.next_probe = Some(later(now, self.probe_interval));
        }
    }

    /// A request that was let through on that day did not go out.
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

    /// No reply came. A probe is repeated after its interval.
    pub(super) fn no_reply(&mut self, ticket: DayTicket) {
        if ticket.is_probe && ticket.serial == self.serial {
            self.probe_in_flight = false;
        }
    }

    /// Takes in a reply.
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
            // A limit below what was just allowed is an error.
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
            // It went well, so the day is not spent.
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
            // Theirs ends so much later that it began after ours: the one we count is over. Then more is left than was.
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
        // Each reply names the end too late by the time that it took.
        self.resets_at = Some(known.min(ends));
    }

    fn correct_left(&mut self, headers: &RateLimitHeaders, reply: &ReplyInfo, now: Instant) {
        let refused = reply.status == 429;
        let Some(reported) = headers.daily_remaining else {
            // A refusal without limits confirms a zero.
            if refused && self.unconfirmed.take().is_some_and(|value| value.left == 0) {
                self.left = 0;
            }
            return;
        };
        if reported > 0 || refused {
            self.zero_is_wrong = false;
        } else if self.zero_is_wrong {
            return;
        }
        // In a share of the budget, what others leave of the whole matters only when it is less than what is left of the
        // share.
        let at_least = reported.saturating_sub(reply.uncounted);
        let unconfirmed = self.unconfirmed.take();
        if reported < self.left {
            let confirmed = match unconfirmed {
                // The request went well after the zero had been reported.
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
            // A new day that began without our knowing, or many calls that never arrived.
            self.left = at_least.min(self.budget);
        }
        self.last_report = Some(now);
    }

    /// By how much less can be left than we count: what everybody together can have sent since the last report. Before
    /// the first report that is not known, and any value but zero is believed.
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
