//! `cargo xtask ci`: all that CI runs, stopping at the first failure.

use std::{ffi::OsString, process::Command};

use crate::{Console, Result, Workspace, commands::check::check, fault::fault};

enum Stage {
    Cargo(&'static [&'static str]),
    Check,
}

const STAGES: [(&str, Stage); 5] = [
    ("formatting", Stage::Cargo(&["fmt", "--all", "--check"])),
    (
        "lints",
        Stage::Cargo(&[
            "clippy",
            "--workspace",
            "--all-targets",
            "--",
            "-D",
            "warnings",
        ]),
    ),
    ("generated code", Stage::Check),
    ("tests", Stage::Cargo(&["test", "--workspace"])),
    (
        "schemas",
        Stage::Cargo(&[
            "test",
            "--package",
            "hoopai",
            "--features",
            "schemars",
            "--test",
            "schemas",
        ]),
    ),
];

pub(crate) fn ci(tree: &Workspace, console: &Console) -> Result<bool> {
    for (name, stage) in STAGES {
        console.note(format_args!("== {name}"));
        let passed = match stage {
            Stage::Cargo(arguments) => cargo(tree, arguments)?,
            Stage::Check => check(tree, console)?,
        };
        if !passed {
            console.line(format_args!("FAILED: {name}"));
            return Ok(false);
        }
    }
    console.line("all passed: formatting, lints, generated code, tests");
    Ok(true)
}

/// Runs cargo in the workspace, its output going where ours goes. False if it failed.
pub(crate) fn cargo(tree: &Workspace, arguments: &[&str]) -> Result<bool> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
    let status = Command::new(cargo)
        .args(arguments)
        .current_dir(tree.root())
        .status();
    status.map(|status| status.success()).map_err(|error| {
        fault(
            "cargo",
            format!("cannot be started: {error}"),
            "install Rust with rustup",
        )
    })
}
