//! `hoopai import`: rows of a file into the platform.

use std::path::PathBuf;

use clap::Args;
use hoopai_bulk::{Import as Job, MappedWriter};
use serde_json::{Value, json};

use super::export::budget;
use crate::account::{Client, placeholder};
use crate::call::interruptible;
use crate::confirm::{Consequence, confirm};
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::options::Options;
use crate::output::Printer;

/// Rows to import, and how
#[derive(Args, Debug)]
pub(crate) struct Import {
    /// CSV with a header if the name ends with .csv, or else a JSON object in each line
    file: PathBuf,

    /// Operation that is called for each row: contacts.upsert_contact
    #[arg(long, value_name = "OPERATION")]
    operation: String,

    /// JSON file from parameters and fields of the operation to columns: {"email": "E-mail"}
    #[arg(long, value_name = "FILE")]
    map: PathBuf,

    /// Folder of the job and its results; an import that ended early continues
    #[arg(long, value_name = "FOLDER")]
    to: PathBuf,

    /// Stop after more than this many rejected rows
    #[arg(long, value_name = "N")]
    max_rejected: Option<u64>,

    /// Try the rejected rows of an earlier run again
    #[arg(long)]
    retry_rejected: bool,

    /// Percentage of the rate limit that the job may use
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(1..=100))]
    share: Option<u8>,
}

pub(crate) async fn run(options: &Options, import: Import) -> Result {
    let mut printer = Printer::stdout(options, false)?;
    if options.curl {
        return Err(Failure::usage("--curl does not apply to an import"));
    }
    let mapping = mapping(&import)?;
    let mut job = Job::new(&import.to, &import.file);
    if options.dry_run {
        let writer = MappedWriter::new(&placeholder(options)?, &import.operation, &mapping)?;
        let check = job.check(&writer)?;
        let rejections: Vec<Value> = check
            .first_rejections
            .iter()
            .map(|(row, error)| {
                json!({ "row": row, "field": error.field_name(), "message": error.message() })
            })
            .collect();
        printer.reply(
            json!({
                "rows": check.rows, "rejected": check.rejected, "firstRejections": rejections,
            }),
            None,
        )?;
        return rejected(check.rejected, check.rows, "would be rejected");
    }
    let operation = hoopai_catalogue::find(&import.operation)
        .map_err(|unknown| Failure::usage(unknown.to_string()))?;
    let client = Client::open(options).await?;
    let writer = MappedWriter::new(&client.handle, &import.operation, &mapping)?;
    confirm(
        options,
        &operation.key(),
        Consequence::of(operation.entry.effect),
    )?;
    job = job
        .settings(writer.settings())
        .budget(budget(&client, import.share));
    if let Some(most) = import.max_rejected {
        job = job.max_rejected(most);
    }
    let result = interruptible(async {
        match import.retry_rejected {
            true => Ok(job.retry_rejected(&writer).await?),
            false => Ok(job.run(&writer).await?),
        }
    })
    .await;
    client.close().await;
    let report = result?;
    printer.reply(
        json!({
            "complete": report.complete,
            "rows": report.rows,
            "done": report.done,
            "found": report.found,
            "rejected": report.rejected,
            "folder": import.to.display().to_string(),
        }),
        None,
    )?;
    rejected(
        report.rejected,
        report.rows,
        "were rejected; see rejected.ndjson in the folder",
    )
}

fn mapping(import: &Import) -> Result<Value> {
    let path = &import.map;
    let text = std::fs::read_to_string(path).map_err(|error| {
        Failure::usage(format_args!(
            "the mapping {} cannot be read: {error}",
            path.display()
        ))
    })?;
    serde_json::from_str(&text).map_err(|error| {
        Failure::usage(format_args!(
            "the mapping {} is not JSON (line {}, column {})",
            path.display(),
            error.line(),
            error.column()
        ))
    })
}

/// The failure of an import with rejected rows.
fn rejected(rejected: u64, rows: u64, what: &str) -> Result {
    match rejected {
        0 => Ok(()),
        _ => Err(Failure::of(
            Exit::Partial,
            format_args!("{rejected} of {rows} rows {what}"),
        )),
    }
}
