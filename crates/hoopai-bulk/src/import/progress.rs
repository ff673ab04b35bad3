//! The state of each row, from the journal.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::budget::Budget;

/// An entry of the journal of an import.
#[derive(Serialize, Deserialize)]
pub(super) enum Entry {
    /// These rows are sent next.
    Sending { rows: Vec<u64> },
    /// The job was stopped before this row was sent.
    NotSent { row: u64 },
    /// A row has its record.
    Done {
        row: u64,
        id: String,
        /// It was found after the row had been sent without an answer.
        found: bool,
        /// Whether the row created it. `None`: the reply does not state it.
        #[serde(default)]
        created: Option<bool>,
    },
    /// A row was rejected.
    Rejected {
        row: u64,
        field: Option<String>,
        message: String,
    },
    /// All rows were checked before the first was sent.
    Checked { rows: u64 },
    /// The rejected rows are tried again.
    Retry,
}

/// What is known of the rows.
#[derive(Default)]
pub(super) struct Progress {
    /// A bit for each row: it has its record.
    done: Bits,
    /// A bit for each row: it was rejected.
    rejected: Bits,
    /// Rows that were sent and have no answer.
    pub(super) doubtful: BTreeSet<u64>,
    /// Rows that were sent and then rejected. The platform can answer a create with an error and
    /// have executed it.
    sent_and_rejected: BTreeSet<u64>,
    pub(super) done_rows: u64,
    found_rows: u64,
    created_rows: u64,
    pub(super) rejected_rows: u64,
    /// The number of rows, once they were checked.
    pub(super) rows: Option<u64>,
}

impl Progress {
    pub(super) fn record(&mut self, entry: &Entry) {
        match entry {
            Entry::Sending { rows } => self.doubtful.extend(rows),
            Entry::Done {
                row,
                found,
                created,
                ..
            } => {
                self.doubtful.remove(row);
                if self.done.insert(*row) {
                    self.done_rows += 1;
                    self.found_rows += u64::from(*found);
                    self.created_rows += u64::from(*created == Some(true));
                }
            }
            Entry::Rejected { row, .. } => {
                if self.doubtful.remove(row) {
                    self.sent_and_rejected.insert(*row);
                }
                if self.rejected.insert(*row) {
                    self.rejected_rows += 1;
                }
            }
            Entry::NotSent { row } => {
                self.doubtful.remove(row);
            }
            Entry::Checked { rows } => self.rows = Some(*rows),
            Entry::Retry => {
                self.rejected = Bits::default();
                self.rejected_rows = 0;
                self.doubtful.append(&mut self.sent_and_rejected);
            }
        }
    }

    /// Whether a row has its record or was rejected.
    pub(super) fn is_settled(&self, row: u64) -> bool {
        self.done.contains(row) || self.rejected.contains(row)
    }

    /// Whether all rows are settled.
    pub(super) fn is_complete(&self) -> bool {
        self.rows == Some(self.done_rows + self.rejected_rows)
    }

    pub(super) fn report(&self, complete: bool) -> ImportReport {
        ImportReport {
            complete,
            rows: self.rows.unwrap_or(0),
            done: self.done_rows,
            created: self.created_rows,
            found: self.found_rows,
            rejected: self.rejected_rows,
        }
    }
}

/// What an [`Import`](super::Import) has done in all of its runs.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ImportReport {
    /// Whether each row has its record or was rejected. If not, the job was paused.
    pub complete: bool,
    /// The number of rows of the input.
    pub rows: u64,
    /// The number of rows with a record.
    pub done: u64,
    /// How many of them were created by the import, as far as the replies state it.
    pub created: u64,
    /// How many of the rows with a record were found after they had been sent without an answer.
    pub found: u64,
    /// The number of rejected rows.
    pub rejected: u64,
}

/// The progress of a running [`Import`](super::Import).
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ImportProgress {
    /// The number of rows of the input.
    pub rows: u64,
    /// The number of rows with a record, in all runs.
    pub done: u64,
    /// The number of rejected rows.
    pub rejected: u64,
    /// Rows per second, over the last ten seconds or more. `None` before.
    pub rate: Option<f64>,
    /// The estimated time until the end, across days. `None` if it cannot be estimated yet.
    pub left: Option<Duration>,
}

/// The time over which a rate is measured.
const RATE_OVER: Duration = Duration::from_secs(10);

/// A longer time without a settled row was a wait.
const WAITED: Duration = Duration::from_secs(120);

/// Measures the rate of a run.
pub(super) struct Meter {
    since: Instant,
    settled: u64,
    rate: Option<f64>,
}

impl Meter {
    pub(super) fn new(progress: &Progress, now: Instant) -> Meter {
        Meter {
            since: now,
            settled: progress.done_rows + progress.rejected_rows,
            rate: None,
        }
    }

    pub(super) fn measure(
        &mut self,
        progress: &Progress,
        budget: Option<&Budget>,
        now: Instant,
    ) -> ImportProgress {
        let rows = progress.rows.unwrap_or(0);
        let settled = progress.done_rows + progress.rejected_rows;
        let passed = now.saturating_duration_since(self.since);
        if passed >= RATE_OVER {
            let new = settled.saturating_sub(self.settled) as f64;
            self.rate = (passed < WAITED).then(|| new / passed.as_secs_f64());
            (self.since, self.settled) = (now, settled);
        }
        let left = rows.saturating_sub(settled);
        let measured = self
            .rate
            .filter(|rate| *rate > 0.0)
            .and_then(|rate| Duration::try_from_secs_f64(left as f64 / rate).ok());
        // The limit allows at most its rate, and the rows may be slower.
        let limited = budget.and_then(|budget| budget.time_for(left));
        ImportProgress {
            rows,
            done: progress.done_rows,
            rejected: progress.rejected_rows,
            rate: self.rate,
            left: measured.max(limited),
        }
    }
}

/// A set of small numbers, one bit each.
#[derive(Default)]
struct Bits(Vec<u64>);

impl Bits {
    fn insert(&mut self, number: u64) -> bool {
        let (word, bit) = place(number);
        if word >= self.0.len() {
            self.0.resize(word + 1, 0);
        }
        let new = self.0[word] & bit == 0;
        self.0[word] |= bit;
        new
    }

    fn contains(&self, number: u64) -> bool {
        let (word, bit) = place(number);
        self.0.get(word).is_some_and(|bits| bits & bit != 0)
    }
}

fn place(number: u64) -> (usize, u64) {
    ((number / 64) as usize, 1 << (number % 64))
}
