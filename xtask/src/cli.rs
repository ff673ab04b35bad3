//! The commands and their arguments.

use std::path::PathBuf;

use clap::{Parser, Subcommand};

use crate::{
    Console, Fetcher, Limits, Result, Workspace,
    commands::{
        api::{Api, api},
        budget::budget,
        check::check,
        ci::{Ci, ci},
        codegen::{Codegen, codegen},
        deny::{advisories, deny},
        dependencies::dependencies,
        documents::documents,
        export::{Export, export},
        features::features,
        fuzz::fuzz,
        package::{Package, package},
        regen::{Regen, regen},
        report::{Report, report},
    },
    swap,
};

/// The commands of this workspace.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
    /// The workspace to work on, where it is not the one that this command belongs to
    #[arg(long, global = true, value_name = "DIR")]
    root: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Download the interface of each module into specs/, then generate the crates
    Regen(Regen),
    /// Generate the crates from specs/: the build step
    Codegen(Codegen),
    /// Check that generated code, lock, specs and lists agree
    Check,
    /// Show what the generator makes of each module
    Report(Report),
    /// Write each module's OpenAPI document, overlay applied, for other OpenAPI tools
    Export(Export),
    /// Measure compile time and generation time next to their limits
    Budget,
    /// Run all that CI runs, or some steps of it
    Ci(Ci),
    /// Check who knows whom among the crates, and that no dependency needs a later Rust than is stated
    Dependencies,
    /// Check licences, banned crates and sources with cargo-deny
    Deny,
    /// Check with cargo-deny that no dependency has a known hole or was withdrawn
    Advisories,
    /// Check that each feature compiles by itself
    Features,
    /// Run each fuzz target for a minute, from copies of the committed corpora
    Fuzz,
    /// Compare what the hand-written crates offer with the text of it that is committed
    Api(Api),
    /// Make the package of each published crate, in the order of publishing, and send nothing
    Package(Package),
    /// Check the exported documents with a validator of OpenAPI 3.0
    Documents,
}

/// Runs a command. False if it found something wrong and has said what.
pub fn run(cli: Cli, console: &Console) -> Result<bool> {
    let tree = Workspace::new(cli.root.unwrap_or_else(own_root));
    if let Some(title) = swap::recover(&tree)? {
        console.note(format_args!("finished the interrupted update of {title}"));
    }
    match cli.command {
        Command::Regen(options) => {
            regen(&tree, &options, &Fetcher::new(Limits::default())?, console)
        }
        Command::Codegen(options) => codegen(&tree, &options, console),
        Command::Check => check(&tree, console),
        Command::Report(options) => report(&tree, &options, console),
        Command::Export(options) => export(&tree, &options, console),
        Command::Budget => budget(&tree, console),
        Command::Ci(options) => ci(&tree, &options, console),
        Command::Dependencies => dependencies(&tree, console),
        Command::Deny => Ok(deny(&tree, console)?.told(console)),
        Command::Advisories => Ok(advisories(&tree, console)?.told(console)),
        Command::Features => features(&tree, console),
        Command::Fuzz => Ok(fuzz(&tree, console)?.told(console)),
        Command::Api(options) => Ok(api(&tree, &options, console)?.told(console)),
        Command::Package(options) => package(&tree, &options, console),
        Command::Documents => Ok(documents(&tree, console)?.told(console)),
    }
}

/// The workspace of this crate: as cargo says now, or as it was when this was compiled.
fn own_root() -> PathBuf {
    let manifest = std::env::var_os("CARGO_MANIFEST_DIR");
    let crate_folder =
        manifest.map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
    crate_folder
        .parent()
        .map(PathBuf::from)
        .unwrap_or(crate_folder)
}
