//! Removal of the records that an import created.

use std::collections::BTreeSet;
use std::fmt;
use std::path::PathBuf;

use futures_util::stream::{self, StreamExt};
use hoopai_catalogue::{Operation, Place};
use hoopai_runtime::{Error, Handle};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::files::{JOURNAL, KIND, UNDO};
use super::mapping_error::invalid;
use super::progress::Entry;
use super::writer::RowError;
use crate::budget::Budget;
use crate::error::BulkError;
use crate::job::journal::Journal;
use crate::job::{self, JobFolder};

/// The number of records that are removed at a time.
const CONCURRENCY: usize = 5;

/// The number of records that a report names.
const FIRST_FAILURES: usize = 20;

/// Removes the records that an [`Import`](super::Import) created.
///
/// Records that the import updated, or that existed, are never removed; nor are those of which no
/// reply states that the import created them. An undo that ended early continues when it is run
/// again. After its first record, the import cannot be run any more.
///
/// ```no_run
/// # async fn run(client: hoopai_runtime::Handle) -> Result<(), hoopai_bulk::BulkError> {
/// use hoopai_bulk::{OperationRemover, Undo};
///
/// let undo = Undo::new("import-2026-12");
/// println!("{} records would be removed", undo.plan()?.left);
/// let remover = OperationRemover::of_import(&client, "import-2026-12")?;
/// undo.run(&remover).await?;
/// # Ok(())
/// # }
/// ```
#[must_use = "nothing is removed before it is run"]
pub struct Undo {
    folder: PathBuf,
    budget: Option<Budget>,
}

/// What an [`Undo`] has done in all of its runs, and what is left.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct UndoReport {
    /// The number of records that the import created and that are not removed yet.
    pub left: u64,
    /// The number of removed records, those that others had removed included.
    pub removed: u64,
    /// The number of records that the import updated, which stay.
    pub updated: u64,
    /// The number of records that stay since it is not known whether the import created them.
    pub unknown: u64,
    /// The rows of the first 20 records that the platform did not remove, and the reasons.
    pub first_failures: Vec<(u64, String)>,
}

/// Removes records of an import.
pub trait RecordRemover: Send + Sync {
    /// Removes the record with this id. A record that does not exist is an error that
    /// [`is_not_found`](Error::is_not_found); it counts as removed.
    ///
    /// # Errors
    /// The call failed.
    fn remove(&self, id: &str) -> impl Future<Output = Result<(), Error>> + Send;
}

/// An entry of the journal of an undo. The removal of a record can be repeated, so there is none
/// before it.
#[derive(Serialize, Deserialize)]
struct Removed {
    row: u64,
}

impl Undo {
    /// The undo of the import in this folder.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Undo {
            folder: folder.into(),
            budget: None,
        }
    }

    /// Sets the part of the rate limit that the undo may use.
    pub fn budget(mut self, budget: Budget) -> Self {
        self.budget = Some(budget);
        self
    }

    /// Returns what the undo would do. Nothing is sent or written.
    ///
    /// # Errors
    /// The folder holds no import, or cannot be read.
    pub fn plan(&self) -> Result<UndoReport, BulkError> {
        job::read_settings(&self.folder, KIND)?;
        let mut removed = BTreeSet::new();
        let path = self.folder.join(UNDO);
        if Journal::is_begun(&path) {
            Journal::read(&path, |entry: Removed| {
                removed.insert(entry.row);
            })?;
        }
        Ok(self.records(&removed)?.1)
    }

    /// Removes the records that are left. The report counts those that the platform did not remove
    /// as left.
    ///
    /// # Errors
    /// The folder holds no import, its import runs, it cannot be read or written, or a call failed
    /// without an answer about its record. `run` continues there.
    pub async fn run(&self, remover: &impl RecordRemover) -> Result<UndoReport, BulkError> {
        let folder = JobFolder::open_existing(&self.folder, KIND)?;
        folder.resume()?;
        let mut removed = BTreeSet::new();
        Journal::create_if_new(&folder.file(UNDO))?;
        let mut journal = Journal::open(&folder.file(UNDO), |entry: Removed| {
            removed.insert(entry.row);
        })?;
        let (records, mut report) = self.records(&removed)?;
        let is_stopped = || folder.is_paused() || self.budget.as_ref().is_some_and(Budget::is_over);
        let (budget, is_stopped) = (self.budget.as_ref(), &is_stopped);
        let removals = records
            .iter()
            .map(|(row, id)| async move { (*row, remove(remover, id, budget, is_stopped).await) });
        let mut removals = stream::iter(removals).buffer_unordered(CONCURRENCY);
        let mut outcome = Ok(());
        while let Some((row, result)) = removals.next().await {
            match result {
                Some(Ok(())) => {
                    journal.append(&Removed { row })?;
                    report.left -= 1;
                    report.removed += 1;
                }
                Some(Err(error)) if RowError::of_reply(&error).is_some() => {
                    if report.first_failures.len() < FIRST_FAILURES {
                        report.first_failures.push((row, error.to_string()));
                    }
                }
                Some(Err(error)) => {
                    outcome = Err(BulkError::row(row, error));
                    break;
                }
                None => break,
            }
        }
        drop(removals);
        journal.sync()?;
        outcome.map(|()| report)
    }

    /// The records that the import created and that are left, and the report.
    fn records(
        &self,
        removed: &BTreeSet<u64>,
    ) -> Result<(Vec<(u64, String)>, UndoReport), BulkError> {
        let mut records = Vec::new();
        let mut report = UndoReport {
            removed: removed.len() as u64,
            ..UndoReport::default()
        };
        Journal::read(&self.folder.join(JOURNAL), |entry: Entry| {
            let Entry::Done {
                row, id, created, ..
            } = entry
            else {
                return;
            };
            match created {
                Some(true) if removed.contains(&row) => {}
                Some(true) => records.push((row, id)),
                Some(false) => report.updated += 1,
                None => report.unknown += 1,
            }
        })?;
        report.left = records.len() as u64;
        Ok((records, report))
    }
}

/// Removes a record, after waits for the limit. `None`: the undo was stopped.
async fn remove(
    remover: &impl RecordRemover,
    id: &str,
    budget: Option<&Budget>,
    is_stopped: impl Fn() -> bool,
) -> Option<Result<(), Error>> {
    loop {
        let is_turn = match budget {
            Some(budget) => budget.turn(&is_stopped).await,
            None => !is_stopped(),
        };
        if !is_turn {
            return None;
        }
        let error = match remover.remove(id).await {
            Ok(()) => return Some(Ok(())),
            Err(error) if error.is_not_found() => return Some(Ok(())),
            Err(error) => error,
        };
        let wait = budget.and_then(|budget| Some((budget, budget.refused_for(&error)?)));
        let Some((budget, wait)) = wait else {
            return Some(Err(error));
        };
        budget.wait(wait, &is_stopped).await;
    }
}

/// Removes records by the operation that deletes those of the operation of an import:
/// `contacts.delete_contact` for `contacts.upsert_contact`.
pub struct OperationRemover {
    client: Handle,
    operation: &'static Operation,
    parameter: &'static str,
}

impl OperationRemover {
    /// The remover for an import by a [`MappedWriter`](super::MappedWriter) in this folder.
    ///
    /// # Errors
    /// The folder holds no such import, the import was made in another location than that of the
    /// client, or no operation deletes its records.
    pub fn of_import(client: &Handle, folder: impl Into<PathBuf>) -> Result<Self, BulkError> {
        let folder = folder.into();
        let plan = job::read_settings(&folder, KIND)?;
        let settings = &plan["settings"];
        let Some(name) = settings["operation"].as_str() else {
            return Err(invalid(
                "the import names no operation".to_owned(),
                "implement `RecordRemover` for the records of its writer",
            )
            .at(&folder));
        };
        let location = settings["location"].as_str();
        if location != client.location() {
            return Err(invalid(
                "the import was made in another location than that of the client".to_owned(),
                "select the location of the import",
            )
            .at(&folder));
        }
        let Some((operation, parameter)) = removal_of(name) else {
            return Err(invalid(
                format!("no operation deletes what `{name}` creates"),
                "delete the records of records.ndjson in the user interface",
            )
            .at(&folder));
        };
        Ok(OperationRemover {
            client: client.clone(),
            operation,
            parameter,
        })
    }

    /// The operation that deletes the records: `contacts.delete_contact`.
    pub fn operation(&self) -> String {
        self.operation.key()
    }
}

/// The operation with the same object and its parameter, which is the only one of its path.
fn removal_of(operation: &str) -> Option<(&'static Operation, &'static str)> {
    let operation = hoopai_catalogue::find(operation).ok()?;
    let (_, object) = operation.entry.name.split_once('_')?;
    let name = format!("{}.delete_{object}", operation.module.name());
    let removal = hoopai_catalogue::find(&name).ok()?;
    if removal.key().replace('-', "_") != name.replace('-', "_") {
        return None;
    }
    let mut parameters = removal
        .parameters
        .iter()
        .filter(|parameter| parameter.place == Place::Path);
    let parameter = parameters.next()?.name;
    parameters.next().is_none().then_some((removal, parameter))
}

impl RecordRemover for OperationRemover {
    async fn remove(&self, id: &str) -> Result<(), Error> {
        let id = (self.parameter.to_owned(), Value::from(id));
        let call = self.operation.call(&self.client, &[id]);
        call.send_json::<Value>().await.map(drop)
    }
}

impl fmt::Debug for Undo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Undo")
            .field("folder", &self.folder)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for OperationRemover {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("OperationRemover")
            .field(&self.operation.key())
            .finish()
    }
}
