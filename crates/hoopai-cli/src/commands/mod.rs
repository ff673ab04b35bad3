//! The commands, one file each.

pub(crate) mod completions;
pub(crate) mod doctor;
pub(crate) mod explain;
pub(crate) mod login;
pub(crate) mod logout;
pub(crate) mod man;
pub(crate) mod operation;
pub(crate) mod profiles;
pub(crate) mod request;
pub(crate) mod search;
pub(crate) mod whoami;

use crate::failure::{Failure, Result};
use crate::options::{Command, CommandLine};

/// Runs a command to its end.
pub(crate) fn run(line: CommandLine) -> Result {
    let options = line.options;
    match line.command {
        Command::Request(request) => wait(request::run(&options, request)),
        Command::Login(login) => wait(login::run(&options, login)),
        Command::Logout => wait(logout::run(&options)),
        Command::Whoami => wait(whoami::run(&options)),
        Command::Profiles(profiles) => profiles::run(&options, &profiles),
        Command::Doctor => wait(doctor::run(&options)),
        Command::Completions(completions) => completions::run(&completions),
        Command::Man => man::run(),
        Command::Search(search) => search::run(&options, &search),
        Command::Explain(explain) => explain::run(&options, &explain),
        Command::Operation(arguments) => operation::run(&options, arguments),
    }
}

/// Runs a future on a runtime of one thread.
pub(crate) fn wait(work: impl Future<Output = Result>) -> Result {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| {
            Failure::internal(format_args!("the program cannot be started: {error}"))
        })?;
    let result = runtime.block_on(work);
    runtime.shutdown_background();
    result
}
