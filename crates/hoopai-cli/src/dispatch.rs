//! Runs the command of a command line.

use std::process::ExitCode;

use clap::CommandFactory;
use hoopai_runtime::reqwest::Request;

use crate::command_line::{Command, CommandLine};
use crate::commands::{
    completions, doctor, explain, export, import, login, logout, man, operation, profiles, request,
    search, sync, verify, whoami,
};
use crate::failure::{Failure, Result};

/// Runs a command to its end.
pub(crate) fn run(line: CommandLine) -> Result<ExitCode> {
    let options = line.options;
    let ended = match line.command {
        Command::Mock(arguments) => return mock(*arguments),
        Command::Request(request) => wait(request::run(&options, request)),
        Command::Login(login) => wait(login::run(&options, login)),
        Command::Logout => wait(logout::run(&options)),
        Command::Whoami => wait(whoami::run(&options)),
        Command::Profiles(profiles) => profiles::run(&options, &profiles),
        Command::Doctor => wait(doctor::run(&options)),
        Command::Completions(completions) => completions::run(&completions, CommandLine::command()),
        Command::Complete(words) => completions::complete(&words, &CommandLine::command()),
        Command::Man => man::run(CommandLine::command()),
        Command::Search(search) => search::run(&options, &search),
        Command::Explain(explain) => explain::run(&options, &explain),
        Command::Export(export) => wait(export::run(&options, export)),
        Command::Import(import) => wait(import::run(&options, import)),
        Command::Sync(sync) => wait(sync::run(&options, sync)),
        Command::Verify(verify) => verify::run(&options, &verify),
        Command::Operation(arguments) => wait(operation::run(&options, arguments)),
    };
    ended.map(|()| ExitCode::SUCCESS)
}

/// Runs the mock server, which reports its errors itself, on threads of all processors.
fn mock(arguments: hoopai_mock::program::Arguments) -> Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(no_runtime)?;
    Ok(runtime.block_on(hoopai_mock::program::run(arguments)))
}

/// The request of a command of an operation.
pub(crate) fn request_of(line: CommandLine) -> Result<Request> {
    match line.command {
        Command::Operation(arguments) => operation::request_of(&line.options, arguments),
        _ => Err(Failure::usage("the command is none of an operation")),
    }
}

/// Runs a future on a runtime of one thread.
fn wait(work: impl Future<Output = Result>) -> Result {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(no_runtime)?;
    let result = runtime.block_on(work);
    runtime.shutdown_background();
    result
}

fn no_runtime(error: std::io::Error) -> Failure {
    Failure::internal(format_args!("the program cannot be started: {error}"))
}
