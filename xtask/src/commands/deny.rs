//! `cargo xtask deny` and `cargo xtask advisories`: what cargo-deny holds against `deny.toml`.

use std::process::Command;

use crate::{
    Console, Result, Workspace,
    cargo::{Metadata, program, succeeds, tool},
    commands::ci::Outcome,
};

/// Licences, banned crates, sources: all of it known here.
pub(crate) fn deny(tree: &Workspace, _: &Console) -> Result<Outcome> {
    let arguments = [
        "check",
        "--hide-inclusion-graph",
        "bans",
        "licenses",
        "sources",
    ];
    match cargo_deny(tree, &arguments)? {
        Some(command) => Ok(succeeds(command)?.into()),
        None => Ok(not_installed()),
    }
}

/// Known holes in dependencies, and versions that were withdrawn. Their list has to be fetched.
pub(crate) fn advisories(tree: &Workspace, _: &Console) -> Result<Outcome> {
    // Fetching is apart from checking: the failure of both in one would not say which of the two it was.
    let (Some(mut fetch), Some(check)) = (
        cargo_deny(tree, &["fetch", "db"])?,
        cargo_deny(tree, &["check", "--disable-fetch", "advisories"])?,
    ) else {
        return Ok(not_installed());
    };
    // A connection that stands still gives up.
    fetch.env("GIT_HTTP_LOW_SPEED_LIMIT", "1000");
    fetch.env("GIT_HTTP_LOW_SPEED_TIME", "20");
    if !succeeds(fetch)? {
        return Ok(Outcome::Skipped(
            "the advisory database cannot be reached".to_owned(),
        ));
    }
    Ok(succeeds(check)?.into())
}

fn not_installed() -> Outcome {
    Outcome::Skipped(
        "cargo-deny is not installed; .ci/run installs it, as does cargo install cargo-deny"
            .to_owned(),
    )
}

/// cargo-deny with these arguments, if it is installed.
fn cargo_deny(tree: &Workspace, arguments: &[&str]) -> Result<Option<Command>> {
    let target = Metadata::read(tree)?.target_directory;
    Ok(tool(&target, "tools", "cargo-deny").map(|tool| {
        let mut command = program(tree, tool);
        command.args(["--all-features", "--locked"]).args(arguments);
        command
    }))
}
