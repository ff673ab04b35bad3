//! `hoopai export`: lists into files.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use hoopai_bulk::{Budget, Export as Job, ExportedFile, PlatformList, export_status, to_csv};
use serde_json::{Value, json};

use crate::account::Client;
use crate::body::pair;
use crate::call::interruptible;
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::options::Options;
use crate::output::Printer;
use crate::progress::Progress;

/// Lists to export, and where
#[derive(Args, Debug)]
pub(crate) struct Export {
    /// The lists: contacts.search_contacts, invoices.list_invoices
    #[arg(required_unless_present = "status", value_name = "LIST")]
    lists: Vec<String>,

    /// Folder of the job and its files; an export that ended early continues
    #[arg(
        long,
        value_name = "FOLDER",
        required_unless_present = "status",
        conflicts_with = "status"
    )]
    to: Option<PathBuf>,

    /// Format of the files
    #[arg(long, value_name = "FORMAT", default_value = "ndjson")]
    format: FileFormat,

    /// Also export the notes, tasks and appointments of contacts, and the messages of conversations
    #[arg(long)]
    children: bool,

    /// Parameter, or field of the body, of each list that declares it: NAME=VALUE
    #[arg(long = "param", value_name = "NAME=VALUE")]
    parameters: Vec<String>,

    /// Percentage of the rate limit that the job may use
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(1..=100))]
    share: Option<u8>,

    /// Show how far the export in this folder is
    #[arg(long, value_name = "FOLDER", conflicts_with = "lists")]
    status: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum FileFormat {
    /// One JSON record in each line
    Ndjson,
    /// The same, and a CSV file of each when the export is complete
    Csv,
    /// The same, and a Parquet file of each when the export is complete
    #[cfg(feature = "parquet")]
    Parquet,
}

pub(crate) async fn run(options: &Options, export: Export) -> Result {
    let mut printer = Printer::stdout(options, false)?;
    if let Some(folder) = &export.status {
        let status = export_status(folder)?;
        let files: Vec<Value> = status.lists.iter().map(file).collect();
        let status = json!({
            "complete": status.complete, "paused": status.paused, "files": files,
        });
        return printer.reply(status, Some("files"));
    }
    let Some(folder) = &export.to else {
        return Err(Failure::usage("--to FOLDER is missing"));
    };
    if options.dry_run || options.curl {
        return Err(Failure::usage(
            "--dry-run and --curl do not apply to an export, which changes nothing",
        ));
    }
    let lists = lists(&export.lists, &export.parameters, export.children)?;
    #[cfg(feature = "parquet")]
    let columns: Vec<_> = lists.iter().flat_map(PlatformList::columns).collect();
    let client = Client::open(options).await?;
    let progress = Progress::new();
    let mut job = Job::new(folder)
        .budget(budget(&client, export.share))
        .on_progress(move |made| {
            let total = made
                .total
                .map_or_else(String::new, |total| format!(" of {total}"));
            progress.show(&format!("{}: {}{total} records", made.list, made.rows));
        });
    for list in lists {
        job = job.list(list.export(&client.handle)?);
    }
    let result = interruptible(async { Ok(job.run().await?) }).await;
    progress.clear();
    client.close().await;
    let report = match result {
        Ok(report) => report,
        Err(failure) => {
            let written = export_status(folder)
                .map_or(0, |status| status.lists.iter().map(|file| file.rows).sum());
            return Err(match failure.exit() {
                Exit::Interrupted | Exit::Usage => failure,
                _ => failure.partial(written),
            });
        }
    };
    let mut files: Vec<Value> = report.lists.iter().map(file).collect();
    if report.complete {
        for (file, written) in files.iter_mut().zip(&report.lists) {
            let records = &written.path;
            match export.format {
                FileFormat::Ndjson => {}
                FileFormat::Csv => {
                    let csv = records.with_extension("csv");
                    to_csv(records, &csv)?;
                    file["csv"] = csv.display().to_string().into();
                }
                #[cfg(feature = "parquet")]
                FileFormat::Parquet => {
                    let parquet = records.with_extension("parquet");
                    let columns = columns.iter().find(|(name, _)| *name == written.name);
                    let columns = columns.map_or(&[][..], |(_, columns)| columns);
                    hoopai_bulk::to_parquet(records, &parquet, columns)?;
                    file["parquet"] = parquet.display().to_string().into();
                }
            }
        }
    }
    let report = json!({ "complete": report.complete, "files": files });
    printer.reply(report, Some("files"))
}

/// The lists with the parameters that they declare. Each parameter is one of at least one list.
pub(super) fn lists(
    names: &[String],
    parameters: &[String],
    children: bool,
) -> Result<Vec<PlatformList>> {
    let mut lists = Vec::new();
    for name in names {
        let list = PlatformList::find(name)?;
        lists.push(if children { list.with_children() } else { list });
    }
    for parameter in parameters {
        let (name, value) = pair(parameter, "--param")?;
        if !lists.iter().any(|list| list.declares(&name)) {
            return Err(Failure::invalid(
                std::slice::from_ref(&name),
                format_args!("none of the lists declares `{name}`"),
            ));
        }
        lists = lists
            .into_iter()
            .map(|list| match list.declares(&name) {
                true => Ok(list.set(&name, &value)?),
                false => Ok(list),
            })
            .collect::<Result<_>>()?;
    }
    Ok(lists)
}

/// The whole limit, or a percentage of it. The job waits for the next day when the day is used up.
pub(super) fn budget(client: &Client, percent: Option<u8>) -> Budget {
    let budget = Budget::of(&client.handle);
    match percent {
        Some(percent) => budget.share(f64::from(percent) / 100.0),
        None => budget,
    }
}

fn file(file: &ExportedFile) -> Value {
    json!({
        "name": file.name,
        "path": file.path.display().to_string(),
        "rows": file.rows,
        "bytes": file.bytes,
    })
}
