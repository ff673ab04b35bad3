//! The command line `hoopai`, as a library for its tests.
//!
//! A command runs in this order: `arguments.rs` parses the arguments, `dispatch.rs` calls the file
//! of the command in `commands/`, `account/` selects credentials and builds the client, `call.rs`
//! shows, confirms or sends the call, and `output/` writes the reply. `failure.rs` has the errors
//! and `exit.rs` the exit codes.

mod account;
mod arguments;
mod body;
mod call;
mod command_line;
mod commands;
mod confirm;
mod directory;
mod dispatch;
mod exit;
mod failure;
mod input;
mod limit;
mod mask;
mod options;
mod output;
mod preview;
mod progress;
mod style;
mod text;
mod variable;

use std::ffi::OsString;
use std::io::{IsTerminal, Write};
use std::process::ExitCode;

pub use exit::Exit;

use failure::Failure;
use hoopai_runtime::reqwest::Request;
use style::Style;

/// Runs the command of these arguments, the first of which is the name of the program. Errors are
/// written to the standard error stream.
pub fn run(arguments: Vec<OsString>) -> ExitCode {
    let json_errors = arguments
        .iter()
        .skip(1)
        .take_while(|argument| *argument != "--")
        .any(|argument| argument == "--json-errors");
    let result = arguments::parse(arguments).and_then(dispatch::run);
    match result {
        Ok(code) => code,
        Err(failure) => {
            report(&failure, json_errors);
            ExitCode::from(failure.exit().code())
        }
    }
}

/// Returns the request of a command of an operation without sending it, as `--dry-run` shows it. It
/// has no token.
///
/// # Errors
/// The error as `--json-errors` prints it.
pub fn request_of(arguments: Vec<OsString>) -> Result<Request, String> {
    let request = arguments::parse(arguments).and_then(dispatch::request_of);
    request.map_err(|failure| failure.json())
}

/// Writes an error as a sentence or as JSON. A closed stream is ignored: the exit code remains.
fn report(failure: &Failure, json: bool) {
    let text = if json {
        failure.json()
    } else {
        failure.sentence()
    };
    let mut err = std::io::stderr().lock();
    let result = match text.strip_prefix("error:") {
        Some(rest) => {
            let style = Style::error(err.is_terminal());
            writeln!(err, "{}{rest}", style.paint("error:"))
        }
        None if text.is_empty() => return,
        None => writeln!(err, "{text}"),
    };
    let _ = result;
}
