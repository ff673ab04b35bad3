//! `hoopai import`: rows of a file into the platform.

use std::io::{self, BufWriter};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::{Duration, Instant, SystemTime};

use clap::Args;
use hoopai_bulk::{
    Budget, Import as Job, ImportProgress, ImportReport, MappedWriter, OperationRemover, Undo,
    UndoReport, import_status, pause,
};
use jiff::ZonedDateTime;
use jiff::civil::Time;
use serde_json::{Value, json};

use super::export::budget;
use crate::account::Client;
use crate::confirm::{Consequence, confirm};
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::options::Options;
use crate::output::Printer;
use crate::progress::Progress;

/// The number of rejected rows that a dry run prints.
const FIRST_REJECTIONS: usize = 20;

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
        let job = self.job(folder.path());
        let report = interruptible(async { Ok(job.run(&writer).await?) }).await?;
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
        let shown = Shown::new(self.import.events);
        let progress = shown.progress;
        let mut job = self
            .job(self.folder)
            .settings(writer.settings())
            .look_up_all(self.import.look_up_all)
            .budget(self.import.budget(&client))
            .on_progress(move |progress| shown.show(progress));
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
        rejected(&report, "were rejected; see rejected.ndjson in the folder")
    }
}

impl Import {
    fn budget(&self, client: &Client) -> Budget {
        let budget = budget(client, self.share);
        match self.until {
            Some(until) => budget.until(until),
            None => budget,
        }
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

/// Shows the progress of an import: a line on a terminal, or events.
struct Shown {
    progress: Progress,
    /// When the last event was written. `None` inside: there was none. `None`: there are no events.
    events: Option<Mutex<Option<Instant>>>,
}

impl Shown {
    fn new(events: bool) -> Shown {
        Shown {
            progress: Progress::new(),
            events: events.then(Mutex::default),
        }
    }

    fn show(&self, made: &ImportProgress) {
        let Some(last) = &self.events else {
            return self.progress.show(&line(made));
        };
        let Ok(mut last) = last.lock() else {
            return;
        };
        let is_last = made.done + made.rejected >= made.rows;
        if is_last || last.is_none_or(|last| last.elapsed() >= Duration::from_secs(1)) {
            *last = Some(Instant::now());
            eprintln!("{}", event(made));
        }
    }
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
    if let Some(rate) = made.rate {
        line.push_str(&format!(", {rate:.1} a second"));
    }
    if let Some(left) = made.left {
        line.push_str(&format!(", {} left", duration(left)));
    }
    line
}

/// A duration in its two largest units.
fn duration(duration: Duration) -> String {
    let minutes = duration.as_secs().div_ceil(60);
    match (minutes / 1440, minutes / 60 % 24, minutes % 60) {
        (0, 0, minutes) => format!("{minutes} min"),
        (0, hours, minutes) => format!("{hours} h {minutes} min"),
        (days, hours, _) => format!("{days} d {hours} h"),
    }
}

fn percent(text: &str) -> std::result::Result<u8, String> {
    let number = text.strip_suffix('%').unwrap_or(text).trim().parse();
    match number {
        Ok(percent @ 1..=100) => Ok(percent),
        _ => Err("it is not a percentage from 1% to 100%".to_owned()),
    }
}

/// The next time at which clocks show this time of day.
fn until(text: &str) -> std::result::Result<SystemTime, String> {
    let time: Time = text
        .parse()
        .map_err(|_| "it is not a time of day, such as 18:00".to_owned())?;
    next(time, &ZonedDateTime::now()).map_err(|error| error.to_string())
}

fn next(time: Time, now: &ZonedDateTime) -> std::result::Result<SystemTime, jiff::Error> {
    let zone = now.time_zone();
    let today = now
        .date()
        .to_datetime(time)
        .to_zoned_datetime(zone.clone())?;
    let next = match today.timestamp() > now.timestamp() {
        true => today,
        false => {
            let tomorrow = now.date().tomorrow()?;
            tomorrow.to_datetime(time).to_zoned_datetime(zone.clone())?
        }
    };
    SystemTime::try_from(next.timestamp())
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

/// Ends on Ctrl-C.
async fn interruptible<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    tokio::select! {
        result = work => result,
        _ = tokio::signal::ctrl_c() => Err(Failure::interrupted(
            "interrupted: repeat the command to continue the job",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_of_day_is_the_next_one() {
        let now: ZonedDateTime = "2026-11-28T17:30:00+01:00[Europe/Berlin]".parse().unwrap();
        for (text, expected) in [
            ("18:00", "2026-11-28T18:00:00+01:00"),
            ("17:30", "2026-11-29T17:30:00+01:00"),
            ("06:15", "2026-11-29T06:15:00+01:00"),
        ] {
            let expected: jiff::Timestamp = expected.parse().unwrap();
            let found = next(text.parse().unwrap(), &now).unwrap();
            assert_eq!(found, SystemTime::try_from(expected).unwrap(), "{text}");
        }
        assert!(until("25:00").is_err());
    }

    #[test]
    fn percentages_have_a_sign_or_none() {
        assert_eq!(percent("50%"), Ok(50));
        assert_eq!(percent("7"), Ok(7));
        assert!(percent("0%").is_err() && percent("101").is_err());
    }

    #[test]
    fn durations_have_two_units() {
        for (seconds, text) in [(30, "1 min"), (3_660, "1 h 1 min"), (365_600, "4 d 5 h")] {
            assert_eq!(duration(Duration::from_secs(seconds)), text);
        }
    }
}
