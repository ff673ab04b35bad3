//! `cargo xtask update`: regenerates, checks the tree, and writes the change report to files. The
//! weekly workflow runs it before it opens a pull request. If a module fails, the tree still has the
//! changes of the others, and the report the failure.

use clap::Args;
use hoopai_codegen::ChangeReport;

use crate::{
    Console, Fetcher, FileError, ReportFormat, Result, Source, Status, Workspace,
    change_report::{status, workspace_version},
    commands::{
        check::{Check, check},
        regen::{Regen, regenerate},
    },
    download::SourceParser,
    error::{file_error, io_error},
};

/// The folder of the reports, in the workspace.
const FOLDER: &str = "target/regen";

const REPORTS: [(&str, ReportFormat); 2] = [
    ("report.md", ReportFormat::Markdown),
    ("report.json", ReportFormat::Json),
];

/// The setting of the source where no option is given. Workflows set it.
const SOURCE_VARIABLE: &str = "HOOPAI_SPEC_SOURCE";

/// The options of `cargo xtask update`.
#[derive(Clone, Debug, Args)]
pub(crate) struct Update {
    /// The source, as for `regen --source` [default: the variable HOOPAI_SPEC_SOURCE, then as regen]
    #[arg(long, value_name = "SOURCE", value_parser = SourceParser)]
    source: Option<Source>,
}

pub(crate) fn update(
    tree: &Workspace,
    options: &Update,
    fetcher: &Fetcher,
    console: &Console,
) -> Result<Status> {
    let version = workspace_version(tree)?;
    let regen = Regen {
        source: match options.source.clone() {
            Some(source) => Some(source),
            None => source_of_variable()?,
        },
        ..Regen::default()
    };
    // Without a report of this run, the tree is not one to propose.
    for (name, _) in REPORTS {
        let path = format!("{FOLDER}/{name}");
        match std::fs::remove_file(tree.path(&path)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(io_error(&path, "cannot be removed", &error));
            }
            _ => {}
        }
    }
    let modules = regenerate(tree, &regen, fetcher, console)?;
    let report = ChangeReport { version, modules };
    // The report lists what needs attention.
    let allow_attention = true;
    if !check(tree, &Check { allow_attention }, console)? {
        return Ok(Status::Failure);
    }
    for (name, format) in REPORTS {
        let path = format!("{FOLDER}/{name}");
        let written = tree
            .writer()
            .write(&tree.path(&path), format.text(&report).as_bytes());
        written.map_err(|error| io_error(&path, "cannot be written", &error))?;
        console.line(format_args!("report: {path}"));
    }
    Ok(status(&report))
}

/// The source in the environment. An empty variable is none.
fn source_of_variable() -> Result<Option<Source>> {
    let value = std::env::var(SOURCE_VARIABLE).unwrap_or_default();
    if value.is_empty() {
        return Ok(None);
    }
    // The value may contain a key, so the error does not repeat it.
    let invalid = |problem: String| -> FileError {
        file_error(
            SOURCE_VARIABLE,
            problem,
            "correct the variable, or pass --source",
        )
    };
    value.parse().map(Some).map_err(invalid)
}
