//! `cargo xtask`: see [`xtask`].

use std::process::ExitCode;

use clap::Parser;
use xtask::{Cli, Console};

fn main() -> ExitCode {
    if let Some(code) = xtask::run_as_rustdoc() {
        return code;
    }
    let cli = Cli::parse();
    let console = Console::standard();
    match xtask::run(cli, &console) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            console.note(format_args!("error: {error}"));
            ExitCode::FAILURE
        }
    }
}
