//! The commands and their arguments.

use std::path::PathBuf;

use clap::{Parser, Subcommand};

use crate::{
    Console, Fetcher, Limits, Result, Status, Workspace,
    change_report::EXIT_CODES,
    commands::{
        api::{Api, api},
        attend::{Attend, attend},
        budget::budget,
        check::{Check, check},
        ci::{Ci, ci},
        codegen::{Codegen, codegen},
        compare::{Compare, compare},
        deny::{advisories, deny},
        dependencies::dependencies,
        events::{Events, events},
        export::{Export, export},
        export_tools::export_tools,
        features::features,
        fuzz::fuzz,
        guide::guide,
        history::{History, history},
        package::{Package, package},
        regen::{Regen, regen},
        report::{Report, report},
        update::{Update, update},
        validate::validate,
        words::words,
    },
};

/// The commands of this workspace.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
    /// Another workspace to work on
    #[arg(long, global = true, value_name = "DIR")]
    root: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Download the interface of each module into specs/, then generate the crates
    #[command(after_help = EXIT_CODES)]
    Regen(Regen),
    /// Report the changes between two sources of interface files, and write nothing
    #[command(after_help = EXIT_CODES)]
    Compare(Compare),
    /// Regenerate, write the change report to files and check the tree, as the weekly workflow does
    #[command(after_help = EXIT_CODES)]
    Update(Update),
    /// Generate the crates from specs/: the build step
    Codegen(Codegen),
    /// Make the event files of specs/webhooks/events from JSON schemas, without their prose
    Events(Events),
    /// Settle the deviations in specs/attention.json: apply the proposed edits, or accept them
    Attend(Attend),
    /// Check that generated code, lock, specs and lists agree
    Check(Check),
    /// Print figures of each module and of the hand-written code
    Report(Report),
    /// Write each module's OpenAPI document, overlay applied, for other OpenAPI tools
    Export(Export),
    /// Check that other OpenAPI tools accept the exported documents
    ExportTools,
    /// Measure compile time and generation time, and print their limits
    Budget,
    /// Run all CI steps, or the named ones
    Ci(Ci),
    /// Check dependencies between crates, their Rust versions, and dependencies between modules
    Dependencies,
    /// Check names in hand-written Rust against the list of retired words
    Words,
    /// Check licences, banned crates and sources with cargo-deny
    Deny,
    /// Check for security advisories and yanked versions with cargo-deny
    Advisories,
    /// Check that each feature compiles by itself
    Features,
    /// Run each fuzz target for a minute, from copies of the committed corpora
    Fuzz,
    /// Build the guide as a website with mdbook
    Guide,
    /// Regenerate a copy of the tree from older files of the platform, compile it, and restore it
    History(History),
    /// Compare the public API of the hand-written crates with the committed text
    Api(Api),
    /// Package each published crate, in the order of publishing, without uploading it
    Package(Package),
    /// Check the exported documents with a validator of OpenAPI 3.0
    Validate,
}

/// Runs a command.
pub fn run(cli: Cli, console: &Console) -> Result<Status> {
    let tree = Workspace::new(cli.root.unwrap_or_else(own_root));
    let fetcher = || Fetcher::new(Limits::default());
    let passed = match cli.command {
        Command::Regen(options) => return regen(&tree, &options, &fetcher()?, console),
        Command::Compare(options) => return compare(&tree, &options, &fetcher()?, console),
        Command::Update(options) => return update(&tree, &options, &fetcher()?, console),
        Command::Codegen(options) => codegen(&tree, &options, console),
        Command::Events(options) => events(&tree, &options, console),
        Command::Attend(options) => attend(&tree, &options, console),
        Command::Check(options) => check(&tree, &options, console),
        Command::Report(options) => report(&tree, &options, console),
        Command::Export(options) => export(&tree, &options, console),
        Command::ExportTools => Ok(export_tools(&tree, console)?.finish(console)),
        Command::Budget => budget(&tree, console),
        Command::Ci(options) => ci(&tree, &options, console),
        Command::Dependencies => dependencies(&tree, console),
        Command::Words => words(&tree, console),
        Command::Deny => Ok(deny(&tree, console)?.finish(console)),
        Command::Advisories => Ok(advisories(&tree, console)?.finish(console)),
        Command::Features => features(&tree, console),
        Command::Fuzz => Ok(fuzz(&tree, console)?.finish(console)),
        Command::Guide => Ok(guide(&tree, console)?.finish(console)),
        Command::History(options) => Ok(history(&tree, &options, console)?.finish(console)),
        Command::Api(options) => Ok(api(&tree, &options, console)?.finish(console)),
        Command::Package(options) => package(&tree, &options, console),
        Command::Validate => Ok(validate(&tree, console)?.finish(console)),
    };
    passed.map(Status::from)
}

/// The workspace of this crate: the variable that cargo sets, or else the path at compile time.
fn own_root() -> PathBuf {
    let manifest = std::env::var_os("CARGO_MANIFEST_DIR");
    let crate_folder =
        manifest.map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
    crate_folder
        .parent()
        .map(PathBuf::from)
        .unwrap_or(crate_folder)
}
