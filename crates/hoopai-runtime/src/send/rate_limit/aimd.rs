//! A limit below the declared one, derived from refusals: additive increase, multiplicative
//! decrease.
//!
//! If no reply declares a limit, a refusal shows that the server's limit is lower than the one in
//! the settings, or that its interval is shorter. Neither value is known. The number of requests in
//! an interval is therefore halved, and they are spread evenly over it, so that shorter intervals
//! also hold fewer.
//!
//! All refusals of one burst count as one, and so do those of the probes that follow (see
//! `pause.rs`), unless an interval has passed.

use std::time::{Duration, Instant};

use super::window::later;

/// The part of an interval after which the limit is raised, if requests succeed.
const STEPS: u32 = 16;

/// The part of the declared limit by which the limit is raised, at least 1.
const RAISE: usize = 100;

/// The number of requests in the window below which a refusal does not lower the limit. Half of it
/// is the lowest limit; the pauses after refusals do the rest.
const FEW: usize = 8;

#[derive(Default)]
pub(super) struct Aimd(Option<Learnt>);

struct Learnt {
    max: usize,
    reduced: Instant,
    raised: Instant,
    /// When the last request was admitted.
    last: Option<Instant>,
}

impl Aimd {
    /// The limit in force.
    pub(super) fn max(&self, declared: usize) -> usize {
        match &self.0 {
            Some(learnt) => learnt.max.min(declared),
            None => declared,
        }
    }

    pub(super) fn is_inactive(&self) -> bool {
        self.0.is_none()
    }

    /// Handles a refusal. `recovering`: the request was a probe after another refusal. `used`: the
    /// number of requests in the window.
    pub(super) fn refused(
        &mut self,
        declared: usize,
        used: usize,
        interval: Duration,
        recovering: bool,
        now: Instant,
    ) {
        let known = match &self.0 {
            Some(learnt) if recovering && now < later(learnt.reduced, interval) => return,
            Some(learnt) => learnt.max,
            None if used < FEW => return,
            None => used,
        };
        self.0 = Some(Learnt {
            max: (known.min(declared) / 2).max(FEW / 2),
            reduced: now,
            raised: now,
            last: Some(now),
        });
    }

    /// Handles a reply that is not a refusal.
    pub(super) fn succeeded(&mut self, declared: usize, interval: Duration, now: Instant) {
        let Some(learnt) = &mut self.0 else {
            return;
        };
        if now < later(learnt.raised, interval / STEPS) {
            return;
        }
        learnt.max += (declared / RAISE).max(1);
        learnt.raised = now;
        if learnt.max >= declared {
            self.0 = None;
        }
    }

    pub(super) fn take(&mut self, now: Instant) {
        if let Some(learnt) = &mut self.0 {
            learnt.last = Some(now);
        }
    }

    /// When a call with `ahead` calls before it may be sent. `None`: there is no lower limit.
    pub(super) fn next_slot(&self, ahead: usize, interval: Duration) -> Option<Instant> {
        let learnt = self.0.as_ref()?;
        let spacing = interval / u32::try_from(learnt.max).unwrap_or(u32::MAX);
        let turns = u32::try_from(ahead).unwrap_or(u32::MAX).saturating_add(1);
        Some(later(learnt.last?, spacing.saturating_mul(turns)))
    }
}
