//! `hoopai import`: rows of a file into the platform.

mod trial;

use std::io::{self, BufWriter};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use clap::Args;
use hoopai_bulk::{
    Budget, Import as Job, ImportProgress, ImportReport, MappedWriter, OperationRemover, Undo,
    UndoReport, import_status, pause,
};
use serde_json::{Value, json};

use self::trial::Trial;
use super::job::{Shown, budget, interruptible, percent, rate_and_left, report_stop, until};
use crate::account::Client;
use crate::confirm::{Consequence, confirm};
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::options::Options;
use crate::output::Printer;

/// The number of rejected rows that a dry run prints.
const FIRST_REJECTIONS: usize = 20;

/// Of records that rows of a dry run name.
const ABSENT: &str = "that the mock server does not have, and counts as done";

type Output = Printer<BufWriter<io::Stdout>>;

/// Rows to import, and how
#[derive(Args, Debug)]
pub(crate) struct Import {
    /// CSV with a header if the name ends with .csv or .tsv, or else a JSON object in each line
    #[arg(required_unless_present_any = ["status", "pause", "undo"])]
    file: Option<PathBuf>,

    /// Operation that is called for each row: contacts.upsert_contact
    #[arg(long, value_name = "OPERATION", required_unless_present_any = ["status", "pause", "undo"])]
    operation: Option<String>,

    /// JSON file from parameters and fields of the operation to columns: {"email": "E-mail"}
    #[arg(long, value_name = "FILE", required_unless_present_any = ["status", "pause", "undo"])]
    map: Option<PathBuf>,

    /// Folder of the job and its results; an import that ended early continues
    #[arg(long, value_name = "FOLDER", required_unless_present_any = ["status", "pause", "undo"])]
    to: Option<PathBuf>,

    /// Country of telephone numbers without a country code: US
    #[arg(long, value_name = "CODE")]
    country: Option<String>,

    /// Separator of the columns; default: the one of , ; | and the tab that the header has most of
    #[arg(long, value_name = "CHARACTER")]
    separator: Option<char>,

    /// Replace the email address of a contact with the telephone number of a row, without a look-up
    #[arg(long)]
    replace_emails: bool,

    /// Stop after more than this many rejected rows
    #[arg(long, value_name = "N", alias = "max-rejected")]
    max_errors: Option<u64>,

    /// Try the rejected rows of an earlier run again
    #[arg(long, alias = "retry-rejected")]
    retry_failed: bool,

    /// Look up each row before it is sent, such as after a loss of the journal
    #[arg(long)]
    look_up_all: bool,

    /// Percentage of the rate limit and of the daily limit that the job may use: 50%
    #[arg(long, value_name = "PERCENT", value_parser = percent)]
    share: Option<u8>,

    /// Time of day, in the time zone of this machine, at which the job stops: 18:00
    #[arg(long, value_name = "TIME", value_parser = until)]
    until: Option<SystemTime>,

    /// Write the progress as JSON objects to the standard error stream, at most one a second
    #[arg(long)]
    events: bool,

    /// Show how far the import in this folder is
    #[arg(long, value_name = "FOLDER", conflicts_with_all = ["file", "pause", "undo"])]
    status: Option<PathBuf>,

    /// Stop the process that runs the import in this folder; repeat its command to continue
    #[arg(long, value_name = "FOLDER", conflicts_with_all = ["file", "undo"])]
    pause: Option<PathBuf>,

    /// Delete the records that the import in this folder created
    #[arg(long, value_name = "FOLDER", conflicts_with = "file")]
    undo: Option<PathBuf>,
}

/// An import that is complete on the command line.
struct Rows<'a> {
    import: &'a Import,
    file: &'a Path,
    operation: &'a str,
    folder: &'a Path,
    mapping: Value,
}

pub(crate) async fn run(options: &Options, import: Import) -> Result {
    let mut printer = Printer::stdout(options, false)?;
    if options.curl {
        return Err(Failure::usage("--curl does not apply to an import"));
    }
    if let Some(folder) = &import.status {
        return printer.reply(reported(&import_status(folder)?, folder), None);
    }
    if let Some(folder) = &import.pause {
        pause(folder)?;
        return printer.reply(json!({ "paused": folder.display().to_string() }), None);
    }
    if let Some(folder) = &import.undo {
        return undo(options, &import, folder, &mut printer).await;
    }
    let (Some(file), Some(operation), Some(map), Some(folder)) =
        (&import.file, &import.operation, &import.map, &import.to)
    else {
        return Err(Failure::usage(
            "FILE, --operation, --map and --to are needed",
        ));
    };
    let rows = Rows {
        import: &import,
        file,
        operation,
        folder,
        mapping: mapping(map)?,
    };
    match options.dry_run {
        true => rows.try_on_mock(options, &mut printer).await,
        false => rows.send(options, &mut printer).await,
    }
}

impl Rows<'_> {
    async fn writer(&self, client: &Client) -> Result<MappedWriter> {
        let writer = MappedWriter::open(&client.handle, self.operation, &self.mapping);
        let mut writer = writer.await?;
        if let Some(country) = &self.import.country {
            writer = writer.country(country)?;
        }
        Ok(match self.import.replace_emails {
            true => writer.replace_emails(),
            false => writer,
        })
    }

    fn job(&self, folder: &Path) -> Job {
        let job = Job::new(folder, self.file);
        match self.import.separator {
            Some(separator) => job.separator(separator),
            None => job,
        }
    }

    /// Runs the import on a mock server. Nothing is sent to the platform.
    async fn try_on_mock(&self, options: &Options, printer: &mut Output) -> Result {
        let folder = tempfile::tempdir()
            .map_err(|error| Failure::file(&std::env::temp_dir(), "written to", &error))?;
        let model = match self.operation.starts_with("opportunities") {
            true => "opportunity",
            false => "contact",
        };
        let fields = self.mapping["customFields"].as_object();
        let fields: Vec<(String, &str)> = fields
            .into_iter()
            .flatten()
            .map(|(name, _)| (name.clone(), model))
            .collect();
        let client = Client::for_trial(options, &fields).await?;
        let writer = self.writer(&client).await?;
        let writer = Trial::new(writer);
        let job = self.job(folder.path());
        let report = interruptible(async { Ok(job.run(&writer).await?) }).await?;
        let unknown = writer.unknown.into_inner();
        match unknown {
            0 => {}
            1 => eprintln!("1 row names a record {ABSENT}"),
            _ => eprintln!("{unknown} rows name records {ABSENT}"),
        }
        let path = folder.path().join("rejected.ndjson");
        let rejections =
            std::fs::read_to_string(&path).map_err(|error| Failure::file(&path, "read", &error))?;
        let rejections: Vec<Value> = rejections
            .lines()
            .take(FIRST_REJECTIONS)
            .filter_map(|line| serde_json::from_str(line).ok())
            .collect();
        printer.reply(
            json!({
                "rows": report.rows,
                "done": report.done,
                "rejected": report.rejected,
                "firstRejections": rejections,
            }),
            None,
        )?;
        rejected(&report, "would be rejected")
    }

    async fn send(&self, options: &Options, printer: &mut Output) -> Result {
        let operation = hoopai_catalogue::find(self.operation)
            .map_err(|unknown| Failure::usage(unknown.to_string()))?;
        let client = Client::open(options).await?;
        let writer = self.writer(&client).await?;
        confirm(
            options,
            &operation.key(),
            Consequence::of(operation.entry.effect),
        )?;
        let shown = Shown::new(self.import.events, &client);
        let progress = shown.progress;
        let mut job = self
            .job(self.folder)
            .settings(writer.settings())
            .look_up_all(self.import.look_up_all)
            .budget(self.import.budget(&client))
            .on_progress(move |made| {
                let is_last = made.done + made.rejected >= made.rows;
                shown.show(is_last, || event(made), || line(made));
            });
        if let Some(most) = self.import.max_errors {
            job = job.max_rejected(most);
        }
        let result = interruptible(async {
            match self.import.retry_failed {
                true => Ok(job.retry_rejected(&writer).await?),
                false => Ok(job.run(&writer).await?),
            }
        })
        .await;
        progress.clear();
        client.close().await;
        let report = result?;
        printer.reply(reported(&report, self.folder), None)?;
        report_stop(report.complete);
        rejected(&report, "were rejected; see rejected.ndjson in the folder")
    }
}

impl Import {
    fn budget(&self, client: &Client) -> Budget {
        budget(client, self.share, self.until)
    }
}

async fn undo(options: &Options, import: &Import, folder: &Path, printer: &mut Output) -> Result {
    let undo = Undo::new(folder);
    let plan = undo.plan()?;
    if options.dry_run {
        return printer.reply(undone(&plan), None);
    }
    let client = Client::open(options).await?;
    let remover = OperationRemover::of_import(&client.handle, folder)?;
    let what = format!("{} for {} records", remover.operation(), plan.left);
    confirm(options, &what, Some(Consequence::Destroys))?;
    let undo = undo.budget(import.budget(&client));
    let result = interruptible(async { Ok(undo.run(&remover).await?) }).await;
    client.close().await;
    let report = result?;
    printer.reply(undone(&report), None)?;
    match report.first_failures.len() {
        0 => Ok(()),
        _ => Err(Failure::of(
            Exit::Partial,
            format_args!("{} records could not be deleted", report.left),
        )),
    }
}

fn undone(report: &UndoReport) -> Value {
    let failures: Vec<Value> = report
        .first_failures
        .iter()
        .map(|(row, message)| json!({ "row": row, "message": message }))
        .collect();
    json!({
        "left": report.left,
        "removed": report.removed,
        "updated": report.updated,
        "unknown": report.unknown,
        "firstFailures": failures,
    })
}

fn reported(report: &ImportReport, folder: &Path) -> Value {
    json!({
        "complete": report.complete,
        "rows": report.rows,
        "done": report.done,
        "created": report.created,
        "found": report.found,
        "rejected": report.rejected,
        "folder": folder.display().to_string(),
    })
}

fn event(made: &ImportProgress) -> Value {
    json!({
        "event": "progress",
        "rows": made.rows,
        "done": made.done,
        "rejected": made.rejected,
        "rowsPerSecond": made.rate,
        "secondsLeft": made.left.map(|left| left.as_secs()),
    })
}

fn line(made: &ImportProgress) -> String {
    let mut line = format!("{} of {} rows", made.done + made.rejected, made.rows);
    if made.rejected > 0 {
        line.push_str(&format!(", {} rejected", made.rejected));
    }
    line.push_str(&rate_and_left(made.rate, made.left));
    line
}

fn mapping(path: &Path) -> Result<Value> {
    let text = std::fs::read_to_string(path).map_err(|error| {
        Failure::usage(format_args!(
            "the mapping {} cannot be read: {error}",
            path.display()
        ))
    })?;
    serde_json::from_str(text.trim_start_matches('\u{feff}')).map_err(|error| {
        Failure::usage(format_args!(
            "the mapping {} is not JSON (line {}, column {})",
            path.display(),
            error.line(),
            error.column()
        ))
    })
}

/// The failure of an import with rejected rows.
fn rejected(report: &ImportReport, what: &str) -> Result {
    match report.rejected {
        0 => Ok(()),
        rejected => Err(Failure::of(
            Exit::Partial,
            format_args!("{rejected} of {} rows {what}", report.rows),
        )),
    }
}
