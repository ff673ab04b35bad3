//! The mean time of a reply, and an estimate of when the requests in flight end.

use std::time::{Duration, Instant};

use super::window::later;

/// Each reply changes the mean by this part of the difference.
const WEIGHT: u32 = 8;

#[derive(Default)]
pub(super) struct Latency {
    smoothed: Option<Duration>,
    /// The moment from which `sum` is measured.
    origin: Option<Instant>,
    /// The sum of the start times of the requests in flight.
    sum: Duration,
    in_flight: u32,
}

impl Latency {
    /// The mean time of a reply. Zero before the first.
    pub(super) fn mean(&self) -> Duration {
        self.smoothed.unwrap_or_default()
    }

    pub(super) fn begin(&mut self, now: Instant) {
        if self.in_flight == 0 {
            self.origin = Some(now);
            self.sum = Duration::ZERO;
        }
        self.in_flight = self.in_flight.saturating_add(1);
        self.sum = self.sum.saturating_add(self.offset(now));
    }

    pub(super) fn end(&mut self, start: Instant) {
        self.in_flight = self.in_flight.saturating_sub(1);
        self.sum = self.sum.saturating_sub(self.offset(start));
    }

    fn offset(&self, moment: Instant) -> Duration {
        match self.origin {
            Some(origin) => moment.saturating_duration_since(origin),
            None => Duration::ZERO,
        }
    }

    pub(super) fn replied(&mut self, took: Duration) {
        self.smoothed = Some(match self.smoothed {
            Some(mean) => mean - mean / WEIGHT + took / WEIGHT,
            None => took,
        });
    }

    /// The expected mean end of the requests in flight.
    pub(super) fn expected_end(&self, now: Instant) -> Instant {
        match (self.origin, self.smoothed, self.in_flight) {
            (Some(origin), Some(mean), 1..) => {
                later(later(origin, self.sum / self.in_flight), mean).max(now)
            }
            _ => now,
        }
    }
}
