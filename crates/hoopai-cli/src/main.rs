//! `hoopai`: the command line of the HoopAI Platform API.

use std::process::ExitCode;

fn main() -> ExitCode {
    hoopai_cli::run(std::env::args_os().collect())
}
