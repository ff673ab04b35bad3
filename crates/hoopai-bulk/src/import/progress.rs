//! The state of each row, from the journal.

use std::collections::BTreeSet;
use std::time::Duration;

use serde::{Deserialize, Serialize};

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

    /// The number of rows that have their record or were rejected.
    pub(super) fn settled(&self) -> u64 {
        self.done_rows + self.rejected_rows
    }

    /// Whether all rows are settled.
    pub(super) fn is_complete(&self) -> bool {
        self.rows == Some(self.settled())
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
