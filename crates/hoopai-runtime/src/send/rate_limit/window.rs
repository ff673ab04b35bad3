//! The sliding window: the requests that the server may still count.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// How long after its sending an abandoned request can still reach the server and be counted.
///
/// A reply proves that its request was counted. For an abandoned call there is no such proof, so
/// this is an assumption.
const LATE_ARRIVAL: Duration = Duration::from_secs(1);

/// The number of slots up to which each moment has a run of its own. Beyond it, close moments share
/// one.
const EXACT: usize = 1024;

/// The part of the interval within which moments can share a run. Each slot of the run is then
/// freed at the latest of them. Sharing is therefore safe, and costs less than 0.1 % of the limit.
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

/// The counts at the admission of a request, for the comparison with the server's count in its
/// reply.
#[derive(Clone, Copy)]
pub(super) struct WindowSnapshot {
    /// Our own requests that the server could be counting then, including this one.
    pub(super) own: usize,
    /// The number of requests ever admitted.
    pub(super) admitted: u64,
    /// The number of requests in flight.
    pub(super) in_flight: usize,
}

/// The window. A slot is taken from the admission of a request until one interval after the last
/// moment at which the server can have counted it. That is the moment of its reply, or an earlier
/// one if [`Order`](super::order::Order) shows it. The server's count is therefore never above the
/// count here.
///
/// Memory and time do not depend on the limit: slots are stored as runs, and an interval has at
/// most about 3,000 of them.
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

    /// Removes the slots that have left the window.
    pub(super) fn expire(&mut self, now: Instant) {
        while let Some(first) = self.runs.front()
            && later(first.at, self.interval) <= now
        {
            self.occupied -= first.len();
            self.external -= first.external;
            self.runs.pop_front();
        }
    }

    /// The number of taken slots.
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

    pub(super) fn in_flight(&self) -> usize {
        self.in_flight
    }

    /// The slots that stay taken for more than half an interval.
    pub(super) fn recently_taken(&self, now: Instant) -> usize {
        let recent = |run: &&Run| later(run.at, self.interval / 2) > now;
        let runs = self.runs.iter().rev().take_while(recent);
        runs.map(Run::len).sum::<usize>() + self.in_flight
    }

    /// The slots that are taken beyond `share`, with the moment at which they are free. `None`:
    /// their requests are in flight. They are the slots that are free first.
    pub(super) fn excess(&self, share: usize) -> Vec<(Option<Instant>, usize)> {
        let mut missing = self.taken().saturating_sub(share);
        let mut excess = Vec::new();
        for run in &self.runs {
            let slots = run.len().min(missing);
            if slots == 0 {
                break;
            }
            missing -= slots;
            excess.push((Some(later(run.at, self.interval)), slots));
        }
        if missing > 0 {
            excess.push((None, missing));
        }
        excess
    }

    /// Takes a slot. The caller checks before that one is free.
    pub(super) fn take(&mut self) -> WindowSnapshot {
        self.in_flight += 1;
        self.admitted += 1;
        WindowSnapshot {
            own: self.taken() - self.external,
            admitted: self.admitted,
            in_flight: self.in_flight,
        }
    }

    /// Releases the slot of a request that was not sent.
    pub(super) fn release(&mut self) {
        self.in_flight = self.in_flight.saturating_sub(1);
    }

    /// Handles a reply: its request was counted at this moment or before.
    pub(super) fn replied(&mut self, counted: Instant) {
        self.in_flight = self.in_flight.saturating_sub(1);
        self.put(counted, 1, 0);
    }

    /// Handles an abandoned request, which may have been sent and may still arrive.
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

    /// Updates the external slots from the server's count in a reply, `used` in a window of
    /// `limit`.
    ///
    /// All of our own requests that the server can have counted were in our window when the request
    /// of this reply was admitted, or were admitted later. This holds whatever the order of
    /// arrival: a request that had left our window by then had left the server's before. Any excess
    /// in the server's count was sent by other processes. A comparison with the current window
    /// would be wrong: while the reply was in transit, requests left it that the server still
    /// counted.
    pub(super) fn count_external(
        &mut self,
        snapshot: &WindowSnapshot,
        used: usize,
        limit: usize,
        share: usize,
        now: Instant,
    ) {
        let since =
            usize::try_from(self.admitted.saturating_sub(snapshot.admitted)).unwrap_or(usize::MAX);
        // If we keep to a share of the limit, others may use the rest.
        let room = limit.saturating_sub(share);
        let external = used
            .saturating_sub(snapshot.own.saturating_add(since))
            .saturating_sub(room);
        self.fill(external.saturating_sub(self.external), share, now);
    }

    /// Fills the window, since the server's is full.
    pub(super) fn fill_up(&mut self, now: Instant) {
        self.fill(self.max, self.max, now);
    }

    /// Takes slots for external requests, as far as slots are free. They are freed when the last of
    /// those requests must have left.
    fn fill(&mut self, slots: usize, share: usize, now: Instant) {
        let slots = slots.min(share.saturating_sub(self.taken()));
        if slots > 0 {
            self.put(now, 0, slots);
        }
    }

    /// The moment at which the slot of this index is freed, in order. `None`: its request is in
    /// flight.
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

    /// Checks whether one of `max` slots is free. The error is the moment at which the next one is,
    /// or `None` if that depends on a reply.
    pub(super) fn room(&self, max: usize) -> Result<(), Option<Instant>> {
        match self.taken().checked_sub(max) {
            None => Ok(()),
            Some(beyond) => Err(self.freed(beyond)),
        }
    }

    /// The expected start of a call with `ahead` calls before it, not earlier than `from`.
    /// `replies`: the expected end of the requests in flight. `hold`: how long a slot is expected
    /// to be taken before its interval begins.
    pub(super) fn predict(
        &self,
        max: usize,
        ahead: usize,
        from: Instant,
        replies: Instant,
        hold: Duration,
    ) -> Instant {
        let max = max.max(1);
        // Every `max` calls take one interval. Within it, slots are free or are freed one after the
        // other.
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

/// Adds a duration. If the clock cannot represent the result, returns the moment itself, so that
/// nothing waits forever.
pub(super) fn later(moment: Instant, by: Duration) -> Instant {
    moment.checked_add(by).unwrap_or(moment)
}
