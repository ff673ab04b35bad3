//! The state of each row, from the journal.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

/// An entry of the journal of an import.
#[derive(Serialize, Deserialize)]
pub(super) enum Entry {
    /// These rows are sent next.
    Sending { rows: Vec<u64> },
    /// A row has its record.
    Done { row: u64, id: String, found: bool },
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
    pub(super) done_rows: u64,
    pub(super) found_rows: u64,
    pub(super) rejected_rows: u64,
    /// The number of rows, once they were checked.
    pub(super) rows: Option<u64>,
}

impl Progress {
    pub(super) fn record(&mut self, entry: &Entry) {
        match entry {
            Entry::Sending { rows } => self.doubtful.extend(rows),
            Entry::Done { row, found, .. } => {
                self.doubtful.remove(row);
                if self.done.insert(*row) {
                    self.done_rows += 1;
                    self.found_rows += u64::from(*found);
                }
            }
            Entry::Rejected { row, .. } => {
                self.doubtful.remove(row);
                if self.rejected.insert(*row) {
                    self.rejected_rows += 1;
                }
            }
            Entry::Checked { rows } => self.rows = Some(*rows),
            Entry::Retry => {
                self.rejected = Bits::default();
                self.rejected_rows = 0;
            }
        }
    }

    /// Whether a row has its record or was rejected.
    pub(super) fn is_settled(&self, row: u64) -> bool {
        self.done.contains(row) || self.rejected.contains(row)
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
