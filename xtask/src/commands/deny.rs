//! `cargo xtask deny`: licences, banned crates, sources and advisories, which cargo-deny holds against `deny.toml`.

use crate::{
    Console, Result, Workspace,
    cargo::{Metadata, program, succeeds, tool},
    commands::ci::Outcome,
};

pub(crate) fn deny(tree: &Workspace, console: &Console) -> Result<Outcome> {
    let target = Metadata::read(tree)?.target_directory;
    let Some(tool) = tool(&target, "tools", "cargo-deny") else {
        return Ok(Outcome::Skipped(
            "cargo-deny is not installed; .ci/run installs it, as does cargo install cargo-deny"
                .to_owned(),
        ));
    };
    let run = |arguments: &[&str]| {
        let mut command = program(tree, &tool);
        command.args(["--all-features", "--locked"]).args(arguments);
        command
    };
    let plain = [
        "check",
        "--hide-inclusion-graph",
        "bans",
        "licenses",
        "sources",
    ];
    if !succeeds(run(&plain))? {
        return Ok(Outcome::Failed);
    }
    // Fetching and checking are one command of cargo-deny's, whose failure would not say which of the two it was.
    if !succeeds(run(&["fetch", "db"]))? {
        console.line("skipped: advisories, since their database cannot be fetched");
        return Ok(Outcome::Passed);
    }
    let advisories = ["check", "--disable-fetch", "advisories"];
    Ok(succeeds(run(&advisories))?.into())
}
