//! `hoopai completions`: completions of a shell.

use clap::{Args, Command};
use clap_complete::Shell;

use crate::failure::Result;

/// Completions of a shell
#[derive(Args, Debug)]
pub(crate) struct Completions {
    /// The shell
    shell: Shell,
}

pub(crate) fn run(completions: &Completions, mut command: Command) -> Result {
    let mut script = Vec::new();
    clap_complete::generate(completions.shell, &mut command, "hoopai", &mut script);
    write(&script)
}

/// Writes to the standard output.
pub(super) fn write(bytes: &[u8]) -> Result {
    use std::io::Write;
    let mut out = std::io::stdout().lock();
    out.write_all(bytes)?;
    out.flush()?;
    Ok(())
}
