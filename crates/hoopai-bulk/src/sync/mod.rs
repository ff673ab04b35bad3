//! Copies of lists that are kept up to date.

mod state;
mod store;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use futures_core::Stream;
use hoopai_runtime::paging::ItemStream;
use hoopai_runtime::{Handle, Timestamp};
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};
use tracing::Instrument;

use self::state::{ListState, Pass, Record};
use self::store::Store;
use crate::budget::Budget;
use crate::error::{BulkError, BulkErrorKind};
use crate::job::{self, JobFolder};
use crate::meter::Meter;
use crate::stop::Stop;
use crate::verified::{FileProblem, VerifiedFile, VerifyReport, size};

const KIND: &str = "sync";
const DATABASE: &str = "records.sqlite";

/// How far before the latest known change a run begins to read, by default. The platform's servers
/// have clocks of their own, and its search shows changes after a moment.
const OVERLAP: Duration = Duration::from_secs(300);

/// The number of runs from one comparison of all records to the next, by default.
const COMPARE_EVERY: u64 = 7;

/// Fewer records than this are deleted without a question.
const FEW: u64 = 10;

type Open = Box<dyn Fn(&Start) -> ItemStream<Box<RawValue>> + Send + Sync>;
type Observer = Arc<dyn Fn(&SyncProgress) + Send + Sync>;

/// Where reading begins.
#[derive(Clone, Debug, Default)]
pub(crate) struct Start {
    /// The time of the last change from which on records are read, in milliseconds since 1970.
    pub(crate) since: Option<i64>,
    /// The position of the last record that was read.
    pub(crate) after: Option<Value>,
    /// Whether the latest change is wanted alone.
    pub(crate) newest: bool,
}

/// How a list is read in the order of changes.
pub(crate) struct Changes {
    /// The field with the time of the last change.
    pub(crate) updated: &'static str,
    /// The field with the position of a record in the list.
    pub(crate) position: &'static str,
    /// Its clock is that of the job.
    pub(crate) client: Handle,
}

/// A copy of lists of the platform in an SQLite database, which each run brings up to date.
///
/// The folder holds the job and the database, `records.sqlite`, with a table for each list:
///
/// | column | content |
/// |---|---|
/// | `id` | the id of the record |
/// | `record` | the record as JSON, with all fields that the platform sent |
/// | `updated` | the time of its last change in milliseconds since 1970, if the list has one |
/// | `changed` | the number of the run that wrote it last |
/// | `pass` | the number of the run that compared it last |
///
/// Records that the platform no longer lists move to the table `_deleted`.
///
/// A list that the platform orders by the last change is read from the latest change on; every
/// [`compare_every`](SyncJob::compare_every) runs it is read whole, which finds deleted records. Other
/// lists are read whole each time, and compared record by record. A run that ended early, in
/// whatever way, continues when it is run again: the lists before the one that it was reading are
/// brought up to date once more.
///
/// ```no_run
/// # async fn run(client: hoopai_runtime::Handle) -> Result<(), hoopai_bulk::BulkError> {
/// use hoopai_bulk::{PlatformList, SyncJob};
///
/// let contacts = PlatformList::find("contacts.search_contacts")?.sync(&client)?;
/// let report = SyncJob::new("copy").list(contacts).run().await?;
/// println!("{} changed, {} deleted", report.lists[0].updated, report.lists[0].deleted);
/// # Ok(())
/// # }
/// ```
#[must_use = "nothing is read before it is run"]
pub struct SyncJob {
    folder: PathBuf,
    lists: Vec<SyncList>,
    settings: Value,
    observer: Option<Observer>,
    budget: Option<Budget>,
    full: bool,
    compare_every: u64,
    overlap: Duration,
    accept_deletions: bool,
}

/// A list of a [`SyncJob`].
pub struct SyncList {
    name: String,
    id: Option<String>,
    open: Open,
    changes: Option<Changes>,
    settings: Value,
}

/// What a run of a [`SyncJob`] has done.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SyncReport {
    /// Whether all lists were read to their ends. If not, the job was paused, or the time of its
    /// budget was over.
    pub complete: bool,
    /// The database.
    pub database: PathBuf,
    /// The lists, in their order.
    pub lists: Vec<SyncedList>,
}

/// A list of a [`SyncReport`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SyncedList {
    /// The name of the list, which is that of its table.
    pub name: String,
    /// Whether all records were compared, and not those with changes alone.
    pub full: bool,
    /// The number of records that were read, in this run and the interrupted ones that it continued.
    pub read: u64,
    /// The number of new records among them.
    pub added: u64,
    /// The number of changed records among them.
    pub updated: u64,
    /// The number of records that the platform no longer lists.
    pub deleted: u64,
    /// The number of records in the copy.
    pub rows: u64,
}

/// The state of a [`SyncJob`] after a page.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct SyncProgress {
    /// The list that is being read.
    pub list: String,
    /// Whether all of its records are compared.
    pub full: bool,
    /// The number of records that were read.
    pub read: u64,
    /// The total of this reading that the platform reports. It can be wrong.
    pub total: Option<u64>,
    /// Records per second, over the last ten seconds or more. `None` before.
    pub rate: Option<f64>,
    /// The estimated time until the end of the list, across days. `None` if the platform reports no
    /// total, or if the time cannot be estimated yet.
    pub left: Option<Duration>,
}

impl SyncList {
    /// A list that is read whole each time, and a function that opens it at its beginning. The name
    /// is that of its table, and may consist of letters, digits, `-` and `_`.
    pub fn new<T>(
        name: impl Into<String>,
        open: impl Fn() -> ItemStream<T> + Send + Sync + 'static,
    ) -> Self {
        Self::from_parts(
            name.into(),
            Box::new(move |_| open().items_as()),
            None,
            Value::Null,
        )
    }

    pub(crate) fn from_parts(
        name: String,
        open: Open,
        changes: Option<Changes>,
        settings: Value,
    ) -> Self {
        SyncList {
            name,
            id: None,
            open,
            changes,
            settings,
        }
    }

    /// Sets the field that holds the id of a record. Default: `id`, or else `_id`.
    pub fn id(mut self, field: impl Into<String>) -> Self {
        self.id = Some(field.into());
        self
    }

    /// Sets what identifies the list besides its name, such as its filter. A job does not continue
    /// with other settings.
    pub fn settings(mut self, settings: impl Into<Value>) -> Self {
        self.settings = settings.into();
        self
    }

    /// Whether the list is read in the order of changes.
    pub fn is_incremental(&self) -> bool {
        self.changes.is_some()
    }

    fn record(&self, item: &RawValue, number: u64) -> Result<Record, BulkError> {
        let fields: Map<String, Value> = serde_json::from_str(item.get()).unwrap_or_default();
        let names: &[&str] = match &self.id {
            Some(name) => &[name.as_str()],
            None => &["id", "_id"],
        };
        let id = names.iter().find_map(|name| job::id(&fields, name));
        let Some(id) = id else {
            return Err(BulkError::new(
                BulkErrorKind::Invalid,
                format!(
                    "record {number} of the list `{}` has no id in `{}`",
                    self.name,
                    names.join("` or `")
                ),
                "name the field that holds the id with `SyncList::id`",
            ));
        };
        let updated = self.changes.as_ref().and_then(|changes| {
            let time = fields.get(changes.updated)?;
            let time: Timestamp = serde_json::from_value(time.clone()).ok()?;
            Some(time.unix_millis())
        });
        Ok(Record {
            id,
            json: item.get().replace(['\n', '\r'], " "),
            updated,
        })
    }
}

impl SyncJob {
    /// A copy in a folder, which is empty, does not exist yet, or holds this copy.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        SyncJob {
            folder: folder.into(),
            lists: Vec::new(),
            settings: Value::Null,
            observer: None,
            budget: None,
            full: false,
            compare_every: COMPARE_EVERY,
            overlap: OVERLAP,
            accept_deletions: false,
        }
    }

    /// Adds a list. Lists are read one after the other.
    pub fn list(mut self, list: SyncList) -> Self {
        self.lists.push(list);
        self
    }

    /// Sets what identifies the copy besides the names of its lists, such as the location. A job
    /// does not continue with other settings.
    pub fn settings(mut self, settings: impl Into<Value>) -> Self {
        self.settings = settings.into();
        self
    }

    /// Sets the part of the rate limit that the job may use. Without one it uses all of it, and ends
    /// with an error when the daily budget is used up.
    pub fn budget(mut self, budget: Budget) -> Self {
        self.budget = Some(budget);
        self
    }

    /// Sets a function that is called after each page, and at the end of each list.
    pub fn on_progress(mut self, observer: impl Fn(&SyncProgress) + Send + Sync + 'static) -> Self {
        self.observer = Some(Arc::new(observer));
        self
    }

    /// Compares all records of each list in this run.
    pub fn full(mut self, full: bool) -> Self {
        self.full = full;
        self
    }

    /// Sets that every so many runs compare all records, which finds deleted ones. Default: 7. 0
    /// counts as 1.
    pub fn compare_every(mut self, runs: u64) -> Self {
        self.compare_every = runs.max(1);
        self
    }

    /// Sets how far before the latest known change a run begins to read. Default: 5 minutes. It must
    /// cover the differences between clocks of the platform, and the time until its search shows a
    /// change.
    pub fn overlap(mut self, overlap: Duration) -> Self {
        self.overlap = overlap;
        self
    }

    /// Accepts that more than half of the records are deleted. Otherwise such a run ends with an
    /// error, since a wrong filter or a damaged reply looks the same.
    pub fn accept_deletions(mut self, accept: bool) -> Self {
        self.accept_deletions = accept;
        self
    }

    /// Brings the copy up to date. It blocks the thread while it writes to the database, for at most
    /// some milliseconds at a time.
    ///
    /// # Errors
    /// The folder is in use, holds something else, or cannot be written to; a call failed; more than
    /// half of the records are missing. What was read until then is kept, and `run` continues there.
    pub async fn run(&self) -> Result<SyncReport, BulkError> {
        let names: Vec<&str> = self.lists.iter().map(|list| list.name.as_str()).collect();
        job::check_names(names.clone())?;
        check_tables(&names)?;
        let queries: Vec<&Value> = self.lists.iter().map(|list| &list.settings).collect();
        let settings = json!({
            "lists": names,
            "listSettings": queries,
            "settings": self.settings,
        });
        let folder = JobFolder::open(&self.folder, KIND, settings, |folder| {
            Store::create(&folder.join(DATABASE), &names)
        })?;
        folder.resume()?;
        let mut store = Store::open(&folder.file(DATABASE), &names)?;
        let mut report = SyncReport {
            complete: true,
            database: folder.file(DATABASE),
            lists: Vec::new(),
        };
        for list in &self.lists {
            let mut run = ListRun {
                job: self,
                stop: Stop {
                    folder: &folder,
                    budget: self.budget.as_ref(),
                },
                meter: Meter::new(0, Budget::now(self.budget.as_ref())),
                store: &mut store,
                list,
            };
            let span = tracing::info_span!("sync", list = list.name);
            let (complete, synced) = run.read().instrument(span).await?;
            report.complete &= complete;
            report.lists.push(synced);
            if !complete {
                break;
            }
        }
        store.finish()?;
        Ok(report)
    }
}

/// Writes the records of a list of a [`SyncJob`] to a file, one in each line and in the order of their
/// ids, for [`to_csv`](crate::to_csv) and `to_parquet`. The file is replaced only when it is
/// complete. Returns the number of records.
///
/// # Errors
/// The folder holds no such copy or list, or a file cannot be read or written.
pub fn write_synced(
    folder: impl AsRef<Path>,
    list: &str,
    records: impl AsRef<Path>,
) -> Result<u64, BulkError> {
    let folder = folder.as_ref();
    let plan = job::read_settings(folder, KIND)?;
    let lists: Vec<String> = serde_json::from_value(plan["lists"].clone()).unwrap_or_default();
    if !lists.iter().any(|known| known == list) {
        return Err(BulkError::new(
            BulkErrorKind::Invalid,
            format!("the copy has no list `{list}`"),
            format!("pass one of these: {}", lists.join(", ")),
        )
        .at(folder));
    }
    Store::read(&folder.join(DATABASE))?.write_records(list, records.as_ref())
}

/// Checks the database of a copy, and counts its records.
pub(crate) fn verify_database(folder: &Path) -> Result<VerifyReport, BulkError> {
    let plan = job::read_settings(folder, KIND)?;
    let lists: Vec<String> = serde_json::from_value(plan["lists"].clone()).unwrap_or_default();
    let path = folder.join(DATABASE);
    let mut report = VerifyReport {
        complete: true,
        files: Vec::new(),
    };
    let bytes = size(&path)?;
    let mut store = match bytes {
        Some(_) => Some(Store::read(&path)?),
        None => None,
    };
    if let Some(store) = &mut store {
        store.check()?;
    }
    for list in lists {
        let rows = match &mut store {
            Some(store) => {
                let state = store.state(&list)?;
                report.complete &= state.compared.is_some() && state.pass.is_none();
                store.rows(&list)?
            }
            None => 0,
        };
        report.files.push(VerifiedFile {
            name: list,
            path: path.clone(),
            rows,
            bytes: bytes.unwrap_or(0),
            problem: bytes.is_none().then_some(FileProblem::Missing),
        });
    }
    Ok(report)
}

/// One list of a running [`SyncJob`].
struct ListRun<'a> {
    job: &'a SyncJob,
    stop: Stop<'a>,
    meter: Meter,
    store: &'a mut Store,
    list: &'a SyncList,
}

impl ListRun<'_> {
    /// Reads the list to its end. `false`: the job was stopped.
    async fn read(&mut self) -> Result<(bool, SyncedList), BulkError> {
        let mut state = self.store.state(&self.list.name)?;
        let full = self.job.full || self.is_due(&state);
        let mut pass = match state.pass.take() {
            Some(pass) if pass.full || !self.job.full => pass,
            _ => match self.begin(&mut state, full).await? {
                Some(pass) => pass,
                None => return Ok((false, self.synced(&Pass::default(), 0)?)),
            },
        };
        state.pass = Some(pass.clone());
        self.store
            .write_page(&self.list.name, &mut state, &mut pass, &[])?;

        self.meter = Meter::new(pass.read, Budget::now(self.stop.budget));
        let mut items = self.open(&pass);
        if !self.turn().await {
            return Ok((false, self.synced(&pass, 0)?));
        }
        let mut page = Vec::new();
        let (mut after, mut total) = (None, None);
        loop {
            let item = match items.next().await {
                None => break,
                Some(Ok(item)) => item,
                Some(Err(error)) => {
                    // The page that ended before is stored; this one is read again.
                    page.clear();
                    if !self.stop.wait_for_limit(&error).await {
                        return Err(BulkError::call(&self.list.name, error));
                    }
                    if self.stop.is_set() {
                        return Ok((false, self.synced(&pass, 0)?));
                    }
                    items = self.open(&pass);
                    continue;
                }
            };
            let number = pass.read + page.len() as u64 + 1;
            page.push(self.list.record(&item, number)?);
            if let Some(changes) = &self.list.changes {
                after = position(&item, changes.position).or(after);
            }
            if items.size_hint().0 > 0 {
                continue;
            }
            pass.after = after.take().or(pass.after);
            if self.list.changes.is_none() {
                pass.position = Some(items.position());
            }
            self.store
                .write_page(&self.list.name, &mut state, &mut pass, &page)?;
            page.clear();
            total = items.total();
            self.report(&pass, total, false);
            let list_ends = items.size_hint().1 == Some(0);
            if !list_ends && !self.turn().await {
                return Ok((false, self.synced(&pass, 0)?));
            }
        }
        let deleted = self.end(state, &pass, total)?;
        self.report(&pass, total, true);
        let synced = self.synced(&pass, deleted)?;
        tracing::info!(
            list = synced.name,
            full = synced.full,
            read = synced.read,
            added = synced.added,
            updated = synced.updated,
            deleted = synced.deleted,
            "list is up to date"
        );
        Ok((true, synced))
    }

    /// Whether the next pass compares all records.
    fn is_due(&self, state: &ListState) -> bool {
        let Some(compared) = state.compared else {
            return true;
        };
        self.list.changes.is_none()
            || state.runs + 1 >= compared.saturating_add(self.job.compare_every)
    }

    /// A new pass. `None`: the job was stopped.
    async fn begin(
        &mut self,
        state: &mut ListState,
        full: bool,
    ) -> Result<Option<Pass>, BulkError> {
        let began = match &self.list.changes {
            None => None,
            Some(changes) => match self.newest(changes).await? {
                Some(newest) => Some(newest),
                None => return Ok(None),
            },
        };
        state.runs += 1;
        let overlap = i64::try_from(self.job.overlap.as_millis()).unwrap_or(i64::MAX);
        let since = state.latest.map(|latest| latest.saturating_sub(overlap));
        Ok(Some(Pass {
            full: full || since.is_none(),
            since: since.filter(|_| !full),
            began,
            latest: state.latest.filter(|_| !full),
            ..Pass::default()
        }))
    }

    /// Waits for the turn of the next call. `false`: the job was stopped before.
    async fn turn(&mut self) -> bool {
        self.meter.call();
        self.stop.turn().await
    }

    /// The time of the latest change, or that of the clock if it is earlier: a change while a pass
    /// runs can be behind the part that was read, but not before this time.
    /// `None`: the job was stopped.
    async fn newest(&self, changes: &Changes) -> Result<Option<i64>, BulkError> {
        let now = changes.client.clock().system_time();
        let now = now
            .duration_since(std::time::UNIX_EPOCH)
            .unwrap_or_default();
        let now = i64::try_from(now.as_millis()).unwrap_or(i64::MAX);
        loop {
            if !self.stop.turn().await {
                return Ok(None);
            }
            let start = Start {
                newest: true,
                ..Start::default()
            };
            match (self.list.open)(&start).prefetch(false).next().await {
                None => return Ok(Some(now)),
                Some(Ok(item)) => {
                    let updated = self.list.record(&item, 1)?.updated;
                    return Ok(Some(updated.map_or(now, |updated| updated.min(now))));
                }
                Some(Err(error)) => {
                    if !self.stop.wait_for_limit(&error).await {
                        return Err(BulkError::call(&self.list.name, error));
                    }
                }
            }
        }
    }

    /// Opens the list where the pass continues.
    fn open(&self, pass: &Pass) -> ItemStream<Box<RawValue>> {
        let items = (self.list.open)(&Start {
            since: pass.since,
            after: pass.after.clone(),
            newest: false,
        });
        match &pass.position {
            Some(position) => items.resume(position.clone()),
            None => items,
        }
    }

    /// Ends a pass, and removes the records that are missing. Returns their number.
    fn end(
        &mut self,
        mut state: ListState,
        pass: &Pass,
        total: Option<u64>,
    ) -> Result<u64, BulkError> {
        // Changes since the pass began can be behind the part that was read. A time ahead of the
        // clock would hide the changes until then.
        state.latest = match (pass.latest, pass.began) {
            (Some(latest), Some(began)) => Some(latest.min(began)),
            (latest, _) => latest,
        };
        state.pass = None;
        let mut deleted = 0;
        if pass.full {
            let compared = state.compared.replace(state.runs).unwrap_or(0);
            let (missing, rows) = self.store.missing(&self.list.name, state.runs)?;
            // In the order of changes, records move to the part that is not read yet. Elsewhere a
            // record can be skipped, when records before it are deleted, so it must be missing twice.
            let is_whole =
                self.list.changes.is_some() && total.is_none_or(|total| rows - missing >= total);
            let since = if is_whole { state.runs } else { compared };
            let (missing, rows) = self.store.missing(&self.list.name, since)?;
            if missing > FEW.max(rows / 2) && !self.job.accept_deletions {
                // The next run compares them again.
                state.compared = None;
                self.store.write_state(&self.list.name, &state)?;
                return Err(BulkError::new(
                    BulkErrorKind::Rejected,
                    format!(
                        "{missing} of the {rows} records of the list `{}` are missing",
                        self.list.name
                    ),
                    "if they were deleted, run the job with `accept_deletions`; else check the filter and the account",
                ));
            }
            deleted = missing;
            self.store.remove(&self.list.name, since, &state)?;
        } else {
            self.store.write_state(&self.list.name, &state)?;
        }
        Ok(deleted)
    }

    fn synced(&mut self, pass: &Pass, deleted: u64) -> Result<SyncedList, BulkError> {
        Ok(SyncedList {
            name: self.list.name.clone(),
            full: pass.full,
            read: pass.read,
            added: pass.added,
            updated: pass.updated,
            deleted,
            rows: self.store.rows(&self.list.name)?,
        })
    }

    fn report(&mut self, pass: &Pass, total: Option<u64>, ended: bool) {
        let left = match ended {
            true => Some(0),
            false => total.map(|total| total.saturating_sub(pass.read)),
        };
        let budget = self.stop.budget;
        let now = Budget::now(budget);
        let (rate, left) = self.meter.measure(pass.read, left, budget, now);
        let progress = SyncProgress {
            list: self.list.name.clone(),
            full: pass.full,
            read: pass.read,
            total,
            rate,
            left,
        };
        tracing::debug!(
            list = progress.list,
            full = progress.full,
            read = progress.read,
            total = progress.total,
            rows_per_second = progress.rate,
            seconds_left = progress.left.map(|left| left.as_secs()),
            "sync checkpoint"
        );
        if let Some(observer) = &self.job.observer {
            observer(&progress);
        }
    }
}

/// The position of a record in its list.
fn position(item: &RawValue, field: &str) -> Option<Value> {
    let mut fields: Map<String, Value> = serde_json::from_str(item.get()).ok()?;
    fields.remove(field).filter(|value| !value.is_null())
}

/// Names of lists are names of tables.
fn check_tables(names: &[&str]) -> Result<(), BulkError> {
    let reserved =
        |name: &&&str| name.starts_with('_') || name.to_ascii_lowercase().starts_with("sqlite_");
    match names.iter().find(reserved) {
        None => Ok(()),
        Some(name) => Err(BulkError::new(
            BulkErrorKind::Invalid,
            format!("{name:?} cannot be the name of a table"),
            "use a name that begins with neither `_` nor `sqlite_`",
        )),
    }
}

/// Shows no settings, which can contain filters with personal data.
impl fmt::Debug for SyncJob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SyncJob")
            .field("folder", &self.folder)
            .field("lists", &self.lists)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for SyncList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SyncList").field(&self.name).finish()
    }
}
