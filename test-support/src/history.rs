//! Histories of concurrent calls of a register, and the decision whether they are linearizable.

use std::collections::HashSet;
use std::fmt;
use std::sync::Mutex;

/// The largest number of calls of a history: one bit each.
const MAX_CALLS: usize = 128;

/// A call of a register, which holds a revision or nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Reads the register.
    Load,
    /// Replaces the expected content by a new one.
    Swap {
        /// The content that the register must have.
        expected: Option<u64>,
        /// The new content. Contents of different calls should differ, as equal ones hide faults.
        new: Option<u64>,
    },
}

/// The reply to a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The content that was read.
    Loaded(Option<u64>),
    /// The content was replaced.
    Done,
    /// The register had other content than expected.
    Conflict,
    /// An error. The call may take effect at any time after it began, or never.
    Unknown,
}

/// The calls of concurrent clients to one register that is empty at first.
#[derive(Default)]
pub struct History(Mutex<Recorded>);

#[derive(Default)]
struct Recorded {
    /// In the order in which they began.
    calls: Vec<Call>,
    /// The number of beginnings and ends so far.
    events: u64,
}

#[derive(Clone, Copy)]
struct Call {
    operation: Operation,
    begin: u64,
    /// `None` while the call runs, and if its outcome is unknown.
    end: Option<u64>,
    outcome: Outcome,
}

impl History {
    /// An empty history.
    pub fn new() -> Self {
        Self::default()
    }

    /// Records that a call begins. Returns its number.
    pub fn begin(&self, operation: Operation) -> usize {
        let mut recorded = self.0.lock().expect("a lock without panics");
        let begin = recorded.next_event();
        recorded.calls.push(Call {
            operation,
            begin,
            end: None,
            outcome: Outcome::Unknown,
        });
        recorded.calls.len() - 1
    }

    /// Records the reply to a call.
    pub fn end(&self, call: usize, outcome: Outcome) {
        let mut recorded = self.0.lock().expect("a lock without panics");
        let end = recorded.next_event();
        let call = &mut recorded.calls[call];
        call.outcome = outcome;
        call.end = (outcome != Outcome::Unknown).then_some(end);
    }

    /// Returns the number of calls, and of those with an unknown outcome.
    pub fn counts(&self) -> (usize, usize) {
        let recorded = self.0.lock().expect("a lock without panics");
        let unknown = recorded.calls.iter().filter(|call| call.end.is_none());
        (recorded.calls.len(), unknown.count())
    }

    /// Whether some order of the calls explains all replies: each call takes effect at one moment
    /// between its beginning and its end.
    ///
    /// This is the search of Wing and Gong with the memory of Lowe: a set of calls that have taken
    /// effect, together with the content, is examined once.
    ///
    /// # Panics
    /// The history has more than 128 calls.
    pub fn is_linearizable(&self) -> bool {
        let calls = self.0.lock().expect("a lock without panics").calls.clone();
        assert!(
            calls.len() <= MAX_CALLS,
            "a history of {} calls",
            calls.len()
        );
        let start = (0_u128, None);
        let (mut seen, mut open) = (HashSet::from([start]), vec![start]);
        while let Some((effective, content)) = open.pop() {
            let left = || {
                let calls = calls.iter().enumerate();
                calls.filter(|(index, _)| effective & (1 << index) == 0)
            };
            // The next call to take effect began before any other one ended.
            let Some(first_end) = left().filter_map(|(_, call)| call.end).min() else {
                return true;
            };
            for (index, call) in left().take_while(|(_, call)| call.begin < first_end) {
                if let Some(content) = call.apply(content) {
                    let next = (effective | (1 << index), content);
                    if seen.insert(next) {
                        open.push(next);
                    }
                }
            }
        }
        false
    }
}

/// Shows a call per line, with the order of beginnings and ends.
impl fmt::Display for History {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let recorded = self.0.lock().expect("a lock without panics");
        for call in &recorded.calls {
            let end = call.end.map_or("…".to_owned(), |end| end.to_string());
            let Call {
                operation,
                begin,
                outcome,
                ..
            } = call;
            writeln!(f, "{begin:4} to {end:>4}  {operation:?}: {outcome:?}")?;
        }
        Ok(())
    }
}

impl Recorded {
    fn next_event(&mut self) -> u64 {
        self.events += 1;
        self.events
    }
}

impl Call {
    /// Returns the content after this call, or `None` if its reply contradicts the content before.
    fn apply(&self, content: Option<u64>) -> Option<Option<u64>> {
        match (self.operation, self.outcome) {
            (Operation::Load, Outcome::Loaded(read)) => (read == content).then_some(content),
            (Operation::Load, _) => None,
            (Operation::Swap { expected, new }, Outcome::Done | Outcome::Unknown) => {
                (expected == content).then_some(new)
            }
            (Operation::Swap { expected, .. }, _) => (expected != content).then_some(content),
        }
    }
}
