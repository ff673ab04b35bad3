//! `cargo xtask deny` and `cargo xtask advisories`: run cargo-deny with `deny.toml`.

use std::process::Command;

use crate::{
    Console, Result, Workspace,
    cargo::{metadata, program, succeeds, tool},
    outcome::Outcome,
};

/// Checks licences, banned crates and sources, which needs no network.
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

/// Checks for security advisories and yanked versions, which needs the advisory database.
pub(crate) fn advisories(tree: &Workspace, _: &Console) -> Result<Outcome> {
    // Separate commands, since a failed download skips the step and a failed check does not.
    let (Some(mut fetch), Some(check)) = (
        cargo_deny(tree, &["fetch", "db"])?,
        cargo_deny(tree, &["check", "--disable-fetch", "advisories"])?,
    ) else {
        return Ok(not_installed());
    };
    // Ends the download if the connection stalls.
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

/// The command of cargo-deny with these arguments, if it is installed.
fn cargo_deny(tree: &Workspace, arguments: &[&str]) -> Result<Option<Command>> {
    let target = metadata(tree)?.target_directory;
    Ok(tool(&target, "tools", "cargo-deny").map(|tool| {
        let mut command = program(tree, tool);
        command.args(["--all-features", "--locked"]).args(arguments);
        command
    }))
}
