//! `hoopai verify`: the files of a job, compared with its journal.

use std::path::PathBuf;

use clap::Args;
use serde_json::{Value, json};

use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::options::Options;
use crate::output::Printer;

/// The job to verify
#[derive(Args, Debug)]
pub(crate) struct Verify {
    /// Folder of an export or of a copy
    folder: PathBuf,
}

pub(crate) fn run(options: &Options, verify: &Verify) -> Result {
    let mut printer = Printer::stdout(options, false)?;
    let report = hoopai_bulk::verify(&verify.folder)?;
    let files: Vec<Value> = report
        .files
        .iter()
        .map(|file| {
            json!({
                "name": file.name,
                "path": file.path.display().to_string(),
                "rows": file.rows,
                "bytes": file.bytes,
                "problem": file.problem.map(|problem| problem.as_str()),
            })
        })
        .collect();
    let intact = report.is_intact();
    printer.reply(
        json!({ "complete": report.complete, "intact": intact, "files": files }),
        Some("files"),
    )?;
    let problems = report.files.iter().filter(|file| file.problem.is_some());
    match problems.count() {
        0 if !report.complete => Err(Failure::of(
            Exit::Partial,
            "the job is not complete; repeat its command to continue it",
        )),
        0 => Ok(()),
        1 => Err(differ("1 file differs")),
        count => Err(differ(&format!("{count} files differ"))),
    }
}

fn differ(what: &str) -> Failure {
    Failure::of(
        Exit::Partial,
        format_args!(
            "{what} from what the job wrote; restore the files, or start a new job in another folder"
        ),
    )
}
