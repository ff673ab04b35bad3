//! Runs cargo and other programs in the workspace, and reads the metadata of its packages.

use std::{
    collections::BTreeMap,
    ffi::{OsStr, OsString},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use serde::Deserialize;
use serde_json::Value;

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
pub(crate) fn tool(target: &Path, folder: &str, name: &str) -> Option<PathBuf> {
    let file = format!("{name}{}", std::env::consts::EXE_SUFFIX);
    let path = std::env::var_os("PATH").unwrap_or_default();
    [target.join(folder).join("bin")]
        .into_iter()
        .chain(std::env::split_paths(&path))
        .map(|folder| folder.join(&file))
        .find(|candidate| candidate.is_file())
}

/// The output of `cargo metadata`.
#[derive(Debug, Deserialize)]
pub(crate) struct Metadata {
    pub(crate) packages: Vec<Package>,
    pub(crate) target_directory: PathBuf,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) rust_version: Option<String>,
    /// The registry. Packages of this workspace have none.
    pub(crate) source: Option<String>,
    /// The registries that it may be published to. `None` means any.
    pub(crate) publish: Option<Vec<String>>,
    pub(crate) description: Option<String>,
    pub(crate) license: Option<String>,
    pub(crate) repository: Option<String>,
    pub(crate) readme: Option<PathBuf>,
    pub(crate) keywords: Vec<String>,
    pub(crate) categories: Vec<String>,
    pub(crate) metadata: Value,
    pub(crate) manifest_path: PathBuf,
    pub(crate) dependencies: Vec<Dependency>,
    pub(crate) features: BTreeMap<String, Vec<String>>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Dependency {
    pub(crate) name: String,
    /// `dev`, `build`, or `None` for an ordinary one.
    pub(crate) kind: Option<String>,
}

impl Dependency {
    pub(crate) fn is_dev(&self) -> bool {
        self.kind.as_deref() == Some("dev")
    }
}

impl Metadata {
    /// Runs `cargo metadata`, which may download the packages in `Cargo.lock`.
    pub(crate) fn read(tree: &Workspace) -> Result<Self> {
        let (succeeded, text) = output(command(
            tree,
            &[
                "metadata",
                "--format-version",
                "1",
                "--all-features",
                "--locked",
            ],
        ))?;
        let unreadable = |problem: String| {
            file_error(
                "cargo metadata",
                problem,
                "see its output above; Cargo.lock must agree with the manifests",
            )
        };
        if !succeeded {
            return Err(unreadable("failed".to_owned()));
        }
        serde_json::from_str(&text)
            .map_err(|error| unreadable(format!("has an unexpected form: {error}")))
    }

    /// The packages of this workspace.
    pub(crate) fn own(&self) -> impl Iterator<Item = &Package> {
        self.packages.iter().filter(|package| package.is_own())
    }

    /// The published packages of this workspace, each after its dependencies.
    pub(crate) fn published(&self) -> Vec<&Package> {
        let mut remaining: Vec<&Package> = self
            .own()
            .filter(|package| package.is_published())
            .collect();
        remaining.sort_unstable_by_key(|package| &package.name);
        let mut ordered = Vec::with_capacity(remaining.len());
        let is_remaining =
            |name: &str, remaining: &[&Package]| remaining.iter().any(|other| other.name == name);
        while let Some(index) = remaining.iter().position(|package| {
            let mut dependencies = package.dependencies.iter();
            !dependencies.any(|dependency| is_remaining(&dependency.name, &remaining))
        }) {
            ordered.push(remaining.remove(index));
        }
        // Cargo reports cycles.
        ordered.extend(remaining);
        ordered
    }
}

impl Package {
    pub(crate) fn is_own(&self) -> bool {
        self.source.is_none()
    }

    pub(crate) fn is_published(&self) -> bool {
        self.publish.as_ref().is_none_or(|to| !to.is_empty())
    }

    /// The folder of its manifest.
    pub(crate) fn folder(&self) -> &Path {
        self.manifest_path.parent().unwrap_or(&self.manifest_path)
    }
}
