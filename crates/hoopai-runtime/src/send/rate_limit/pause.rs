//! What follows a refusal: a pause, and then a rising pace.
//!
//! A 429 says that the server counts otherwise than we do. Until the pause is over nothing goes out. Then one request
//! does, as a probe; with each reply that is no refusal twice as many may be on their way, and after five there is no
//! bound but the window. Should replies stay out, another request goes all the same after a sixteenth of the interval.

use std::time::{Duration, Instant};

use super::window::later;

/// After so many replies that are no refusals all is as before.
const RECOVERED: u32 = 5;

/// The pause after a first refusal that gives no hint, and the patience with probes: this part of an interval.
const BASE_PAUSE: u32 = 16;

#[derive(Default)]
pub(super) struct Pause {
    until: Option<Instant>,
    /// Refusals in a row, each of a request that was sent after the one before it had come.
    streak: u32,
    /// Counts those. A request carries the number under which it was sent: what a reply says of a time before the last
    /// refusal is no news, so that fifty refusals of one burst are one.
    epoch: u64,
    ramp: Option<Ramp>,
}

#[derive(Default)]
struct Ramp {
    successes: u32,
    in_flight: usize,
    last: Option<Instant>,
}

impl Ramp {
    fn allowed(&self) -> usize {
        1 << self.successes.min(RECOVERED)
    }
}

impl Pause {
    pub(super) fn epoch(&self) -> u64 {
        self.epoch
    }

    /// Until when nothing goes out, if that is so.
    pub(super) fn until(&self, now: Instant) -> Option<Instant> {
        match self.until {
            Some(until) if until > now => Some(until),
            _ => None,
        }
    }

    /// When a call may go that has so many before it: `None` for now.
    pub(super) fn opens_at(
        &self,
        ahead: usize,
        interval: Duration,
        now: Instant,
    ) -> Option<Instant> {
        if let Some(until) = self.until(now) {
            return Some(until);
        }
        let Some(ramp) = &self.ramp else {
            return None;
        };
        if ramp.in_flight.saturating_add(ahead) < ramp.allowed() {
            return None;
        }
        let probe_timeout = later(ramp.last?, base_pause(interval));
        if probe_timeout <= now && ahead == 0 {
            return None;
        }
        Some(probe_timeout.max(later(now, Duration::from_nanos(1))))
    }

    /// A request goes out.
    pub(super) fn take(&mut self, now: Instant) {
        if let Some(ramp) = &mut self.ramp {
            ramp.in_flight += 1;
            ramp.last = Some(now);
        }
    }

    /// A request that was sent in this epoch is over, one way or the other.
    pub(super) fn ended(&mut self, epoch: u64) {
        if let Some(ramp) = &mut self.ramp
            && epoch == self.epoch
        {
            ramp.in_flight = ramp.in_flight.saturating_sub(1);
        }
    }

    /// A reply came that is no refusal.
    pub(super) fn succeeded(&mut self, epoch: u64) {
        if epoch != self.epoch {
            return;
        }
        self.streak = 0;
        if let Some(ramp) = &mut self.ramp {
            ramp.successes += 1;
            if ramp.successes >= RECOVERED {
                self.ramp = None;
            }
        }
    }

    /// Requests are probes still.
    pub(super) fn is_recovering(&self) -> bool {
        self.ramp.is_some()
    }

    /// A refusal came, with or without a hint for how long. `false`: of a burst that another refusal came of before.
    pub(super) fn refused(
        &mut self,
        epoch: u64,
        hint: Option<Duration>,
        interval: Duration,
        now: Instant,
    ) -> bool {
        // A hint of nothing at all is none: taken at its word, it would have us ask again without end.
        let hinted = hint.unwrap_or_default();
        let is_new = epoch == self.epoch || !hinted.is_zero() && self.ramp.is_none();
        if is_new {
            self.epoch += 1;
            self.streak = self.streak.saturating_add(1);
            self.ramp = Some(Ramp::default());
        }
        let wait = if !hinted.is_zero() {
            hinted
        } else if is_new {
            let doubled = 1_u32.checked_shl(self.streak - 1).unwrap_or(u32::MAX);
            base_pause(interval).saturating_mul(doubled).min(interval)
        } else {
            return false;
        };
        let until = later(now, wait);
        self.until = match self.until {
            Some(earlier) if earlier > until => Some(earlier),
            _ => Some(until),
        };
        is_new
    }

    /// Nothing is held back.
    pub(super) fn is_over(&self, now: Instant) -> bool {
        self.until(now).is_none() && self.ramp.is_none()
    }
}

fn base_pause(interval: Duration) -> Duration {
    interval / BASE_PAUSE
}
