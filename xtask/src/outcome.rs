//! The exit status of commands, and the outcome of CI steps.

use std::process::ExitCode;

use crate::console::Console;

/// The exit status of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// No findings; nothing changed.
    Success,
    /// The command printed findings or errors.
    Failure,
    /// Something changed.
    Changed,
    /// A change breaks users of the Rust API.
    Breaking,
    /// A deviation between the platform's files and our data is not settled.
    Attention,
}

impl From<bool> for Status {
    fn from(passed: bool) -> Self {
        if passed { Self::Success } else { Self::Failure }
    }
}

impl From<Status> for ExitCode {
    fn from(status: Status) -> Self {
        ExitCode::from(match status {
            Status::Success => 0,
            Status::Failure => 1,
            Status::Changed => 2,
            Status::Breaking => 3,
            Status::Attention => 4,
        })
    }
}

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
