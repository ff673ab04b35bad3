//! The echo of a terminal.

use std::fs::File;
use std::io;

use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};

/// Typed characters are not shown until this is dropped. `rpassword` turns the echo off after it has
/// shown the prompt, which is too late for a secret that is pasted at once.
pub(super) struct Off {
    terminal: File,
    before: Termios,
}

impl Off {
    pub(super) fn now() -> io::Result<Self> {
        let terminal = File::options().read(true).write(true).open("/dev/tty")?;
        let before = tcgetattr(&terminal)?;
        let mut modes = before.clone();
        modes.local_modes.remove(LocalModes::ECHO);
        tcsetattr(&terminal, OptionalActions::Now, &modes)?;
        Ok(Off { terminal, before })
    }
}

impl Drop for Off {
    fn drop(&mut self) {
        // A terminal that was closed has no echo.
        let _ = tcsetattr(&self.terminal, OptionalActions::Now, &self.before);
    }
}
