//! Imports of rows into the platform.

mod custom_fields;
mod files;
mod mapping;
mod mapping_error;
mod normal;
mod progress;
mod rows;
mod undo;
mod writer;

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;
use std::fs::{self, File};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::Instant;

use futures_util::stream::{FuturesUnordered, StreamExt};
use hoopai_runtime::Error;
use serde_json::{Value, json};

use self::files::{JOURNAL, KIND, RECORDS, REJECTED, UNDO};
pub use self::mapping::MappedWriter;
use self::progress::{Entry, Progress};
pub use self::progress::{ImportProgress, ImportReport};
pub use self::rows::Row;
use self::rows::{Rows, fingerprint};
pub use self::undo::{OperationRemover, RecordRemover, Undo, UndoReport};
pub use self::writer::{Found, RowError, RowWriter, Written};
use crate::budget::Budget;
use crate::error::{BulkError, BulkErrorKind};
use crate::job::journal::Journal;
use crate::job::{self, JobFolder};
use crate::meter::Meter;
use crate::stop::Stop;

/// The number of rows that a check names.
const FIRST_REJECTIONS: usize = 20;

/// An import: the rows of a file, each of which is sent by a [`RowWriter`].
///
/// Each row is written to the journal before it is sent and after its reply. A row that was sent
/// without an answer, because the process or the connection ended, is looked up before it is sent
/// again. So each record is made once if the writer can find it.
///
/// The folder holds the job. When a run ends, it also holds `records.ndjson`, the row numbers and
/// ids of the records, and `rejected.ndjson`, the row numbers, fields and reasons of rejected rows.
/// The first row has the number 1.
#[must_use = "nothing is sent before it is run"]
pub struct Import {
    folder: PathBuf,
    input: PathBuf,
    settings: Value,
    concurrency: usize,
    max_rejected: Option<u64>,
    look_up_all: bool,
    budget: Option<Budget>,
    separator: Option<u8>,
    observer: Option<Observer>,
}

type Observer = Box<dyn Fn(&ImportProgress) + Send + Sync>;

/// The result of [`Import::check`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ImportCheck {
    /// The number of rows of the input.
    pub rows: u64,
    /// The number of rows that would be rejected before anything is sent.
    pub rejected: u64,
    /// The numbers and reasons of the first 20 of them.
    pub first_rejections: Vec<(u64, RowError)>,
}

impl Import {
    /// An import of a file into a folder for the job, which is empty, does not exist yet, or holds
    /// this import. A file whose name ends with `.csv` or `.tsv` is CSV with a header; other files have a JSON
    /// object in each line.
    pub fn new(folder: impl Into<PathBuf>, input: impl Into<PathBuf>) -> Self {
        Import {
            folder: folder.into(),
            input: input.into(),
            settings: Value::Null,
            concurrency: 10,
            max_rejected: None,
            look_up_all: false,
            budget: None,
            separator: None,
            observer: None,
        }
    }

    /// Sets what identifies the import besides the content of its input, such as the mapping or the
    /// location. An import does not continue with other settings.
    pub fn settings(mut self, settings: impl Into<Value>) -> Self {
        self.settings = settings.into();
        self
    }

    /// Sets how many rows are sent at a time. Default: 10.
    pub fn concurrency(mut self, rows: usize) -> Self {
        self.concurrency = rows.max(1);
        self
    }

    /// Sets the part of the rate limit that the import may use. Without one it uses all of it, and
    /// ends with an error when the daily budget is used up. A call of the writer counts as one
    /// request.
    pub fn budget(mut self, budget: Budget) -> Self {
        self.budget = Some(budget);
        self
    }

    /// Stops the import with an error after more than this many rejected rows. Default: no limit.
    pub fn max_rejected(mut self, rows: u64) -> Self {
        self.max_rejected = Some(rows);
        self
    }

    /// Looks up each row before it is sent, for an import whose journal lost entries or whose rows
    /// may have been sent by another job. Default: `false`.
    pub fn look_up_all(mut self, look_up: bool) -> Self {
        self.look_up_all = look_up;
        self
    }

    /// Sets the separator of the columns of a CSV file, an ASCII character. By default it is the one
    /// of `,`, `;`, `|` and the tab that the header has most of.
    pub fn separator(mut self, separator: char) -> Self {
        self.separator = u8::try_from(separator).ok();
        self
    }

    /// Sets a function that is called after each row.
    pub fn on_progress(
        mut self,
        observer: impl Fn(&ImportProgress) + Send + Sync + 'static,
    ) -> Self {
        self.observer = Some(Box::new(observer));
        self
    }

    /// The time of the client's clock, or of the system without a budget.
    fn now(&self) -> Instant {
        Budget::now(self.budget.as_ref())
    }

    /// Checks all rows and sends nothing. The folder is neither read nor made.
    ///
    /// # Errors
    /// The input cannot be read.
    pub fn check(&self, writer: &impl RowWriter) -> Result<ImportCheck, BulkError> {
        let mut check = ImportCheck {
            rows: 0,
            rejected: 0,
            first_rejections: Vec::new(),
        };
        check.rows = check_rows(self, writer, |number, error| {
            check.rejected += 1;
            if check.first_rejections.len() < FIRST_REJECTIONS {
                check.first_rejections.push((number, error));
            }
            Ok(())
        })?;
        Ok(check)
    }

    /// Runs the import, or continues it.
    ///
    /// # Errors
    /// The folder is in use or holds something else, the input was changed, a file cannot be read or
    /// written, a call failed without an answer about its row, or too many rows were rejected. What
    /// was done until then is recorded, and `run` continues there.
    pub async fn run(&self, writer: &impl RowWriter) -> Result<ImportReport, BulkError> {
        self.start(writer, false).await
    }

    /// Tries the rejected rows again, and continues the import.
    ///
    /// # Errors
    /// Those of [`run`](Import::run).
    pub async fn retry_rejected(&self, writer: &impl RowWriter) -> Result<ImportReport, BulkError> {
        self.start(writer, true).await
    }

    async fn start(&self, writer: &impl RowWriter, retry: bool) -> Result<ImportReport, BulkError> {
        let settings = json!({ "input": fingerprint(&self.input)?, "settings": self.settings });
        let folder = JobFolder::open(&self.folder, KIND, settings, |folder| {
            Journal::create(&folder.join(JOURNAL))
        })?;
        let undo = folder.file(UNDO);
        if Journal::is_begun(&undo) {
            return Err(BulkError::new(
                BulkErrorKind::OtherPlan,
                "the records of the import are being removed, or were",
                "start a new job in another folder",
            )
            .at(&undo));
        }
        folder.resume()?;
        let mut progress = Progress::default();
        let journal = Journal::open(&folder.file(JOURNAL), |entry: Entry| {
            progress.record(&entry)
        })?;
        if journal.is_cut() && !self.look_up_all {
            return Err(BulkError::new(
                BulkErrorKind::Damaged,
                "entries at the end of the journal are missing, so rows that were sent could be sent again",
                "restore the file from a backup, or continue with `look_up_all` (`--look-up-all`), which looks up each row that is left",
            )
            .at(&folder.file(JOURNAL)));
        }
        let mut run = ImportRun {
            import: self,
            folder: &folder,
            journal,
            progress,
        };
        if retry {
            run.record(&Entry::Retry)?;
            run.progress.rows = None;
        }
        let outcome = run.send_all(writer).await;
        run.journal.sync()?;
        let results = write_results(&folder);
        let complete = outcome?;
        results?;
        Ok(run.progress.report(complete))
    }
}

/// Shows no settings, which can contain personal data.
impl fmt::Debug for Import {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Import")
            .field("folder", &self.folder)
            .field("input", &self.input)
            .field("concurrency", &self.concurrency)
            .field("max_rejected", &self.max_rejected)
            .finish_non_exhaustive()
    }
}

/// The answer about a row that was sent or looked up.
enum Answer {
    Record {
        written: Written,
        found: bool,
    },
    Rejected(RowError),
    /// The row stays in doubt.
    Failed(Error),
    /// The job was stopped while the row waited for the limit. A row of an earlier run stays in
    /// doubt; another one was not sent.
    Postponed {
        is_doubtful: bool,
    },
}

struct ImportRun<'a> {
    import: &'a Import,
    folder: &'a JobFolder,
    journal: Journal,
    progress: Progress,
}

impl ImportRun<'_> {
    /// Settles all rows. `false`: the job was stopped.
    async fn send_all(&mut self, writer: &impl RowWriter) -> Result<bool, BulkError> {
        if self.progress.rows.is_none() {
            self.check_all(writer)?;
        }
        self.refuse_too_many()?;
        let mut meter = Meter::new(self.progress.settled(), self.import.now());
        let mut rows = Rows::open(&self.import.input, self.import.separator)?;
        let mut number = 0;
        let (mut is_read, mut is_stopped, mut failed) = (false, false, None);
        let stop = Stop {
            folder: self.folder,
            budget: self.import.budget.as_ref(),
        };
        let mut open = FuturesUnordered::new();
        loop {
            is_stopped = is_stopped || stop.is_set();
            let is_reading = !is_read && !is_stopped && failed.is_none();
            // Rows are announced to the journal together, and half of them are in progress meanwhile.
            if is_reading && open.len() <= self.import.concurrency / 2 {
                let room = self.import.concurrency - open.len();
                let batch = self.next_rows(&mut rows, &mut number, room)?;
                is_read = batch.len() < room;
                for (number, row, is_doubtful) in self.announce(batch)? {
                    let settled =
                        async move { (number, settle(writer, &row, is_doubtful, stop).await) };
                    open.push(settled);
                }
            }
            let Some((number, answer)) = open.next().await else {
                return match failed {
                    Some(error) => Err(error),
                    None => Ok(is_read && !is_stopped),
                };
            };
            match answer {
                Answer::Record { written, found } => self.record_written(number, written, found)?,
                Answer::Rejected(error) => self.reject(number, error)?,
                Answer::Failed(error) => failed = Some(BulkError::row(number, error)),
                Answer::Postponed { is_doubtful } => {
                    is_stopped = true;
                    if !is_doubtful {
                        self.record(&Entry::NotSent { row: number })?;
                    }
                }
            }
            self.report(&mut meter);
            if failed.is_none() {
                failed = self.refuse_too_many().err();
            }
        }
    }

    /// The next rows that are not settled. Fewer than `most`: the input has no more.
    fn next_rows(
        &self,
        rows: &mut Rows,
        number: &mut u64,
        most: usize,
    ) -> Result<Vec<(u64, Row)>, BulkError> {
        let mut batch = Vec::new();
        while batch.len() < most {
            if self.progress.is_settled(*number + 1) {
                let skipped = rows.skip();
                skipped.map_err(|cause| unreadable(&self.import.input, cause))?;
                *number += 1;
                continue;
            }
            let Some(row) = next(rows, &self.import.input)? else {
                break;
            };
            *number += 1;
            if let Ok(row) = row {
                batch.push((*number, row));
            }
        }
        Ok(batch)
    }

    /// Writes to the journal that rows are sent next. Returns them, and whether each was sent before.
    fn announce(&mut self, batch: Vec<(u64, Row)>) -> Result<Vec<(u64, Row, bool)>, BulkError> {
        let doubtful = &self.progress.doubtful;
        let (mut new, mut announced) = (Vec::new(), Vec::new());
        for (number, row) in batch {
            let was_sent = doubtful.contains(&number);
            if !was_sent {
                new.push(number);
            }
            announced.push((number, row, was_sent || self.import.look_up_all));
        }
        if !new.is_empty() {
            self.record(&Entry::Sending { rows: new })?;
            self.journal.sync()?;
        }
        Ok(announced)
    }

    /// Checks all rows, and rejects those that cannot be sent.
    fn check_all(&mut self, writer: &impl RowWriter) -> Result<(), BulkError> {
        let import = self.import;
        let number = check_rows(import, writer, |number, error| {
            match self.progress.is_settled(number) {
                true => Ok(()),
                false => self.reject(number, error),
            }
        })?;
        self.record(&Entry::Checked { rows: number })?;
        self.journal.sync()
    }

    fn record_written(&mut self, row: u64, written: Written, found: bool) -> Result<(), BulkError> {
        match written.problem {
            Some(problem) => self.reject(row, problem),
            None => self.record(&Entry::Done {
                row,
                id: written.id,
                found,
                created: written.created,
            }),
        }
    }

    fn reject(&mut self, row: u64, error: RowError) -> Result<(), BulkError> {
        self.record(&Entry::Rejected {
            row,
            field: error.field,
            message: error.message.into_owned(),
        })
    }

    fn record(&mut self, entry: &Entry) -> Result<(), BulkError> {
        self.journal.append(entry)?;
        self.progress.record(entry);
        Ok(())
    }

    fn report(&self, meter: &mut Meter) {
        let Some(observer) = &self.import.observer else {
            return;
        };
        let (settled, budget) = (self.progress.settled(), self.import.budget.as_ref());
        let rows = self.progress.rows.unwrap_or(0);
        let left = Some(rows.saturating_sub(settled));
        let (rate, left) = meter.measure(settled, left, budget, self.import.now());
        observer(&ImportProgress {
            rows,
            done: self.progress.done_rows,
            rejected: self.progress.rejected_rows,
            rate,
            left,
        });
    }

    fn refuse_too_many(&self) -> Result<(), BulkError> {
        match self.import.max_rejected {
            Some(most) if self.progress.rejected_rows > most => Err(BulkError::new(
                BulkErrorKind::Rejected,
                format!(
                    "{} rows were rejected, and the import is to stop after {most}",
                    self.progress.rejected_rows
                ),
                "see the reasons in the file, and raise the limit or start a new job with a corrected input",
            )
            .at(&self.folder.file(REJECTED))),
            _ => Ok(()),
        }
    }
}

fn next(
    rows: &mut Rows,
    input: &Path,
) -> Result<Option<Result<Row, Cow<'static, str>>>, BulkError> {
    rows.next().map_err(|cause| unreadable(input, cause))
}

fn unreadable(input: &Path, cause: std::io::Error) -> BulkError {
    BulkError::io("the input cannot be read", input, cause)
}

/// Checks all rows, and passes those that cannot be sent on. Returns the number of rows.
fn check_rows(
    import: &Import,
    writer: &impl RowWriter,
    mut reject: impl FnMut(u64, RowError) -> Result<(), BulkError>,
) -> Result<u64, BulkError> {
    let input = &import.input;
    let mut rows = Rows::open(input, import.separator)?;
    if let Some(columns) = rows.columns() {
        writer.check_columns(&columns).map_err(|error| {
            BulkError::new(
                BulkErrorKind::Invalid,
                format!("the columns of the input cannot be used: {}", error.message),
                "correct the mapping, or state the separator of the columns",
            )
            .at(input)
        })?;
    }
    // Hashes, since the keys of a million rows would take more memory than the rest of the job.
    let mut keys: HashMap<u64, u64> = HashMap::new();
    let mut number = 0;
    while let Some(row) = next(&mut rows, input)? {
        number += 1;
        let checked = match &row {
            Ok(row) => writer
                .check(row)
                .and_then(|()| unique(writer, row, number, &mut keys)),
            Err(reason) => Err(RowError::new(reason.clone())),
        };
        if let Err(error) = checked {
            reject(number, error)?;
        }
    }
    Ok(number)
}

/// Sends a row. One that was sent before is looked up. A call that the limit refused, which the
/// platform has not executed, is repeated after the wait.
async fn settle(
    writer: &impl RowWriter,
    row: &Row,
    mut is_doubtful: bool,
    stop: Stop<'_>,
) -> Answer {
    loop {
        let error = match attempt(writer, row, &mut is_doubtful, stop).await {
            Answer::Failed(error) => error,
            answer => return answer,
        };
        if !stop.wait_for_limit(&error).await {
            return Answer::Failed(error);
        }
        if stop.is_set() {
            return Answer::Postponed { is_doubtful };
        }
    }
}

async fn attempt(
    writer: &impl RowWriter,
    row: &Row,
    is_doubtful: &mut bool,
    stop: Stop<'_>,
) -> Answer {
    if *is_doubtful {
        if !stop.turn().await {
            return Answer::Postponed {
                is_doubtful: *is_doubtful,
            };
        }
        match writer.find(row).await {
            Ok(Found::Record(id)) => {
                let written = id.into();
                return Answer::Record {
                    written,
                    found: true,
                };
            }
            Ok(Found::Nothing | Found::Unknown) => *is_doubtful = false,
            Err(error) => return Answer::Failed(error),
        }
    }
    if let Some(check) = writer.check_before(row) {
        if !stop.turn().await {
            return Answer::Postponed {
                is_doubtful: *is_doubtful,
            };
        }
        match check.await {
            Ok(None) => {}
            Ok(Some(rejection)) => return Answer::Rejected(rejection),
            Err(error) => return Answer::Failed(error),
        }
    }
    if !stop.turn().await {
        return Answer::Postponed {
            is_doubtful: *is_doubtful,
        };
    }
    match writer.write(row).await {
        Ok(written) => Answer::Record {
            written,
            found: false,
        },
        Err(error) => match RowError::of_reply(&error) {
            Some(rejection) => Answer::Rejected(rejection),
            None => Answer::Failed(error),
        },
    }
}

fn unique(
    writer: &impl RowWriter,
    row: &Row,
    number: u64,
    seen: &mut HashMap<u64, u64>,
) -> Result<(), RowError> {
    let hashes = writer.keys(row).into_iter().map(|key| {
        let mut hash = DefaultHasher::new();
        key.hash(&mut hash);
        hash.finish()
    });
    let hashes: Vec<u64> = hashes.collect();
    if let Some(first) = hashes.iter().find_map(|hash| seen.get(hash)) {
        return Err(RowError::new(format!("it has a key of row {first}")));
    }
    seen.extend(hashes.into_iter().map(|hash| (hash, number)));
    Ok(())
}

/// Writes the files of results from the journal.
fn write_results(folder: &JobFolder) -> Result<(), BulkError> {
    let journal = folder.file(JOURNAL);
    // Rejections before the last retry were tried again.
    let mut retries = 0_u64;
    Journal::read(&journal, |entry: Entry| {
        retries += u64::from(matches!(entry, Entry::Retry));
    })?;
    let mut records = Results::create(folder.file(RECORDS))?;
    let mut rejected = Results::create(folder.file(REJECTED))?;
    let mut outcome = Ok(());
    Journal::read(&journal, |entry: Entry| {
        let written = match entry {
            Entry::Done {
                row, id, created, ..
            } => {
                let mut line = json!({ "row": row, "id": id });
                if let Some(created) = created {
                    line["created"] = created.into();
                }
                records.write(&line)
            }
            Entry::Rejected {
                row,
                field,
                message,
            } if retries == 0 => rejected.write(&json!({
                "row": row,
                "field": field,
                "message": message,
            })),
            Entry::Retry => {
                retries -= 1;
                Ok(())
            }
            _ => Ok(()),
        };
        if outcome.is_ok() {
            outcome = written;
        }
    })?;
    outcome?;
    records.finish()?;
    rejected.finish()
}

/// A file of results, which replaces that of the previous run when it is complete.
struct Results {
    path: PathBuf,
    new: PathBuf,
    file: BufWriter<File>,
}

impl Results {
    fn create(path: PathBuf) -> Result<Results, BulkError> {
        let mut new = path.clone().into_os_string();
        new.push(".new");
        let new = PathBuf::from(new);
        let file = File::create(&new).map_err(|cause| Self::failed(&path, cause))?;
        Ok(Results {
            path,
            new,
            file: BufWriter::new(file),
        })
    }

    fn write(&mut self, line: &Value) -> Result<(), BulkError> {
        writeln!(self.file, "{line}").map_err(|cause| Self::failed(&self.path, cause))
    }

    fn finish(mut self) -> Result<(), BulkError> {
        self.file
            .flush()
            .and_then(|()| self.file.get_ref().sync_data())
            .and_then(|()| fs::rename(&self.new, &self.path))
            .map_err(|cause| Self::failed(&self.path, cause))
    }

    fn failed(path: &Path, cause: std::io::Error) -> BulkError {
        BulkError::io("a file of results cannot be written", path, cause)
    }
}

/// Returns how far an import is, also while another process runs it.
///
/// # Errors
/// The folder holds no import, or cannot be read.
pub fn import_status(folder: impl AsRef<Path>) -> Result<ImportReport, BulkError> {
    let folder = folder.as_ref();
    job::read_settings(folder, KIND)?;
    let mut progress = Progress::default();
    Journal::read(&folder.join(JOURNAL), |entry: Entry| {
        progress.record(&entry)
    })?;
    Ok(progress.report(progress.is_complete()))
}
