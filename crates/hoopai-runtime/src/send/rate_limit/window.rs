//! The sliding window: which requests the server may still be counting.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// How long after it was sent a request that nobody waits for any more can still reach the server and be counted.
///
/// A reply proves that its request was counted; with a call that was given up there is no such proof, so this is an
/// assumption.
const LATE_ARRIVAL: Duration = Duration::from_secs(1);

/// Up to this number of runs, each moment has a run of its own. Beyond it, moments that are close together share one.
const EXACT: usize = 1024;

/// Moments within this part of the interval can share a run. Each slot of the run is then freed at the latest of them, so
/// sharing is safe, and costs less than 0.1 % of the limit.
const GRANULARITY: u32 = 1024;

/// Slots with the same latest moment at which the server can have counted their requests.
struct Run {
    at: Instant,
    /// The earliest moment of those that share this run.
    since: Instant,
    own: usize,
    external: usize,
}

impl Run {
    fn len(&self) -> usize {
        self.own + self.external
    }
}

/// What is known when a request is let through, so that the server's count in its reply can be compared with ours.
#[derive(Clone, Copy)]
pub(super) struct WindowSnapshot {
    /// Our own requests that the server could be counting then, this one among them.
    pub(super) own: usize,
    /// How many were ever let through.
    pub(super) admitted: u64,
    /// How many were on their way.
    pub(super) in_flight: usize,
}

/// The window. A slot is taken from when a request is let through until an interval after the last moment at which the
/// server can have counted it: when its reply came, or earlier where [`Order`](super::order::Order) shows it. So whenever
/// the server counts, it counts no more than there are here.
///
/// Memory and time do not depend on the limit: slots are kept as runs, and an interval holds about 3,000 of them at most.
pub(super) struct Window {
    pub(super) max: usize,
    pub(super) interval: Duration,
    /// Ordered by `at`.
    runs: VecDeque<Run>,
    /// The slots of all runs.
    occupied: usize,
    external: usize,
    in_flight: usize,
    admitted: u64,
}

impl Window {
    pub(super) fn new(max: usize, interval: Duration) -> Self {
        Window {
            max,
            interval,
            runs: VecDeque::new(),
            occupied: 0,
            external: 0,
            in_flight: 0,
            admitted: 0,
        }
    }

    /// Forgets what left the window.
    pub(super) fn expire(&mut self, now: Instant) {
        while let Some(first) = self.runs.front()
            && later(first.at, self.interval) <= now
        {
            self.occupied -= first.len();
            self.external -= first.external;
            self.runs.pop_front();
        }
    }

    /// How many slots are taken.
    pub(super) fn taken(&self) -> usize {
        self.occupied.saturating_add(self.in_flight)
    }

    #[cfg(test)]
    pub(super) fn runs(&self) -> usize {
        self.runs.len()
    }

    #[cfg(test)]
    pub(super) fn external(&self) -> usize {
        self.external
    }

    pub(super) fn admitted(&self) -> u64 {
        self.admitted
    }

    /// Takes a slot. Whether one is free is asked before.
    pub(super) fn take(&mut self) -> WindowSnapshot {
        self.in_flight += 1;
        self.admitted += 1;
        WindowSnapshot {
            own: self.taken() - self.external,
            admitted: self.admitted,
            in_flight: self.in_flight,
        }
    }

    /// Gives a slot back whose request never went out.
    pub(super) fn release(&mut self) {
        self.in_flight = self.in_flight.saturating_sub(1);
    }

    /// A reply came, so its request was counted at this moment or before.
    pub(super) fn replied(&mut self, counted: Instant) {
        self.in_flight = self.in_flight.saturating_sub(1);
        self.put(counted, 1, 0);
    }

    /// A request was given up that may have gone out, and may yet arrive.
    pub(super) fn abandoned(&mut self, sent: Instant, now: Instant) {
        self.in_flight = self.in_flight.saturating_sub(1);
        self.put(now.max(later(sent, LATE_ARRIVAL)), 1, 0);
    }

    fn put(&mut self, at: Instant, own: usize, external: usize) {
        self.occupied += own + external;
        self.external += external;
        let index = match self.runs.back() {
            Some(last) if last.at > at => self.runs.partition_point(|run| run.at <= at),
            _ => self.runs.len(),
        };
        if let Some(before) = index.checked_sub(1) {
            let shared = later(self.runs[before].since, self.interval / GRANULARITY);
            let run = &mut self.runs[before];
            if run.at == at || self.occupied > EXACT && at <= shared {
                run.at = at;
                run.own += own;
                run.external += external;
                return;
            }
        }
        let run = Run {
            at,
            since: at,
            own,
            external,
        };
        self.runs.insert(index, run);
    }

    /// Takes in what a reply says of the server's count, `used` in a window of `limit`.
    ///
    /// All of our own requests that the server can have counted were either in our window when the request of this reply
    /// was let through or were let through later, whatever the order in which they arrived and replies came back: one
    /// that had left our window by then had left the server's before. What the server counts beyond those was sent by
    /// others, for certain. Comparing with our window as it is now would be wrong: while the reply travelled, requests
    /// left it that the server was still counting.
    pub(super) fn count_external(
        &mut self,
        snapshot: &WindowSnapshot,
        used: usize,
        limit: usize,
        now: Instant,
    ) {
        let since =
            usize::try_from(self.admitted.saturating_sub(snapshot.admitted)).unwrap_or(usize::MAX);
        // Where we keep to a share of the limit, others may use the rest.
        let room = limit.saturating_sub(self.max);
        let external = used
            .saturating_sub(snapshot.own.saturating_add(since))
            .saturating_sub(room);
        self.fill(external.saturating_sub(self.external), now);
    }

    /// The server's window is full, by whatever requests.
    pub(super) fn fill_up(&mut self, now: Instant) {
        self.fill(self.max, now);
    }

    /// Takes slots for others, as far as there are any. They are freed when even the last of theirs must have left.
    fn fill(&mut self, slots: usize, now: Instant) {
        let slots = slots.min(self.max.saturating_sub(self.taken()));
        if slots > 0 {
            self.put(now, 0, slots);
        }
    }

    /// The moment at which the slot of this index is freed, in the order in which they are. `None`: its request is on its
    /// way.
    fn freed(&self, mut index: usize) -> Option<Instant> {
        if index >= self.occupied {
            return None;
        }
        for run in &self.runs {
            match index.checked_sub(run.len()) {
                Some(rest) => index = rest,
                None => return Some(later(run.at, self.interval)),
            }
        }
        None
    }

    /// When the next slot of `max` is free: `Ok` for now, an error for later. `Err(None)`: when one of the replies is there
    /// that are awaited.
    pub(super) fn room(&self, max: usize) -> Result<(), Option<Instant>> {
        match self.taken().checked_sub(max) {
            None => Ok(()),
            Some(beyond) => Err(self.freed(beyond)),
        }
    }

    /// When a call will probably go out that has so many before it, not earlier than `from`. `replies`: when the requests
    /// that are on their way are expected to have ended. `hold`: how long a slot is expected to be taken before its
    /// interval begins.
    pub(super) fn predict(
        &self,
        max: usize,
        ahead: usize,
        from: Instant,
        replies: Instant,
        hold: Duration,
    ) -> Instant {
        let max = max.max(1);
        // Every `max` calls an interval passes. Within one, slots are free already, or are freed one after the other.
        let rounds = u32::try_from(ahead / max).unwrap_or(u32::MAX);
        let nth = ahead % max + 1;
        let free_at = match nth
            .saturating_add(self.taken())
            .checked_sub(max.saturating_add(1))
        {
            None => from,
            Some(index) => match self.freed(index) {
                Some(freed) => freed,
                None => later(replies, self.interval),
            },
        };
        let round = self.interval.saturating_add(hold);
        later(free_at.max(from), round.saturating_mul(rounds))
    }
}

/// A moment after another. Where the machine's clock does not reach that far it is the moment itself, so that nothing
/// waits for ever.
pub(super) fn later(moment: Instant, by: Duration) -> Instant {
    moment.checked_add(by).unwrap_or(moment)
}
