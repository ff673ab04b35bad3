//! The options that all commands have.

use clap::{Args, ValueEnum};

/// Options of all commands
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Options of all commands")]
pub(crate) struct Options {
    /// Profile whose credentials are used
    #[arg(long, global = true, value_name = "NAME", env = "HOOPAI_PROFILE")]
    pub(crate) profile: Option<String>,

    /// Location (sub-account) to act on
    #[arg(long, global = true, value_name = "ID")]
    pub(crate) location: Option<String>,

    /// Company (agency) to act on
    #[arg(long, global = true, value_name = "ID")]
    pub(crate) company: Option<String>,

    /// Server to use instead of the platform
    #[arg(long, global = true, value_name = "URL", conflicts_with = "mock")]
    pub(crate) base_url: Option<String>,

    /// API version to send, such as 2021-07-28
    #[arg(long, global = true, value_name = "DATE")]
    pub(crate) api_version: Option<String>,

    /// Seconds for a call with its waits and retries
    #[arg(long, global = true, value_name = "SECONDS", allow_negative_numbers = true, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub(crate) timeout: Option<u64>,

    /// Format; default: table on a terminal, json elsewhere
    #[arg(short, long, global = true, value_name = "FORMAT")]
    pub(crate) output: Option<Format>,

    /// Fields of each item, such as id,contact.email
    #[arg(long, global = true, value_name = "PATHS", value_delimiter = ',')]
    pub(crate) fields: Vec<String>,

    /// Maximum number of items
    #[arg(long, global = true, value_name = "N", allow_negative_numbers = true)]
    pub(crate) limit: Option<u64>,

    /// Filter in the language of jq; with --all it receives each item
    #[arg(long, global = true, value_name = "FILTER")]
    pub(crate) jq: Option<String>,

    /// Write CSV cells unchanged that a spreadsheet would read as a formula
    #[arg(long, global = true)]
    pub(crate) csv_raw: bool,

    /// Print the request without sending it
    #[arg(long, global = true, conflicts_with = "curl")]
    pub(crate) dry_run: bool,

    /// Print the request as a command of curl without sending it
    #[arg(long, global = true)]
    pub(crate) curl: bool,

    /// Use a mock server with sample data instead of the platform
    #[arg(long, global = true)]
    pub(crate) mock: bool,

    /// Confirm operations that delete data or reach people
    #[arg(short, long, global = true)]
    pub(crate) yes: bool,

    /// Print errors as JSON
    #[arg(long, global = true)]
    pub(crate) json_errors: bool,

    /// Report each attempt on the standard error stream
    #[arg(short, long, global = true)]
    pub(crate) verbose: bool,
}

/// The option of all commands whose name is most similar to an unknown one.
pub(crate) fn closest_option(name: &str) -> Option<String> {
    let command = Options::augment_args(clap::Command::new("hoopai"));
    let names = command.get_arguments().filter_map(clap::Arg::get_long);
    hoopai_catalogue::closest(name, names).map(str::to_owned)
}

/// The format of the output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Columns for people
    Table,
    /// Indented JSON
    Json,
    /// One JSON value in each line
    Ndjson,
    /// Comma-separated values with a header line
    Csv,
}
