//! From arguments to a command. The options of all commands may be anywhere, also between the
//! parameters of an operation. Only `mock` has options of its own that have their names, so its
//! arguments are parsed apart.

use std::ffi::OsString;

use clap::{CommandFactory, Parser};

use crate::command_line::{Command, CommandLine};
use crate::failure::{Failure, Result};
use crate::options::Options;

/// The options of all commands, without a command.
#[derive(Parser)]
#[command(name = "hoopai", disable_help_flag = true)]
struct OptionsOnly {
    #[command(flatten)]
    options: Options,
}

/// A mock server of the HoopAI Platform for tests and demos. Listens on the loopback address, and
/// stops on Ctrl-C
#[derive(Parser)]
#[command(name = "mock", bin_name = "hoopai mock", version, max_term_width = 100)]
struct MockOnly {
    #[command(flatten)]
    arguments: hoopai_mock::program::Arguments,
}

/// Parses the arguments, the first of which is the name of the program.
pub(crate) fn parse(arguments: Vec<OsString>) -> Result<CommandLine> {
    let count = arguments.len();
    let command = first_command(&arguments);
    if arguments.get(command).is_some_and(|name| name == "mock") {
        OptionsOnly::try_parse_from(&arguments[..command])?;
        let mock = MockOnly::try_parse_from(&arguments[command..])?;
        return Ok(CommandLine {
            options: Options::default(),
            command: Command::Mock(Box::new(mock.arguments)),
        });
    }
    let mut line = CommandLine::try_parse_from(arguments.iter().cloned())?;
    if let Command::Operation(rest) = &mut line.command {
        let before = &arguments[..count - rest.len()];
        let (global, own) = split(std::mem::take(rest))?;
        let all = before.iter().cloned().chain(global);
        line.options = OptionsOnly::try_parse_from(all)?.options;
        *rest = own;
    }
    Ok(line)
}

/// The index of the first argument that is neither an option of all commands nor its value.
fn first_command(arguments: &[OsString]) -> usize {
    let command = OptionsOnly::command();
    let mut index = 1;
    while let Some(argument) = arguments.get(index).and_then(|one| one.to_str()) {
        index += match option(&command, argument) {
            Some(true) => 2,
            Some(false) => 1,
            None => break,
        };
    }
    index
}

/// Whether the value of an option is the next argument. `None`: it is no option of all commands.
fn option(command: &clap::Command, argument: &str) -> Option<bool> {
    let (name, has_value) = match argument.split_once('=') {
        Some((name, _)) => (name, true),
        None => (argument, false),
    };
    let option = command.get_arguments().find(|option| {
        let long = name.strip_prefix("--");
        let short = argument
            .strip_prefix('-')
            .filter(|rest| !rest.starts_with('-'));
        long.is_some_and(|long| option.get_long() == Some(long))
            || short.is_some_and(|short| {
                option.get_short().is_some() && short.chars().next() == option.get_short()
            })
    })?;
    let is_short_with_value = !argument.starts_with("--") && argument.chars().count() > 2;
    let separate = option.get_action().takes_values() && !has_value && !is_short_with_value;
    Some(separate)
}

/// Splits the arguments of an operation into the options of all commands and the others.
fn split(arguments: Vec<OsString>) -> Result<(Vec<OsString>, Vec<OsString>)> {
    let command = OptionsOnly::command();
    let (mut global, mut own) = (Vec::new(), Vec::new());
    let mut arguments = arguments.into_iter();
    while let Some(argument) = arguments.next() {
        let text = argument.to_str().ok_or_else(|| {
            Failure::usage(format_args!(
                "the argument {} is not UTF-8",
                argument.to_string_lossy()
            ))
        })?;
        match option(&command, text) {
            None => own.push(argument),
            Some(separate) => {
                global.push(argument);
                if separate {
                    global.extend(arguments.next());
                }
            }
        }
    }
    Ok((global, own))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::Format;

    fn parsed(arguments: &[&str]) -> CommandLine {
        parse(arguments.iter().map(OsString::from).collect()).unwrap()
    }

    #[test]
    fn options_between_parameters_are_options() {
        let line = parsed(&[
            "hoopai",
            "--mock",
            "contacts",
            "get",
            "-ocsv",
            "--contact-id",
            "c1",
            "--limit=3",
            "--yes",
            "--fields",
            "id,name",
            "--query",
            "x",
        ]);
        assert!(line.options.mock && line.options.yes);
        assert_eq!(line.options.limit, Some(3));
        let Command::Operation(own) = line.command else {
            panic!("no operation")
        };
        assert_eq!(
            own,
            ["contacts", "get", "--contact-id", "c1", "--query", "x"]
        );
    }

    #[test]
    fn short_options_have_their_value_attached_or_separate() {
        for form in [
            &["-ocsv"][..],
            &["-o", "csv"],
            &["-o=csv"],
            &["--output=csv"],
        ] {
            let line = parsed(&[&["hoopai", "contacts", "list"][..], form].concat());
            assert_eq!(line.options.output, Some(Format::Csv), "{form:?}");
        }
    }

    #[test]
    fn mock_has_options_of_its_own() {
        for arguments in [
            &["hoopai", "mock", "--limit", "25/10", "--location", "l1"][..],
            &[
                "hoopai",
                "--json-errors",
                "--profile",
                "x",
                "mock",
                "--port=0",
            ],
            &["hoopai", "mock", "record", "--port", "0"],
        ] {
            let line = parsed(arguments);
            assert!(matches!(line.command, Command::Mock(_)), "{arguments:?}");
        }
        let line = parsed(&["hoopai", "contacts", "create", "--name", "mock"]);
        assert!(matches!(line.command, Command::Operation(_)));
    }
}
