//! The commands.

use std::ffi::OsString;

use clap::{Parser, Subcommand};

use crate::commands;
use crate::options::Options;

/// Command line of the HoopAI Platform API
///
/// `hoopai MODULE OPERATION --help` documents an operation, `hoopai search WORDS` finds one, and
/// `hoopai --mock contacts list` tries one on a mock server, without an account.
#[derive(Debug, Parser)]
#[command(name = "hoopai", version, max_term_width = 100, after_help = modules())]
pub(crate) struct CommandLine {
    #[command(flatten)]
    pub(crate) options: Options,

    #[command(subcommand)]
    pub(crate) command: Command,
}

/// The modules, as the end of the help.
fn modules() -> String {
    /// The width of a line.
    const WIDTH: usize = 90;
    let mut text = "Modules (hoopai MODULE --help lists the operations):".to_owned();
    let mut length = WIDTH;
    for module in hoopai_catalogue::modules() {
        let name = module.name();
        if length + name.len() + 1 > WIDTH {
            text.push_str("\n ");
            length = 1;
        }
        text.push(' ');
        text.push_str(name);
        length += name.len() + 1;
    }
    text
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Send a request by method and path
    Request(commands::request::Request),
    /// Store a private token, or install an OAuth app
    Login(commands::login::Login),
    /// Remove the stored credentials of a profile
    Logout,
    /// Show the account of the profile, and check its credentials
    Whoami,
    /// List the profiles, or select the default one
    Profiles(commands::profiles::Profiles),
    /// Check configuration, credentials, network and clock
    Doctor,
    /// Find operations by words, without a request
    Search(commands::search::Search),
    /// Describe an operation, such as contacts.upsert, without a request
    Explain(commands::explain::Explain),
    /// Run a mock server of the platform, or record what the platform replies
    Mock(Box<hoopai_mock::program::Arguments>),
    /// Export lists into files; the export continues after any interruption
    Export(commands::export::Export),
    /// Import the rows of a file; the import continues after any interruption
    Import(commands::import::Import),
    /// Keep a copy of lists in an SQLite database up to date
    Sync(commands::sync::Sync),
    /// Compare the files of an export or a copy with what the job wrote
    Verify(commands::verify::Verify),
    /// Print the completions of a shell
    Completions(commands::completions::Completions),
    /// Print the candidates of a completion
    #[command(hide = true)]
    Complete(commands::completions::Complete),
    /// Print the man page
    Man,
    /// An operation: MODULE OPERATION [--PARAMETER VALUE]...
    #[command(external_subcommand)]
    Operation(Vec<OsString>),
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use clap::{Command, CommandFactory};

    use super::*;

    fn chapter(name: &str) -> String {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/src");
        std::fs::read_to_string(path.join(name)).unwrap()
    }

    fn options(command: &Command, found: &mut Vec<String>) {
        let own = command.get_arguments().filter_map(clap::Arg::get_long);
        found.extend(own.map(|name| format!("--{name}")));
        for inner in command.get_subcommands().filter(|one| !one.is_hide_set()) {
            found.push(inner.get_name().to_owned());
            options(inner, found);
        }
    }

    #[test]
    fn command_line_is_consistent() {
        CommandLine::command().debug_assert();
    }

    #[test]
    fn guide_names_every_command_and_option() {
        let chapters = chapter("command-line.md") + &chapter("mock-server.md");
        let mut names = Vec::new();
        options(&CommandLine::command(), &mut names);
        assert!(names.len() > 30, "{names:?}");
        for name in names {
            assert!(chapters.contains(&name), "{name}");
        }
    }

    #[test]
    fn guide_names_every_exit_code() {
        let chapter = chapter("command-line.md");
        let (_, table) = chapter.split_once("## Exit codes").unwrap();
        let codes: Vec<u8> = table
            .lines()
            .filter_map(|line| line.strip_prefix("| ")?.split(' ').next()?.parse().ok())
            .collect();
        let exits = [
            crate::exit::Exit::Success,
            crate::exit::Exit::Internal,
            crate::exit::Exit::Usage,
            crate::exit::Exit::LoginNeeded,
            crate::exit::Exit::Refused,
            crate::exit::Exit::ConfirmationNeeded,
            crate::exit::Exit::RateLimited,
            crate::exit::Exit::Unavailable,
            crate::exit::Exit::Partial,
            crate::exit::Exit::Interrupted,
        ];
        assert_eq!(codes, exits.map(crate::exit::Exit::code));
    }
}
