//! Runs cargo and other programs in the workspace, and reads the metadata of its packages.

use std::{
    ffi::{OsStr, OsString},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use cargo_metadata::{CargoOpt, Metadata, MetadataCommand};

use crate::{
    error::{FileError, Result, file_error},
    workspace::Workspace,
};

/// A command that runs a program at the root of the workspace.
pub(crate) fn program(tree: &Workspace, name: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(name);
    command.current_dir(tree.root());
    command
}

/// A command that runs cargo at the root of the workspace.
pub(crate) fn command(tree: &Workspace, arguments: &[&str]) -> Command {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
    let mut command = program(tree, cargo);
    command.args(arguments);
    command
}

/// Runs cargo in the workspace with inherited output. Returns false if it failed.
pub(crate) fn cargo(tree: &Workspace, arguments: &[&str]) -> Result<bool> {
    succeeds(command(tree, arguments))
}

/// Runs a program with inherited output. Returns false if it failed.
pub(crate) fn succeeds(mut command: Command) -> Result<bool> {
    let status = command.status();
    status
        .map(|status| status.success())
        .map_err(|error| not_started(&command, &error))
}

/// Runs a program with inherited standard error. Returns whether it succeeded, and its standard
/// output.
pub(crate) fn output(mut command: Command) -> Result<(bool, String)> {
    let output = command.stderr(Stdio::inherit()).output();
    let output = output.map_err(|error| not_started(&command, &error))?;
    let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
    Ok((output.status.success(), stdout))
}

fn not_started(command: &Command, error: &std::io::Error) -> FileError {
    let program = Path::new(command.get_program());
    let name = program.file_stem().unwrap_or(program.as_os_str());
    let remedy = if name == "cargo" {
        "install Rust with rustup"
    } else {
        "check that it is installed and executable"
    };
    file_error(
        name.to_string_lossy(),
        format!("cannot be started: {error}"),
        remedy,
    )
}

/// The path of a program that `.ci/run` installs: in the target folder, or else in `PATH`.
pub(crate) fn tool(target: impl AsRef<Path>, folder: &str, name: &str) -> Option<PathBuf> {
    let file = format!("{name}{}", std::env::consts::EXE_SUFFIX);
    let path = std::env::var_os("PATH").unwrap_or_default();
    [target.as_ref().join(folder).join("bin")]
        .into_iter()
        .chain(std::env::split_paths(&path))
        .map(|folder| folder.join(&file))
        .find(|candidate| candidate.is_file())
}

/// Runs `cargo metadata`, which may download the packages in `Cargo.lock`.
pub(crate) fn metadata(tree: &Workspace) -> Result<Metadata> {
    let mut command = MetadataCommand::new();
    command.current_dir(tree.root());
    command.features(CargoOpt::AllFeatures);
    command.other_options(["--locked".to_owned()]);
    command.exec().map_err(|error| {
        let remedy = "correct that; Cargo.lock must agree with the manifests";
        file_error("cargo metadata", error.to_string(), remedy)
    })
}
