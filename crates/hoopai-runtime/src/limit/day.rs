//! The daily budget: so many requests in the 24 hours that begin with the first.

use std::time::{Duration, Instant};

use super::headers::Told;
use super::window::later;

const LENGTH: Duration = Duration::from_secs(86_400);

/// Two replies of one day never name its end further apart than the slowest reply takes.
const SLOW_REPLY: Duration = Duration::from_secs(300);

pub(super) struct Day {
    budget: u64,
    left: u64,
    /// `None` until the first request.
    renews: Option<Instant>,
    /// Counts the days. What a reply says of a day that is over is no news.
    serial: u64,
}

impl Day {
    pub(super) fn new(budget: u64) -> Self {
        Day {
            budget,
            left: budget,
            renews: None,
            serial: 0,
        }
    }

    pub(super) fn serial(&self) -> u64 {
        self.serial
    }

    pub(super) fn left(&self) -> u64 {
        self.left
    }

    /// How long until the budget is whole again.
    pub(super) fn renews_in(&self, now: Instant) -> Duration {
        match self.renews {
            Some(renews) => renews.saturating_duration_since(now),
            None => LENGTH,
        }
    }

    /// So much is used that forgetting it would matter.
    pub(super) fn is_telling(&self) -> bool {
        self.left.saturating_mul(2) < self.budget
    }

    /// Ends a day that is over.
    pub(super) fn roll(&mut self, now: Instant) {
        if let Some(renews) = self.renews
            && renews <= now
        {
            self.renews = None;
            self.begin();
        }
    }

    fn begin(&mut self) {
        self.left = self.budget;
        self.serial += 1;
    }

    pub(super) fn take(&mut self, now: Instant) {
        if self.renews.is_none() {
            self.renews = Some(later(now, LENGTH));
        }
        self.left = self.left.saturating_sub(1);
    }

    /// A request that was let through on that day did not go out.
    pub(super) fn give_back(&mut self, serial: u64) {
        if serial == self.serial {
            self.left = self.left.saturating_add(1).min(self.budget);
        }
    }

    /// Takes in what a reply says.
    ///
    /// `serial`: the day on which its request was let through. `uncounted`: our own requests that the server may not have
    /// counted when it replied. `slack`: differences up to this are left alone.
    pub(super) fn correct(
        &mut self,
        told: &Told,
        serial: u64,
        uncounted: u64,
        slack: u64,
        fixed: bool,
        now: Instant,
    ) {
        if let Some(limit) = told.daily_limit
            && !fixed
        {
            let used = self.budget.saturating_sub(self.left);
            self.budget = limit;
            self.left = limit.saturating_sub(used);
        }
        if serial != self.serial {
            return;
        }
        if let Some(reset) = told.daily_reset {
            let ends = later(now, reset);
            let known = self.renews.unwrap_or(ends);
            if ends > later(known, SLOW_REPLY) {
                // Theirs ends so much later that it began after ours: the one we count is over.
                self.begin();
                self.left = self.left.saturating_sub(uncounted);
                self.renews = Some(ends);
            } else {
                // Each reply names the end too late by the time that it took.
                self.renews = Some(known.min(ends));
            }
        }
        let Some(theirs) = told.daily_remaining else {
            return;
        };
        // In a share of the budget, what others leave of the whole matters only when it is less than what is left of the
        // share.
        let surely = theirs.saturating_sub(uncounted);
        if theirs < self.left {
            self.left = theirs;
        } else if surely > self.left.saturating_add(slack) && !fixed {
            // A new day that began without our knowing, or many calls that never arrived.
            self.left = surely.min(self.budget);
        }
    }
}
