//! A sliding window as data: no file and no clock.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// The time after which a request without an end counts as ended: its process was killed. It is
/// longer than the longest attempt.
const LOST_AFTER: u64 = 40_000;

/// The longest interval that a reply can declare. A longer one is ignored.
const LONGEST_INTERVAL: u64 = 60_000;

/// Added to each interval, for clocks of different precision.
const MARGIN: u64 = 20;

/// The longest wait before the window is read again, in milliseconds. Slots can be freed earlier
/// than expected.
const LONGEST_WAIT: u64 = 1_000;

/// The requests that the platform may still count.
#[derive(Serialize, Deserialize)]
pub(super) struct Window {
    max: usize,
    interval: u64,
    next: u64,
    requests: Vec<Request>,
}

/// A request, with times in milliseconds since 1970.
#[derive(Serialize, Deserialize)]
struct Request {
    slot: u64,
    process: u32,
    sent: u64,
    ended: Option<u64>,
}

/// Whether a request may be sent.
#[derive(Debug, PartialEq)]
pub(super) enum Admission {
    Slot(u64),
    Wait(Duration),
}

impl Default for Window {
    fn default() -> Self {
        Window {
            max: 100,
            interval: 10_000,
            next: 0,
            requests: Vec::new(),
        }
    }
}

impl Window {
    /// Reads a stored window. Damaged contents count as a full window, since requests may have been
    /// sent.
    pub(super) fn read(content: &[u8], now: u64) -> Self {
        if content.is_empty() {
            return Self::default();
        }
        serde_json::from_slice(content).unwrap_or_else(|_| {
            let mut full = Self::default();
            while let Admission::Slot(slot) = full.admit(now, 0, 1) {
                full.complete(now, &[slot]);
            }
            full
        })
    }

    pub(super) fn write(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// Takes a slot, or returns how long to wait. `part` is the divisor of the limit.
    pub(super) fn admit(&mut self, now: u64, process: u32, part: usize) -> Admission {
        let interval = self.interval + MARGIN;
        for request in &mut self.requests {
            // The clock was set back.
            request.sent = request.sent.min(now);
            request.ended = request.ended.map(|ended| ended.min(now));
        }
        let free =
            |request: &Request| request.ended.unwrap_or(request.sent + LOST_AFTER) + interval;
        self.requests.retain(|request| free(request) > now);
        if self.requests.len() < (self.max / part).max(1) {
            let slot = self.next;
            self.next = self.next.wrapping_add(1);
            self.requests.push(Request {
                slot,
                process,
                sent: now,
                ended: None,
            });
            return Admission::Slot(slot);
        }
        let next = self.requests.iter().map(free).min().unwrap_or(now);
        let wait = next.saturating_sub(now).clamp(1, LONGEST_WAIT);
        Admission::Wait(Duration::from_millis(wait))
    }

    /// Marks requests as ended.
    pub(super) fn complete(&mut self, now: u64, slots: &[u64]) {
        for request in &mut self.requests {
            if slots.contains(&request.slot) {
                request.ended = Some(now);
            }
        }
    }

    /// Stores the limit that a reply declared.
    pub(super) fn declare(&mut self, max: usize, interval: Duration) {
        let interval = u64::try_from(interval.as_millis()).unwrap_or(u64::MAX);
        if max > 0 && (1..=LONGEST_INTERVAL).contains(&interval) {
            self.max = max;
            self.interval = interval;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(count: usize, now: u64) -> Window {
        let mut window = Window::default();
        window.declare(count, Duration::from_secs(10));
        for _ in 0..count {
            let Admission::Slot(slot) = window.admit(now, 1, 1) else {
                panic!("full too early")
            };
            window.complete(now, &[slot]);
        }
        window
    }

    #[test]
    fn no_interval_has_more_requests_than_the_limit() {
        let mut window = filled(3, 50_000);
        assert_eq!(
            window.admit(50_000, 2, 1),
            Admission::Wait(Duration::from_secs(1))
        );
        assert_eq!(
            window.admit(60_000, 2, 1),
            Admission::Wait(Duration::from_millis(MARGIN))
        );
        assert!(matches!(
            window.admit(60_000 + MARGIN, 2, 1),
            Admission::Slot(_)
        ));
    }

    #[test]
    fn slot_is_counted_from_the_end_of_its_request() {
        let mut window = Window::default();
        window.declare(1, Duration::from_secs(10));
        let Admission::Slot(slot) = window.admit(1_000, 1, 1) else {
            panic!("full")
        };
        window.complete(6_000, &[slot]);
        assert!(matches!(window.admit(12_000, 2, 1), Admission::Wait(_)));
        assert!(matches!(
            window.admit(16_000 + MARGIN, 2, 1),
            Admission::Slot(_)
        ));
    }

    #[test]
    fn slot_of_a_killed_process_is_freed() {
        let mut window = Window::default();
        window.declare(1, Duration::from_secs(10));
        window.admit(1_000, 1, 1);
        assert!(matches!(window.admit(40_000, 2, 1), Admission::Wait(_)));
        let freed = 1_000 + LOST_AFTER + 10_000 + MARGIN;
        assert!(matches!(window.admit(freed, 2, 1), Admission::Slot(_)));
    }

    #[test]
    fn part_of_the_limit_is_never_nothing() {
        let mut window = filled(7, 1_000);
        window.declare(80, Duration::from_secs(10));
        for _ in 0..3 {
            assert!(matches!(window.admit(1_000, 1, 8), Admission::Slot(_)));
        }
        assert!(matches!(window.admit(1_000, 1, 8), Admission::Wait(_)));
        let mut window = Window::default();
        window.declare(3, Duration::from_secs(10));
        assert!(matches!(window.admit(1_000, 1, 8), Admission::Slot(_)));
        assert!(matches!(window.admit(1_000, 1, 8), Admission::Wait(_)));
    }

    #[test]
    fn damaged_file_is_a_full_window() {
        let mut window = Window::read(b"{\"max\":", 5_000);
        assert!(matches!(window.admit(5_000, 1, 1), Admission::Wait(_)));
        assert!(matches!(
            window.admit(15_000 + MARGIN, 1, 1),
            Admission::Slot(_)
        ));
    }

    #[test]
    fn clock_that_is_set_back_does_not_block() {
        let mut window = filled(2, 1_000_000);
        window.admit(5_000, 1, 1);
        assert!(matches!(
            window.admit(15_000 + MARGIN, 1, 1),
            Admission::Slot(_)
        ));
    }
}
