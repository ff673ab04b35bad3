//! The change report of `regen`, `compare` and `update`: its format, its version, the exit status.

use std::collections::BTreeMap;

use clap::ValueEnum;
use hoopai_codegen::{ApiChange, ChangeReport, Generated, Module, compare_crates};

use crate::{
    Console, Result, Status, Workspace,
    error::file_error,
    workspace::{ROOT_MANIFEST, crate_folder},
};

/// The exit codes, for `--help`.
pub(crate) const EXIT_CODES: &str = "\
Exit codes, the first that applies:
  1  failure: a module or the command failed, or wrong usage
  4  attention needed: a deviation between the platform's files and our data is not settled
  3  breaking: a change breaks users of the Rust API
  2  changed
  0  unchanged";

/// The format of a change report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ReportFormat {
    /// The text of a pull request
    Markdown,
    /// All changes as data; the guide describes the fields
    Json,
}

impl ReportFormat {
    /// Prints the report as the only result of a command.
    pub(crate) fn print(self, report: &ChangeReport, console: &Console) {
        console.line(self.text(report).trim_end());
    }

    pub(crate) fn text(self, report: &ChangeReport) -> String {
        match self {
            Self::Markdown => report.markdown(),
            Self::Json => report.json(),
        }
    }
}

/// The console for messages beside a report: notes, if a report is printed.
pub(crate) fn beside(console: &Console, format: Option<ReportFormat>) -> Console {
    match format {
        Some(_) => console.notes_only(),
        None => console.clone(),
    }
}

/// The exit status that follows from a report.
pub(crate) fn status(report: &ChangeReport) -> Status {
    let found = [
        (report.failed(), Status::Failure),
        (report.attention(), Status::Attention),
        (report.breaking(), Status::Breaking),
        (report.changed(), Status::Changed),
    ];
    let first = found.into_iter().find(|(number, _)| *number > 0);
    first.map_or(Status::Success, |(_, status)| status)
}

/// The version of the crates of the workspace.
pub(crate) fn workspace_version(tree: &Workspace) -> Result<String> {
    let text = tree.text(ROOT_MANIFEST)?.unwrap_or_default();
    let manifest: toml::Table = text.parse().map_err(|error: toml::de::Error| {
        file_error(
            ROOT_MANIFEST,
            format!("is not TOML: {}", error.message()),
            "correct it",
        )
    })?;
    let package = manifest
        .get("workspace")
        .and_then(|value| value.get("package"));
    let version = package.and_then(|package| package.get("version")?.as_str());
    version.map(str::to_owned).ok_or_else(|| {
        file_error(
            ROOT_MANIFEST,
            "has no `version` in `[workspace.package]`, from which the next version follows",
            "add it",
        )
    })
}

/// The changes from the crate in the tree to the generated one.
pub(crate) fn crate_api_changes(
    tree: &Workspace,
    module: &Module,
    generated: &Generated,
) -> Result<Vec<ApiChange>> {
    let folder = crate_folder(&module.name);
    let mut old = BTreeMap::new();
    for path in generated.files.keys() {
        if let Some(text) = tree.text(&format!("{folder}/{path}"))? {
            old.insert(path.clone(), text);
        }
    }
    let in_folder = |mut error: crate::FileError| {
        error.file = format!("{folder}/{}", error.file);
        error
    };
    compare_crates(&old, &generated.files).map_err(in_folder)
}
