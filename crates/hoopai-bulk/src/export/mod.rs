//! Exports of lists into files.

mod output;

use std::collections::VecDeque;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use futures_core::Stream;
use hoopai_runtime::Error;
use hoopai_runtime::paging::{ItemStream, ListPosition};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Value, json};
use tracing::Instrument;

use self::output::{Mark, Output, matching};
use crate::budget::Budget;
use crate::error::{BulkError, BulkErrorKind};
use crate::job::journal::Journal;
use crate::job::{self, JobFolder};
use crate::meter::Meter;
use crate::stop::Stop;
use crate::verified::{FileProblem, VerifiedFile, VerifyReport, size};

const KIND: &str = "export";
const JOURNAL: &str = "journal";

/// The number of latest checkpoints that are compared with the files. After a loss of power, the
/// files can lack what followed the last write to the disk, which is at most [`SYNC_EVERY`]
/// checkpoints ago.
const CANDIDATES: usize = 2 * SYNC_EVERY as usize;

/// The number of checkpoints between two writes to the disk.
const SYNC_EVERY: u32 = 50;

/// The number of refusals in a row after which the children of no record can be read.
const REFUSALS: u32 = 10;

type Open = Box<dyn Fn() -> ItemStream<Box<RawValue>> + Send + Sync>;
type OpenChildren = Box<dyn Fn(&str) -> ItemStream<Box<RawValue>> + Send + Sync>;
type Observer = Arc<dyn Fn(&ExportProgress) + Send + Sync>;

/// An export: lists of the platform, each into a file with one JSON record in each line.
///
/// The folder holds the job and its files. An export that ended early, in whatever way, continues
/// when it is run again: the files are then the same as those of an export without interruption, if
/// the lists did not change in between.
///
/// ```no_run
/// # async fn run(client: hoopai_runtime::Handle) -> Result<(), Box<dyn std::error::Error>> {
/// use hoopai_bulk::{Export, ExportList};
/// use hoopai_runtime::Method;
/// use hoopai_runtime::operation::{PageParam, PageStrategy, Paging};
///
/// let rule = Paging {
///     items: "links",
///     strategy: PageStrategy::Offset(PageParam::Query("skip")),
///     ..Paging::DEFAULT
/// };
/// let links = ExportList::new("links", move || {
///     client.request(Method::GET, "/links/search").stream::<serde_json::Value>(rule)
/// });
/// let report = Export::new("backup").list(links).run().await?;
/// println!("{} links in {}", report.lists[0].rows, report.lists[0].path.display());
/// # Ok(())
/// # }
/// ```
#[must_use = "nothing is exported before it is run"]
pub struct Export {
    folder: PathBuf,
    lists: Vec<ExportList>,
    settings: Value,
    observer: Option<Observer>,
    budget: Option<Budget>,
}

/// A list of an [`Export`].
pub struct ExportList {
    name: String,
    open: Open,
    children: Vec<Children>,
    /// The name of the file of records whose children cannot be read, of a list with children.
    unread: Option<String>,
    settings: Value,
}

/// The records below each record of a list.
struct Children {
    name: String,
    id: String,
    open: OpenChildren,
}

/// What an [`Export`] has written.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ExportReport {
    /// Whether all lists were read to their ends. If not, the job was paused, or the time of its
    /// budget was over.
    pub complete: bool,
    /// The files, in the order of the lists, each followed by those of its children and by that of
    /// the records whose children the platform refused, `NAME-unread`.
    pub lists: Vec<ExportedFile>,
    /// The number of lists below records that the platform refused.
    pub unread: u64,
}

/// A file of an [`Export`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ExportedFile {
    /// The name of the list.
    pub name: String,
    /// The file.
    pub path: PathBuf,
    /// The number of records in it.
    pub rows: u64,
    /// Its size.
    pub bytes: u64,
}

/// How far an [`Export`] is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ExportStatus {
    /// Whether all lists were read to their ends.
    pub complete: bool,
    /// Whether [`pause`](crate::pause) was called and the export was not run since.
    pub paused: bool,
    /// The files as of the last checkpoint, in the order of the lists.
    pub lists: Vec<ExportedFile>,
}

/// The state of an [`Export`] at a checkpoint.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ExportProgress {
    /// The list that is being read.
    pub list: String,
    /// The number of its records so far, without those of its children.
    pub rows: u64,
    /// The total that the platform reports. It can be wrong.
    pub total: Option<u64>,
    /// The number of records of its children so far.
    pub children: u64,
    /// Records of the list per second, over the last ten seconds or more. `None` before.
    pub rate: Option<f64>,
    /// The estimated time until the end of the list, across days. `None` if the platform reports no
    /// total, or if the time cannot be estimated yet.
    pub left: Option<Duration>,
}

/// An entry of the journal: how far a list was read, and what its files contained then.
#[derive(Clone, Serialize, Deserialize)]
struct Checkpoint {
    list: usize,
    position: ListPosition,
    ended: bool,
    /// The files of the list, in the order of their names.
    files: Vec<Mark>,
}

impl ExportList {
    /// A list, and a function that opens it at its beginning. The name is that of its file, and may
    /// consist of letters, digits, `-` and `_`.
    pub fn new<T>(
        name: impl Into<String>,
        open: impl Fn() -> ItemStream<T> + Send + Sync + 'static,
    ) -> Self {
        ExportList {
            name: name.into(),
            open: Box::new(move || open().items_as()),
            children: Vec::new(),
            unread: None,
            settings: Value::Null,
        }
    }

    /// Sets what identifies the list besides its name, such as its filter. An export does not
    /// continue with other settings.
    pub fn settings(mut self, settings: impl Into<Value>) -> Self {
        self.settings = settings.into();
        self
    }

    /// Also exports a list below each record. The record has its id in the field `id`, of which the
    /// function opens the list. Each record of the file gets the id in the field `_parent`.
    ///
    /// If the platform refuses the children of a record, because it was deleted meanwhile or cannot
    /// be read, the file `NAME-unread` of the list gets a line with the reason, and the export
    /// continues. It ends after ten refusals in a row that are not about deleted records.
    pub fn children<T>(
        mut self,
        name: impl Into<String>,
        id: impl Into<String>,
        open: impl Fn(&str) -> ItemStream<T> + Send + Sync + 'static,
    ) -> Self {
        self.unread = Some(format!("{}-unread", self.name));
        self.children.push(Children {
            name: name.into(),
            id: id.into(),
            open: Box::new(move |id| open(id).items_as()),
        });
        self
    }

    /// The names of its files: its own, those of its children, and that of unread children.
    fn names(&self) -> impl Iterator<Item = &str> {
        let children = self.children.iter().map(|children| children.name.as_str());
        std::iter::once(self.name.as_str())
            .chain(children)
            .chain(self.unread.as_deref())
    }
}

impl Export {
    /// An export into a folder, which is empty, does not exist yet, or holds this export.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Export {
            folder: folder.into(),
            lists: Vec::new(),
            settings: Value::Null,
            observer: None,
            budget: None,
        }
    }

    /// Adds a list. Lists are exported one after the other.
    pub fn list(mut self, list: ExportList) -> Self {
        self.lists.push(list);
        self
    }

    /// Sets what identifies the export besides the names of its lists, such as a filter or the
    /// location. An export does not continue with other settings.
    pub fn settings(mut self, settings: impl Into<Value>) -> Self {
        self.settings = settings.into();
        self
    }

    /// Sets the part of the rate limit that the export may use. Without one it uses all of it, and
    /// ends with an error when the daily budget is used up.
    pub fn budget(mut self, budget: Budget) -> Self {
        self.budget = Some(budget);
        self
    }

    /// Sets a function that is called at each checkpoint.
    pub fn on_progress(
        mut self,
        observer: impl Fn(&ExportProgress) + Send + Sync + 'static,
    ) -> Self {
        self.observer = Some(Arc::new(observer));
        self
    }

    /// Runs the export, or continues it. It blocks the thread while it writes to files, for at most
    /// some milliseconds at a time.
    ///
    /// # Errors
    /// The folder is in use, holds something else, or cannot be written to; a call failed. What was
    /// exported until then is kept, and `run` continues there.
    pub async fn run(&self) -> Result<ExportReport, BulkError> {
        job::check_names(self.lists.iter().flat_map(ExportList::names).collect())?;
        let lists: Vec<Vec<&str>> = self
            .lists
            .iter()
            .map(|list| list.names().collect())
            .collect();
        let queries: Vec<&Value> = self.lists.iter().map(|list| &list.settings).collect();
        let settings = json!({
            "lists": lists,
            "listSettings": queries,
            "settings": self.settings,
        });
        let folder = JobFolder::open(&self.folder, KIND, settings, |folder| {
            Journal::create(&folder.join(JOURNAL))
        })?;
        folder.resume()?;

        let mut latest = vec![VecDeque::<Checkpoint>::new(); self.lists.len()];
        let mut journal = Journal::open(&folder.file(JOURNAL), |checkpoint: Checkpoint| {
            if let Some(latest) = latest.get_mut(checkpoint.list) {
                if latest.len() == CANDIDATES {
                    latest.pop_front();
                }
                latest.push_back(checkpoint);
            }
        })?;
        if journal.is_cut() && latest.iter().all(VecDeque::is_empty) {
            return Err(BulkError::new(
                BulkErrorKind::Damaged,
                "the journal lost all of its checkpoints",
                "restore the file from a backup, or start a new job in another folder",
            )
            .at(&folder.file(JOURNAL)));
        }

        let mut report = ExportReport {
            complete: true,
            lists: Vec::new(),
            unread: 0,
        };
        for (index, (list, candidates)) in self.lists.iter().zip(latest).enumerate() {
            let stop = Stop {
                folder: &folder,
                budget: self.budget.as_ref(),
            };
            let observer = self.observer.as_ref();
            let mut run = ListRun::open(stop, observer, &mut journal, index, list, candidates)?;
            let span = tracing::info_span!("export", list = list.name);
            report.complete = report.complete && run.export().instrument(span).await?;
            report.lists.extend(run.files());
            report.unread += run.unread();
            if !report.complete {
                break;
            }
        }
        journal.sync()?;
        Ok(report)
    }
}

/// Shows no settings, which can contain filters with personal data.
impl fmt::Debug for Export {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Export")
            .field("folder", &self.folder)
            .field("lists", &self.lists)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for ExportList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.names()).finish()
    }
}

/// Returns how far an export is, also while another process runs it.
///
/// # Errors
/// The folder holds no export, or cannot be read.
pub fn export_status(folder: impl AsRef<Path>) -> Result<ExportStatus, BulkError> {
    let folder = folder.as_ref();
    let plan = job::read_settings(folder, KIND)?;
    let lists: Vec<Vec<String>> = serde_json::from_value(plan["lists"].clone()).unwrap_or_default();
    let mut latest = vec![None; lists.len()];
    Journal::read(&folder.join(JOURNAL), |checkpoint: Checkpoint| {
        if let Some(latest) = latest.get_mut(checkpoint.list) {
            *latest = Some(checkpoint);
        }
    })?;
    let mut status = ExportStatus {
        complete: true,
        paused: job::is_paused(folder),
        lists: Vec::new(),
    };
    for (names, latest) in lists.iter().zip(latest) {
        status.complete &= latest.as_ref().is_some_and(|checkpoint| checkpoint.ended);
        let marks = latest.map_or_else(Vec::new, |checkpoint| checkpoint.files);
        for (number, name) in names.iter().enumerate() {
            let mark = marks.get(number).copied().unwrap_or_default();
            status.lists.push(exported(folder, name, mark));
        }
    }
    Ok(status)
}

/// Compares the files of an export with its journal.
pub(crate) fn verify_export(folder: &Path) -> Result<VerifyReport, BulkError> {
    let plan = job::read_settings(folder, KIND)?;
    let lists: Vec<Vec<String>> = serde_json::from_value(plan["lists"].clone()).unwrap_or_default();
    let mut latest = vec![None; lists.len()];
    Journal::check(&folder.join(JOURNAL), |checkpoint: Checkpoint| {
        if let Some(latest) = latest.get_mut(checkpoint.list) {
            *latest = Some(checkpoint);
        }
    })?;
    let mut report = VerifyReport {
        complete: true,
        files: Vec::new(),
    };
    for (names, latest) in lists.iter().zip(latest) {
        let ended = latest.as_ref().is_some_and(|checkpoint| checkpoint.ended);
        report.complete &= ended;
        let Some(checkpoint) = latest else {
            continue;
        };
        for (name, mark) in names.iter().zip(&checkpoint.files) {
            let path = path(folder, name);
            let problem = match size(&path)? {
                None => Some(FileProblem::Missing),
                Some(size) if size < mark.bytes => Some(FileProblem::Truncated),
                Some(_) if !matching(&path, &[*mark])?.contains(&true) => {
                    Some(FileProblem::Changed)
                }
                Some(size) if ended && size > mark.bytes => Some(FileProblem::Longer),
                Some(_) => None,
            };
            report.files.push(VerifiedFile {
                name: name.clone(),
                path,
                rows: mark.rows,
                bytes: mark.bytes,
                problem,
            });
        }
    }
    Ok(report)
}

/// One list of a running export.
struct ListRun<'a> {
    stop: Stop<'a>,
    observer: Option<&'a Observer>,
    meter: Meter,
    journal: &'a mut Journal,
    index: usize,
    list: &'a ExportList,
    /// The file of the list, those of its children, and that of unread children.
    outputs: Vec<Output>,
    marks: Vec<Mark>,
    from: Option<ListPosition>,
    ended: bool,
    unsynced: u32,
    /// The refusals in a row of children of records that exist.
    refusals: u32,
}

impl<'a> ListRun<'a> {
    /// Continues at the latest checkpoint that the files agree with.
    fn open(
        stop: Stop<'a>,
        observer: Option<&'a Observer>,
        journal: &'a mut Journal,
        index: usize,
        list: &'a ExportList,
        candidates: VecDeque<Checkpoint>,
    ) -> Result<Self, BulkError> {
        let folder = stop.folder.path();
        let paths: Vec<PathBuf> = list.names().map(|name| path(folder, name)).collect();
        let checkpoint = latest_matching(&paths, &candidates)?;
        let marks = match &checkpoint {
            Some(checkpoint) => checkpoint.files.clone(),
            None => vec![Mark::default(); paths.len()],
        };
        let mut outputs = Vec::new();
        for (path, mark) in paths.iter().zip(&marks) {
            outputs.push(Output::open(path, *mark)?);
        }
        Ok(ListRun {
            stop,
            observer,
            meter: Meter::new(marks[0].rows, Budget::now(stop.budget)),
            journal,
            index,
            list,
            outputs,
            marks,
            ended: checkpoint
                .as_ref()
                .is_some_and(|checkpoint| checkpoint.ended),
            from: checkpoint.map(|checkpoint| checkpoint.position),
            unsynced: 0,
            refusals: 0,
        })
    }

    /// Reads the list to its end. `false`: the job was stopped.
    async fn export(&mut self) -> Result<bool, BulkError> {
        if self.ended {
            return Ok(true);
        }
        let mut items = (self.list.open)();
        if let Some(position) = self.from.take() {
            items = items.resume(position);
            // What the job continues with is on the disk, however it ended before.
            self.checkpoint(items.position(), false)?;
            self.sync()?;
        }
        if !self.turn().await {
            return Ok(false);
        }
        loop {
            let item = match items.next().await {
                None => break,
                Some(Ok(item)) => item,
                Some(Err(error)) => {
                    let position = items.position();
                    self.checkpoint(position.clone(), false)?;
                    self.sync()?;
                    if !self.stop.wait_for_limit(&error).await {
                        return Err(BulkError::call(&self.list.name, error));
                    }
                    if self.stop.is_set() {
                        return Ok(false);
                    }
                    items = (self.list.open)().resume(position);
                    continue;
                }
            };
            self.outputs[0].write(item.get())?;
            if !self.export_children(&item).await? {
                self.sync()?;
                return Ok(false);
            }
            let (left_of_page, left) = items.size_hint();
            let (page_ends, list_ends) = (left_of_page == 0, left == Some(0));
            if page_ends || !self.list.children.is_empty() {
                self.checkpoint(items.position(), false)?;
                self.report(items.total());
                if !list_ends && self.stop.is_set() {
                    self.sync()?;
                    return Ok(false);
                }
            }
            if page_ends && !list_ends && !self.turn().await {
                self.sync()?;
                return Ok(false);
            }
        }
        self.checkpoint(items.position(), true)?;
        self.sync()?;
        self.report(items.total());
        Ok(true)
    }

    /// Waits for the turn of the next call. `false`: the job was stopped before.
    async fn turn(&mut self) -> bool {
        self.meter.call();
        self.stop.turn().await
    }

    /// Writes the children of a record. `false`: the job was stopped before the last of them.
    async fn export_children(&mut self, parent: &RawValue) -> Result<bool, BulkError> {
        if self.list.children.is_empty() {
            return Ok(true);
        }
        let fields: serde_json::Map<String, Value> =
            serde_json::from_str(parent.get()).unwrap_or_default();
        for (number, children) in self.list.children.iter().enumerate() {
            let Some(id) = job::id(&fields, &children.id) else {
                return Err(BulkError::new(
                    BulkErrorKind::Invalid,
                    format!(
                        "record {} of the list `{}` has no id in `{}`, which its list `{}` needs",
                        self.marks[0].rows + 1,
                        self.list.name,
                        children.id,
                        children.name
                    ),
                    "name the field that holds the id, or export the list without children",
                ));
            };
            let mut items = (children.open)(&id);
            if !self.turn().await {
                return Ok(false);
            }
            loop {
                let Some(item) = items.next().await else {
                    self.refusals = 0;
                    break;
                };
                match item {
                    Ok(item) => self.outputs[number + 1].write(&with_parent(item.get(), &id))?,
                    Err(error) if self.is_about_parent(&error) => {
                        self.record_unread(&children.name, &id, &error)?;
                        break;
                    }
                    Err(error) => {
                        let position = items.position();
                        if !self.stop.wait_for_limit(&error).await {
                            return Err(BulkError::call(&children.name, error));
                        }
                        if self.stop.is_set() {
                            return Ok(false);
                        }
                        items = (children.open)(&id).resume(position);
                        continue;
                    }
                }
                // The next page, if there is one.
                if items.size_hint() == (0, None) && !self.turn().await {
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }

    /// Whether a call failed because of its parent, so that those of other parents can succeed.
    fn is_about_parent(&mut self, error: &Error) -> bool {
        match error.status().map(|status| status.as_u16()) {
            Some(404) => true,
            Some(400 | 403 | 422) => {
                self.refusals += 1;
                self.refusals < REFUSALS
            }
            _ => false,
        }
    }

    /// Records that the children of a record cannot be read.
    fn record_unread(&mut self, list: &str, parent: &str, error: &Error) -> Result<(), BulkError> {
        let status = error.status().map(|status| status.as_u16());
        tracing::warn!(list, status, "the children of a record cannot be read");
        let line = json!({
            "_parent": parent,
            "list": list,
            "status": status,
            "message": error.to_string(),
        });
        match self.outputs.last_mut() {
            Some(unread) => unread.write(&line.to_string()),
            None => Ok(()),
        }
    }

    /// Records how far the list was read.
    fn checkpoint(&mut self, position: ListPosition, ended: bool) -> Result<(), BulkError> {
        for (output, mark) in self.outputs.iter_mut().zip(&mut self.marks) {
            *mark = output.flush()?;
        }
        self.journal.append(&Checkpoint {
            list: self.index,
            position,
            ended,
            files: self.marks.clone(),
        })?;
        self.ended = ended;
        self.unsynced += 1;
        if self.unsynced >= SYNC_EVERY {
            self.sync()?;
        }
        Ok(())
    }

    fn sync(&mut self) -> Result<(), BulkError> {
        for output in &mut self.outputs {
            output.sync()?;
        }
        self.unsynced = 0;
        self.journal.sync()
    }

    fn report(&mut self, total: Option<u64>) {
        let (rows, budget) = (self.marks[0].rows, self.stop.budget);
        let left = match self.ended {
            true => Some(0),
            false => total.map(|total| total.saturating_sub(rows)),
        };
        let (rate, left) = self.meter.measure(rows, left, budget, Budget::now(budget));
        let progress = ExportProgress {
            list: self.list.name.clone(),
            rows,
            total,
            children: self
                .marks
                .iter()
                .skip(1)
                .take(self.list.children.len())
                .map(|mark| mark.rows)
                .sum(),
            rate,
            left,
        };
        tracing::debug!(
            list = progress.list,
            rows = progress.rows,
            total = progress.total,
            children = progress.children,
            rows_per_second = progress.rate,
            seconds_left = progress.left.map(|left| left.as_secs()),
            "export checkpoint"
        );
        if let Some(observer) = self.observer {
            observer(&progress);
        }
    }

    /// The number of lists of children that were refused.
    fn unread(&self) -> u64 {
        let mark = self.marks.get(self.list.children.len() + 1);
        mark.map_or(0, |mark| mark.rows)
    }

    fn files(&self) -> impl Iterator<Item = ExportedFile> {
        let files = self.list.names().zip(&self.marks);
        files.map(|(name, mark)| exported(self.stop.folder.path(), name, *mark))
    }
}

fn exported(folder: &Path, name: &str, mark: Mark) -> ExportedFile {
    ExportedFile {
        name: name.to_owned(),
        path: path(folder, name),
        rows: mark.rows,
        bytes: mark.bytes,
    }
}

fn path(folder: &Path, name: &str) -> PathBuf {
    folder.join(format!("{name}.ndjson"))
}

/// The latest checkpoint whose content all files have. `None`: the list was not begun.
fn latest_matching(
    paths: &[PathBuf],
    candidates: &VecDeque<Checkpoint>,
) -> Result<Option<Checkpoint>, BulkError> {
    if candidates.is_empty() {
        return Ok(None);
    }
    let mut agree = vec![true; candidates.len()];
    let mut other = &paths[0];
    for (number, path) in paths.iter().enumerate() {
        let marks: Vec<Mark> = candidates
            .iter()
            .map(|checkpoint| checkpoint.files.get(number).copied().unwrap_or_default())
            .collect();
        let matches = matching(path, &marks)?;
        if !matches.contains(&true) {
            other = path;
        }
        for (agrees, matches) in agree.iter_mut().zip(matches) {
            *agrees = *agrees && matches;
        }
    }
    let latest = agree.iter().rposition(|agrees| *agrees);
    match latest {
        Some(latest) => Ok(candidates.get(latest).cloned()),
        // Nothing was written to the disk for sure, so the list starts again.
        None if candidates.len() < SYNC_EVERY as usize && !candidates.iter().any(|c| c.ended) => {
            Ok(None)
        }
        None => Err(BulkError::new(
            BulkErrorKind::Damaged,
            "an output was changed since the job wrote it",
            "restore it, or start a new job in another folder: the job cannot tell which records are left",
        )
        .at(other)),
    }
}

/// A record with the id of its parent as its first field.
fn with_parent(json: &str, parent: &str) -> String {
    let parent = Value::from(parent);
    match json.trim().strip_prefix('{') {
        None => format!("{{\"_parent\":{parent},\"value\":{json}}}"),
        Some(rest) if rest.trim_start() == "}" => format!("{{\"_parent\":{parent}}}"),
        Some(rest) => format!("{{\"_parent\":{parent},{}", rest.trim_start()),
    }
}
