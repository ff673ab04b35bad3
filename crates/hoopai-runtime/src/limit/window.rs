//! The sliding window: which requests the server may still be counting.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// How long after it was sent a request that nobody waits for any more can still reach the server and be counted.
///
/// A reply proves that its request was counted; with a call that was given up there is no such proof, so this is an
/// assumption.
const STRAY: Duration = Duration::from_secs(1);

/// A request that went out and is over, or one of another process that a reply told of.
struct Slot {
    /// The latest moment at which the server can have counted it.
    at: Instant,
    foreign: bool,
}

/// What is known when a request is let through, so that the server's count in its reply can be compared with ours.
#[derive(Clone, Copy)]
pub(super) struct Mark {
    /// Our own requests that the server could be counting then, this one among them.
    pub(super) own: usize,
    /// How many were ever let through.
    pub(super) granted: u64,
    /// How many were on their way.
    pub(super) in_flight: usize,
}

/// The window. A slot is taken from when a request is let through until an interval after the last moment at which the
/// server can have counted it: when its reply came. So whenever the server counts, it counts no more than stand here.
pub(super) struct Window {
    pub(super) max: usize,
    pub(super) interval: Duration,
    /// Ordered by `at`.
    slots: VecDeque<Slot>,
    foreign: usize,
    in_flight: usize,
    granted: u64,
}

impl Window {
    pub(super) fn new(max: usize, interval: Duration) -> Self {
        Window {
            max,
            interval,
            slots: VecDeque::new(),
            foreign: 0,
            in_flight: 0,
            granted: 0,
        }
    }

    /// Forgets what left the window.
    pub(super) fn expire(&mut self, now: Instant) {
        while let Some(first) = self.slots.front()
            && later(first.at, self.interval) <= now
        {
            self.foreign -= usize::from(first.foreign);
            self.slots.pop_front();
        }
    }

    /// How many slots are taken.
    pub(super) fn taken(&self) -> usize {
        self.slots.len() + self.in_flight
    }

    #[cfg(test)]
    pub(super) fn foreign(&self) -> usize {
        self.foreign
    }

    pub(super) fn granted(&self) -> u64 {
        self.granted
    }

    /// Takes a slot. Whether one is free is asked before.
    pub(super) fn take(&mut self) -> Mark {
        self.in_flight += 1;
        self.granted += 1;
        Mark {
            own: self.taken() - self.foreign,
            granted: self.granted,
            in_flight: self.in_flight,
        }
    }

    /// Gives a slot back whose request never went out.
    pub(super) fn give_back(&mut self) {
        self.in_flight = self.in_flight.saturating_sub(1);
    }

    /// A reply came, so its request was counted at this moment or before.
    pub(super) fn replied(&mut self, now: Instant) {
        self.in_flight = self.in_flight.saturating_sub(1);
        self.put(now, false);
    }

    /// A request was given up that may have gone out, and may yet arrive.
    pub(super) fn strayed(&mut self, sent: Instant, now: Instant) {
        self.in_flight = self.in_flight.saturating_sub(1);
        self.put(now.max(later(sent, STRAY)), false);
    }

    fn put(&mut self, at: Instant, foreign: bool) {
        // Only those that strayed are ahead of the time, so this is the end or close to it.
        let mut index = self.slots.len();
        while index > 0 && self.slots[index - 1].at > at {
            index -= 1;
        }
        self.slots.insert(index, Slot { at, foreign });
        self.foreign += usize::from(foreign);
    }

    /// Takes in what a reply says of the server's count, `used` in a window of `limit`.
    ///
    /// All of our own requests that the server can have counted were either in our window when the request of this reply
    /// was let through or were let through later, whatever the order in which they arrived and replies came back: one
    /// that had left our window by then had left the server's before. What the server counts beyond those was sent by
    /// others, for certain. Comparing with our window as it is now would be wrong: while the reply travelled, requests
    /// left it that the server was still counting.
    pub(super) fn count_foreign(&mut self, mark: &Mark, used: usize, limit: usize, now: Instant) {
        let since =
            usize::try_from(self.granted.saturating_sub(mark.granted)).unwrap_or(usize::MAX);
        // Where we keep to a share of the limit, others may use the rest.
        let room = limit.saturating_sub(self.max);
        let foreign = used
            .saturating_sub(mark.own.saturating_add(since))
            .saturating_sub(room);
        self.fill(foreign.saturating_sub(self.foreign), now);
    }

    /// The server's window is full, with whatever.
    pub(super) fn fill_up(&mut self, now: Instant) {
        self.fill(self.max, now);
    }

    /// Takes slots for others, as far as there are any. They are freed when even the last of theirs must have left.
    fn fill(&mut self, slots: usize, now: Instant) {
        for _ in 0..slots.min(self.max.saturating_sub(self.taken())) {
            self.put(now, true);
        }
    }

    /// When the next slot is free: `Ok` for now, an error for later. `Err(None)`: when one of the replies is there that
    /// are awaited.
    pub(super) fn room(&self) -> Result<(), Option<Instant>> {
        let Some(beyond) = self.taken().checked_sub(self.max) else {
            return Ok(());
        };
        match self.slots.get(beyond) {
            Some(slot) => Err(Some(later(slot.at, self.interval))),
            None => Err(None),
        }
    }

    /// When a call will probably go out that has so many before it, not earlier than `from`. Requests that are on their
    /// way are taken to end now, so it can only be too early.
    pub(super) fn predict(&self, ahead: usize, from: Instant, now: Instant) -> Instant {
        let max = self.max.max(1);
        // Every `max` calls an interval passes. Within one, slots are free already, or are freed one after the other.
        let rounds = u32::try_from(ahead / max).unwrap_or(u32::MAX);
        let nth = ahead % max + 1;
        let free_at = match (nth + self.taken()).checked_sub(max + 1) {
            None => now,
            Some(index) => match self.slots.get(index) {
                Some(slot) => later(slot.at, self.interval),
                None => later(now, self.interval),
            },
        };
        later(free_at.max(from), self.interval.saturating_mul(rounds))
    }
}

/// A moment after another. Where the machine's clock does not reach that far it is the moment itself, so that nothing
/// waits for ever.
pub(super) fn later(moment: Instant, by: Duration) -> Instant {
    moment.checked_add(by).unwrap_or(moment)
}
