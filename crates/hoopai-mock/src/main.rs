//! `hoopai-mock`: the mock server as a program.

use std::process::ExitCode;

use clap::Parser;
use hoopai_mock::program::{self, Arguments};

/// A mock server of the HoopAI platform for tests and demos. Listens on the loopback address, and
/// stops on Ctrl-C.
#[derive(Parser)]
#[command(version)]
struct Program {
    #[command(flatten)]
    arguments: Arguments,
}

#[tokio::main]
async fn main() -> ExitCode {
    program::run(Program::parse().arguments).await
}
