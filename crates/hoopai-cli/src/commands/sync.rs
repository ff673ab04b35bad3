//! `hoopai sync`: a copy of lists that is kept up to date.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use hoopai_bulk::{PlatformList, SyncJob, to_csv, write_synced};
use serde_json::{Value, json};

use super::export::{budget, lists};
use crate::account::Client;
use crate::call::interruptible;
use crate::failure::{Failure, Result};
use crate::options::Options;
use crate::output::Printer;
use crate::progress::Progress;

/// Lists to copy, and where
#[derive(Args, Debug)]
pub(crate) struct Sync {
    /// The lists: contacts.search_contacts, opportunities.search_opportunities_advanced
    #[arg(required = true, value_name = "LIST")]
    lists: Vec<String>,

    /// Folder of the job and its database, records.sqlite; repeat the command to bring it up to date
    #[arg(long, value_name = "FOLDER")]
    to: PathBuf,

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

    /// Percentage of the rate limit that the job may use
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(1..=100))]
    share: Option<u8>,
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
    let lists = lists(&sync.lists, &sync.parameters, false)?;
    let client = Client::open(options).await?;
    let progress = Progress::new();
    let mut job = SyncJob::new(&sync.to)
        .budget(budget(&client, sync.share))
        .full(sync.full)
        .compare_every(sync.compare_every)
        .accept_deletions(sync.accept_deletions)
        .on_progress(move |made| {
            let total = made
                .total
                .map_or_else(String::new, |total| format!(" of {total}"));
            progress.show(&format!("{}: {}{total} records", made.list, made.read));
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
            write(&sync, list, &copy.name, &mut entry)?;
        }
        synced.push(entry);
    }
    let report = json!({
        "complete": report.complete,
        "database": report.database.display().to_string(),
        "lists": synced,
    });
    printer.reply(report, Some("lists"))
}

/// Writes the files of a list, and adds them to its entry of the report.
fn write(sync: &Sync, list: &PlatformList, name: &str, entry: &mut Value) -> Result {
    if sync.format == CopyFormat::Sqlite {
        return Ok(());
    }
    let records = sync.to.join(format!("{name}.ndjson"));
    write_synced(&sync.to, name, &records)?;
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
