//! The outcome of a CI step, and of commands that may be unable to run.

use crate::console::Console;

/// How a step or command ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Passed,
    Failed,
    /// The reason.
    Skipped(String),
}

impl From<bool> for Outcome {
    fn from(passed: bool) -> Self {
        if passed { Self::Passed } else { Self::Failed }
    }
}

impl Outcome {
    /// Ends a command that runs by itself. A skipped command prints its reason and succeeds.
    pub(crate) fn finish(self, console: &Console) -> bool {
        if let Self::Skipped(reason) = &self {
            console.line(format_args!("skipped: {reason}"));
        }
        self != Self::Failed
    }
}
