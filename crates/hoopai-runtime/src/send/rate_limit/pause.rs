//! The pause after a refusal, and the gradual recovery.
//!
//! A 429 shows that the server's count differs from ours. No request is sent until the pause ends.
//! Then one request is sent as a probe. Each reply that is not a refusal doubles the number of
//! requests in flight; after five such replies only the window limits it. If a reply is missing,
//! another request is sent after a sixteenth of the interval.

use std::time::{Duration, Instant};

use super::window::later;

/// The number of replies without refusal after which the recovery ends.
const RECOVERED: u32 = 5;

/// The part of an interval that the pause after a first refusal without a hint takes, and the time
/// that a probe may take.
const BASE_PAUSE: u32 = 16;

#[derive(Default)]
pub(super) struct Pause {
    until: Option<Instant>,
    /// The number of refusals in a row, each of a request that was sent after the previous refusal.
    streak: u32,
    /// The number of such refusals ever. Each request has the epoch in which it was sent, and
    /// replies of earlier epochs are ignored, so that fifty refusals of one burst count as one.
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

    /// The end of the pause, if there is one.
    pub(super) fn until(&self, now: Instant) -> Option<Instant> {
        match self.until {
            Some(until) if until > now => Some(until),
            _ => None,
        }
    }

    /// When a call with `ahead` calls before it may be sent. `None`: now.
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

    /// Records that a request is sent.
    pub(super) fn take(&mut self, now: Instant) {
        if let Some(ramp) = &mut self.ramp {
            ramp.in_flight += 1;
            ramp.last = Some(now);
        }
    }

    /// Records that a request of this epoch has ended.
    pub(super) fn ended(&mut self, epoch: u64) {
        if let Some(ramp) = &mut self.ramp
            && epoch == self.epoch
        {
            ramp.in_flight = ramp.in_flight.saturating_sub(1);
        }
    }

    /// Handles a reply that is not a refusal.
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

    /// Whether requests are still probes.
    pub(super) fn is_recovering(&self) -> bool {
        self.ramp.is_some()
    }

    /// Handles a refusal, with or without a hint for the wait. Returns `false` if it belongs to a
    /// burst that is already handled.
    pub(super) fn refused(
        &mut self,
        epoch: u64,
        hint: Option<Duration>,
        interval: Duration,
        now: Instant,
    ) -> bool {
        // A hint of zero is ignored, since it would cause endless requests.
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

    /// Whether requests are neither paused nor limited.
    pub(super) fn is_over(&self, now: Instant) -> bool {
        self.until(now).is_none() && self.ramp.is_none()
    }
}

fn base_pause(interval: Duration) -> Duration {
    interval / BASE_PAUSE
}
