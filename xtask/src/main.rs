//! `cargo xtask`: see [`xtask`].

use std::process::ExitCode;

use clap::Parser;
use xtask::{Cli, Console};

fn main() -> ExitCode {
    if let Some(code) = xtask::run_as_rustdoc() {
        return code;
    }
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return usage_error(&error),
    };
    let console = Console::standard();
    match xtask::run(cli, &console) {
        Ok(status) => status.into(),
        Err(error) => {
            console.note(format_args!("error: {error}"));
            ExitCode::FAILURE
        }
    }
}

/// Prints help, or what is wrong with the arguments. Clap's exit code for wrong usage is 2, which
/// means here that something changed.
fn usage_error(error: &clap::Error) -> ExitCode {
    let printed = error.print();
    if error.use_stderr() || printed.is_err() {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    }
}
