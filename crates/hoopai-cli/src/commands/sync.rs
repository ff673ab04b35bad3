//! `hoopai sync`: a copy of lists that is kept up to date.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use clap::{Args, ValueEnum};
use hoopai_bulk::{PlatformList, SyncJob, SyncProgress, pause, to_csv, write_synced};
use serde_json::{Value, json};

use super::export::{lists, read};
use super::job::{Shown, budget, interruptible, percent, rate_and_left, report_stop, until};
use crate::account::Client;
use crate::failure::{Failure, Result};
use crate::options::Options;
use crate::output::Printer;

/// Lists to copy, and where
#[derive(Args, Debug)]
pub(crate) struct Sync {
    /// The lists: contacts.search_contacts, opportunities.search_opportunities_advanced
    #[arg(required_unless_present = "pause", value_name = "LIST")]
    lists: Vec<String>,

    /// Folder of the job and its database, records.sqlite; repeat the command to bring it up to date
    #[arg(
        long,
        value_name = "FOLDER",
        required_unless_present = "pause",
        conflicts_with = "pause"
    )]
    to: Option<PathBuf>,

    /// Also write the records of each list to a file
    #[arg(long, value_name = "FORMAT", default_value = "sqlite")]
    format: CopyFormat,

    /// Parameter, or field of the body, of each list that declares it: NAME=VALUE
    #[arg(long = "param", value_name = "NAME=VALUE")]
    parameters: Vec<String>,

    /// Compare all records in this run
    #[arg(long)]
    full: bool,

    /// Compare all records every N runs, which finds deleted ones
    #[arg(long, value_name = "N", default_value = "7", value_parser = clap::value_parser!(u64).range(1..))]
    compare_every: u64,

    /// Accept that more than half of the records were deleted
    #[arg(long)]
    accept_deletions: bool,

    /// Percentage of the rate limit and of the daily limit that the job may use: 50%
    #[arg(long, value_name = "PERCENT", value_parser = percent)]
    share: Option<u8>,

    /// Time of day, in the time zone of this machine, at which the job stops: 18:00
    #[arg(long, value_name = "TIME", value_parser = until)]
    until: Option<SystemTime>,

    /// Write the progress as JSON objects to the standard error stream, at most one a second
    #[arg(long)]
    events: bool,

    /// Stop the process that runs the copy in this folder; repeat its command to continue
    #[arg(long, value_name = "FOLDER", conflicts_with = "lists")]
    pause: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum CopyFormat {
    /// The database alone
    Sqlite,
    /// Also a file with one JSON record in each line
    Ndjson,
    /// Also such a file, and a CSV file of it
    Csv,
    /// Also such a file, and a Parquet file of it
    #[cfg(feature = "parquet")]
    Parquet,
}

pub(crate) async fn run(options: &Options, sync: Sync) -> Result {
    let mut printer = Printer::stdout(options, false)?;
    if options.dry_run || options.curl {
        return Err(Failure::usage(
            "--dry-run and --curl do not apply to a copy, which changes nothing",
        ));
    }
    if let Some(folder) = &sync.pause {
        pause(folder)?;
        return printer.reply(json!({ "paused": folder.display().to_string() }), None);
    }
    let Some(folder) = &sync.to else {
        return Err(Failure::usage("--to FOLDER is missing"));
    };
    let lists = lists(&sync.lists, &sync.parameters, false)?;
    let client = Client::open(options).await?;
    let shown = Shown::new(sync.events, &client);
    let progress = shown.progress;
    let mut job = SyncJob::new(folder)
        .budget(budget(&client, sync.share, sync.until))
        .full(sync.full)
        .compare_every(sync.compare_every)
        .accept_deletions(sync.accept_deletions)
        .on_progress(move |made| {
            let is_last = made.left.is_some_and(|left| left.is_zero());
            shown.show(is_last, || event(made), || line(made));
        });
    for list in &lists {
        job = job.list(list.clone().sync(&client.handle)?);
    }
    let result = interruptible(async { Ok(job.run().await?) }).await;
    progress.clear();
    client.close().await;
    let report = result?;
    let mut synced = Vec::new();
    for (list, copy) in lists.iter().zip(&report.lists) {
        let mut entry = json!({
            "name": copy.name,
            "full": copy.full,
            "read": copy.read,
            "added": copy.added,
            "updated": copy.updated,
            "deleted": copy.deleted,
            "rows": copy.rows,
        });
        if report.complete {
            write(&sync, folder, list, &copy.name, &mut entry)?;
        }
        synced.push(entry);
    }
    let reply = json!({
        "complete": report.complete,
        "database": report.database.display().to_string(),
        "lists": synced,
    });
    printer.reply(reply, Some("lists"))?;
    report_stop(report.complete);
    Ok(())
}

fn event(made: &SyncProgress) -> Value {
    json!({
        "event": "progress",
        "list": made.list,
        "full": made.full,
        "rows": made.read,
        "total": made.total,
        "rowsPerSecond": made.rate,
        "secondsLeft": made.left.map(|left| left.as_secs()),
    })
}

fn line(made: &SyncProgress) -> String {
    read(&made.list, made.read, made.total) + &rate_and_left(made.rate, made.left)
}

/// Writes the files of a list, and adds them to its entry of the report.
fn write(sync: &Sync, folder: &Path, list: &PlatformList, name: &str, entry: &mut Value) -> Result {
    if sync.format == CopyFormat::Sqlite {
        return Ok(());
    }
    let records = folder.join(format!("{name}.ndjson"));
    write_synced(folder, name, &records)?;
    entry["path"] = records.display().to_string().into();
    match sync.format {
        CopyFormat::Sqlite | CopyFormat::Ndjson => {}
        CopyFormat::Csv => {
            let csv = records.with_extension("csv");
            to_csv(&records, &csv)?;
            entry["csv"] = csv.display().to_string().into();
        }
        #[cfg(feature = "parquet")]
        CopyFormat::Parquet => {
            let parquet = records.with_extension("parquet");
            let columns = list.columns();
            let columns = columns.first().map_or(&[][..], |(_, columns)| columns);
            hoopai_bulk::to_parquet(&records, &parquet, columns)?;
            entry["parquet"] = parquet.display().to_string().into();
        }
    }
    #[cfg(not(feature = "parquet"))]
    let _ = list;
    Ok(())
}
