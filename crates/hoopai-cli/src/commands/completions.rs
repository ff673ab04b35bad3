//! `hoopai completions`: completions of a shell.

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use crate::failure::Result;
use crate::options::CommandLine;

/// Completions of a shell
#[derive(Args, Debug)]
pub(crate) struct Completions {
    /// The shell
    shell: Shell,
}

pub(crate) fn run(completions: &Completions) -> Result {
    let mut script = Vec::new();
    clap_complete::generate(
        completions.shell,
        &mut CommandLine::command(),
        "hoopai",
        &mut script,
    );
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
