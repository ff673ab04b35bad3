//! The rate of a run, and the time until its end.

use std::time::{Duration, Instant};

use crate::budget::Budget;

/// The time over which a rate is measured.
const RATE_OVER: Duration = Duration::from_secs(10);

/// A longer time without progress was a wait, such as for the next day.
const WAITED: Duration = Duration::from_secs(120);

/// Measures the rate of a run, and the calls that its records cost.
pub(crate) struct Meter {
    since: Instant,
    done: u64,
    rate: Option<f64>,
    /// The number of records before the run.
    first: u64,
    calls: u64,
}

impl Meter {
    /// A run that begins with so many records.
    pub(crate) fn new(done: u64, now: Instant) -> Self {
        Meter {
            since: now,
            done,
            rate: None,
            first: done,
            calls: 0,
        }
    }

    /// Counts a call.
    pub(crate) fn call(&mut self) {
        self.calls += 1;
    }

    /// Records per second, over the last ten seconds or more, and the time for `left` further
    /// records, across days. The time is that at the measured rate or that at the limit, whichever
    /// is longer. `None` before they can be measured; the rate also after a wait.
    pub(crate) fn measure(
        &mut self,
        done: u64,
        left: Option<u64>,
        budget: Option<&Budget>,
        now: Instant,
    ) -> (Option<f64>, Option<Duration>) {
        let passed = now.saturating_duration_since(self.since);
        if passed >= RATE_OVER {
            let new = done.saturating_sub(self.done) as f64;
            self.rate = (passed < WAITED).then(|| new / passed.as_secs_f64());
            (self.since, self.done) = (now, done);
        }
        let Some(left) = left.filter(|left| *left > 0) else {
            return (self.rate, left.map(|_| Duration::ZERO));
        };
        let measured = self
            .rate
            .filter(|rate| *rate > 0.0)
            .and_then(|rate| Duration::try_from_secs_f64(left as f64 / rate).ok());
        let limited = budget.and_then(|budget| budget.time_for(self.calls_for(left, done)?));
        (self.rate, measured.max(limited))
    }

    /// The calls for so many further records, at those per record so far. A job that counts no calls
    /// has one for each record.
    fn calls_for(&self, left: u64, done: u64) -> Option<u64> {
        if self.calls == 0 {
            return Some(left);
        }
        let read = done.saturating_sub(self.first);
        if read == 0 {
            return None;
        }
        Some((left as f64 * self.calls as f64 / read as f64).ceil() as u64)
    }
}
