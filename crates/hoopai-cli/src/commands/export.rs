//! `hoopai export`: lists into files.

use std::path::PathBuf;
use std::time::SystemTime;

use clap::{Args, ValueEnum};
use hoopai_bulk::{
    Export as Job, ExportProgress, ExportedFile, PlatformList, export_status, pause,
    platform_lists, to_csv,
};
use serde_json::{Value, json};

use super::job::{Shown, budget, interruptible, percent, rate_and_left, report_stop, until};
use crate::account::Client;
use crate::body::pair;
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::options::Options;
use crate::output::Printer;

/// Lists to export, and where
#[derive(Args, Debug)]
pub(crate) struct Export {
    /// The lists: contacts.search_contacts, invoices.list_invoices
    #[arg(required_unless_present_any = ["names", "status", "pause"], value_name = "LIST")]
    lists: Vec<String>,

    /// Folder of the job and its files; an export that ended early continues
    #[arg(
        long,
        value_name = "FOLDER",
        required_unless_present_any = ["names", "status", "pause"],
        conflicts_with_all = ["names", "status", "pause"]
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

    /// Percentage of the rate limit and of the daily limit that the job may use: 50%
    #[arg(long, value_name = "PERCENT", value_parser = percent)]
    share: Option<u8>,

    /// Time of day, in the time zone of this machine, at which the job stops: 18:00
    #[arg(long, value_name = "TIME", value_parser = until)]
    until: Option<SystemTime>,

    /// Write the progress as JSON objects to the standard error stream, at most one a second
    #[arg(long)]
    events: bool,

    /// Show the names of all lists
    #[arg(long = "lists", conflicts_with_all = ["lists", "status", "pause"])]
    names: bool,

    /// Show how far the export in this folder is
    #[arg(long, value_name = "FOLDER", conflicts_with_all = ["lists", "pause"])]
    status: Option<PathBuf>,

    /// Stop the process that runs the export in this folder; repeat its command to continue
    #[arg(long, value_name = "FOLDER", conflicts_with = "lists")]
    pause: Option<PathBuf>,
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
    if export.names {
        let names = platform_lists()
            .into_iter()
            .map(|name| json!({ "name": name }));
        return printer.reply(names.collect(), Some(""));
    }
    if let Some(folder) = &export.status {
        let status = export_status(folder)?;
        let files: Vec<Value> = status.lists.iter().map(file).collect();
        let status = json!({
            "complete": status.complete, "paused": status.paused, "files": files,
        });
        return printer.reply(status, Some("files"));
    }
    if let Some(folder) = &export.pause {
        pause(folder)?;
        return printer.reply(json!({ "paused": folder.display().to_string() }), None);
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
    let shown = Shown::new(export.events, &client);
    let progress = shown.progress;
    let mut job = Job::new(folder)
        .budget(budget(&client, export.share, export.until))
        .on_progress(move |made| {
            let is_last = made.left.is_some_and(|left| left.is_zero());
            shown.show(is_last, || event(made), || line(made));
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
    if report.unread > 0 {
        eprintln!(
            "{} lists below records were refused; see the reasons in the files with the name `…-unread`",
            report.unread
        );
    }
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
    let is_complete = report.complete;
    let report = json!({ "complete": is_complete, "unread": report.unread, "files": files });
    printer.reply(report, Some("files"))?;
    report_stop(is_complete);
    Ok(())
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
            let mut closest = lists
                .iter()
                .filter_map(|list| list.closest_parameter(&name));
            let closest = match closest.next() {
                Some(closest) => format!("; did you mean `{closest}`?"),
                None => String::new(),
            };
            return Err(Failure::invalid(
                std::slice::from_ref(&name),
                format_args!("none of the lists declares `{name}`{closest}"),
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

fn event(made: &ExportProgress) -> Value {
    json!({
        "event": "progress",
        "list": made.list,
        "rows": made.rows,
        "total": made.total,
        "children": made.children,
        "rowsPerSecond": made.rate,
        "secondsLeft": made.left.map(|left| left.as_secs()),
    })
}

fn line(made: &ExportProgress) -> String {
    let children = match made.children {
        0 => String::new(),
        children => format!(", {children} below them"),
    };
    read(&made.list, made.rows, made.total) + &children + &rate_and_left(made.rate, made.left)
}

/// How much of a list was read.
pub(super) fn read(list: &str, rows: u64, total: Option<u64>) -> String {
    match total {
        Some(total) => format!("{list}: {rows} of {total} records"),
        None => format!("{list}: {rows} records"),
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
