//! The progress of a command, on terminals only.

use std::io::{self, IsTerminal, Write};

/// A line on the standard error stream that is written again and again, if the stream is a terminal
/// and the output is not on it as well.
#[derive(Clone, Copy)]
pub(crate) struct Progress(bool);

impl Progress {
    /// For a command that writes its output at the end.
    pub(crate) fn new() -> Self {
        Progress(io::stderr().is_terminal())
    }

    /// For a command that writes its output meanwhile.
    pub(crate) fn beside_output() -> Self {
        Progress(io::stderr().is_terminal() && !io::stdout().is_terminal())
    }

    pub(crate) fn show(&self, text: &str) {
        if self.0 {
            let mut err = io::stderr().lock();
            let _ = write!(err, "\r\u{1b}[K{text}");
            let _ = err.flush();
        }
    }

    pub(crate) fn clear(&self) {
        if self.0 {
            let _ = write!(io::stderr().lock(), "\r\u{1b}[K");
        }
    }
}
