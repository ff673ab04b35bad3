//! `cargo xtask`: see [`xtask`].

use std::process::ExitCode;

use clap::Parser;
use xtask::{Cli, Console};

fn main() -> ExitCode {
    if let Some(code) = xtask::instead_of_rustdoc() {
        return code;
    }
    let cli = Cli::parse();
    let console = Console::standard();
    match xtask::run(cli, &console) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(fault) => {
            console.note(format_args!("error: {fault}"));
            ExitCode::FAILURE
        }
    }
}
