//! The folder of a job: its plan, lock and journal.

pub(crate) mod journal;

use std::collections::BTreeSet;
use std::fmt::Display;
use std::fs::{self, File, OpenOptions};
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};

use fs4::FileExt;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::error::{BulkError, BulkErrorKind};

/// The version of the files in the folder of a job. A change of any of them raises it, so that no
/// job is continued by a build that reads its files in another way.
const VERSION: u64 = 2;

/// The version of this library.
const LIBRARY: &str = env!("CARGO_PKG_VERSION");

/// What to do without the record of what a job has done.
const NEW_JOB: &str = "start a new job in another folder; of an import, with `look_up_all` \
                       (`--look-up-all`), since rows of this one may have been sent";

const PLAN: &str = "job.json";
/// The plan while the other files of a new job are made.
const NEW_PLAN: &str = "job.json.new";
const LOCK: &str = "lock";
const PAUSE: &str = "pause";

/// The plan of a job. A job runs with the plan that it was made with.
#[derive(Serialize, Deserialize)]
struct Plan {
    version: u64,
    /// The version of the library that made the job.
    library: String,
    /// What the job does: `export`.
    kind: String,
    settings: Value,
}

/// The folder of a job that this process runs. Other processes cannot run it until this is
/// dropped.
pub(crate) struct JobFolder {
    path: PathBuf,
    lock: File,
}

impl JobFolder {
    /// Opens the folder of a job, or creates it, and locks it. `create` makes the files that record
    /// what a new job has done. They exist before the plan has its name, so a plan without them
    /// shows that they were removed.
    pub(crate) fn open(
        path: &Path,
        kind: &str,
        settings: Value,
        create: impl FnOnce(&Path) -> Result<(), BulkError>,
    ) -> Result<JobFolder, BulkError> {
        fs::create_dir_all(path)
            .map_err(|cause| BulkError::io("the folder of the job cannot be made", path, cause))?;
        let plan = Plan {
            version: VERSION,
            library: LIBRARY.to_owned(),
            kind: kind.to_owned(),
            settings,
        };
        let is_new = read_plan(path)?.is_none();
        if is_new {
            refuse_other_files(path)?;
        }
        let lock = lock(path, is_new)?;
        let folder = JobFolder {
            path: path.to_owned(),
            lock,
        };
        match read_plan(path)? {
            Some(stored) => compare(path, &stored, &plan)?,
            None => folder.write_plan(&plan, create)?,
        }
        Ok(folder)
    }

    /// Opens and locks the folder of a job of this kind, whatever its settings.
    pub(crate) fn open_existing(path: &Path, kind: &str) -> Result<JobFolder, BulkError> {
        read_settings(path, kind)?;
        Ok(JobFolder {
            path: path.to_owned(),
            lock: lock(path, false)?,
        })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Whether [`pause`] was called for the job.
    pub(crate) fn is_paused(&self) -> bool {
        is_paused(&self.path)
    }

    /// Ends a pause.
    pub(crate) fn resume(&self) -> Result<(), BulkError> {
        let path = self.file(PAUSE);
        match fs::remove_file(&path) {
            Err(cause) if cause.kind() != std::io::ErrorKind::NotFound => Err(BulkError::io(
                "the pause of the job cannot be ended",
                &path,
                cause,
            )),
            _ => Ok(()),
        }
    }

    /// Writes the plan under another name until it is complete and `create` has made the other
    /// files.
    fn write_plan(
        &self,
        plan: &Plan,
        create: impl FnOnce(&Path) -> Result<(), BulkError>,
    ) -> Result<(), BulkError> {
        let (path, new) = (self.file(PLAN), self.file(NEW_PLAN));
        let failed = |cause| BulkError::io("the plan of the job cannot be written", &path, cause);
        let json = serde_json::to_vec_pretty(plan).map_err(|cause| failed(cause.into()))?;
        let mut file = File::create(&new).map_err(failed)?;
        file.write_all(&json)
            .and_then(|()| file.sync_all())
            .map_err(failed)?;
        create(&self.path)?;
        fs::rename(&new, &path).map_err(failed)
    }
}

/// Ends the lock at once. Closing the file is not enough if another thread is starting a process,
/// which has the file too for a moment.
impl Drop for JobFolder {
    fn drop(&mut self) {
        let _ = FileExt::unlock(&self.lock);
    }
}

/// Asks the process that runs a job to stop at its next checkpoint. Running the job again ends the
/// pause.
///
/// # Errors
/// The folder holds no job, or cannot be written to.
pub fn pause(folder: impl AsRef<Path>) -> Result<(), BulkError> {
    let folder = folder.as_ref();
    existing_plan(folder)?;
    let path = folder.join(PAUSE);
    File::create(&path)
        .map(drop)
        .map_err(|cause| BulkError::io("the job cannot be paused", &path, cause))
}

pub(crate) fn is_paused(folder: &Path) -> bool {
    folder.join(PAUSE).exists()
}

/// The settings of a job of this kind.
pub(crate) fn read_settings(folder: &Path, kind: &str) -> Result<Value, BulkError> {
    let plan = existing_plan(folder)?;
    if plan.kind == kind {
        return Ok(plan.settings);
    }
    Err(BulkError::new(
        BulkErrorKind::OtherPlan,
        format!("the folder holds a job of another kind, `{}`", plan.kind),
        format!("pass the folder of a job of the kind `{kind}`"),
    )
    .at(folder))
}

/// What the job in a folder does: `export`.
pub(crate) fn kind(folder: &Path) -> Result<String, BulkError> {
    Ok(existing_plan(folder)?.kind)
}

fn existing_plan(folder: &Path) -> Result<Plan, BulkError> {
    read_plan(folder)?.ok_or_else(|| {
        BulkError::new(
            BulkErrorKind::NoJob,
            "the folder holds no job",
            "pass the folder in which the job runs",
        )
        .at(folder)
    })
}

fn read_plan(folder: &Path) -> Result<Option<Plan>, BulkError> {
    let path = folder.join(PLAN);
    let bytes = match fs::read(&path) {
        Ok(bytes) => bytes,
        Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(cause) => {
            return Err(BulkError::io(
                "the plan of the job cannot be read",
                &path,
                cause,
            ));
        }
    };
    let plan: Value = serde_json::from_slice(&bytes).unwrap_or_default();
    // Plans of other versions can have other fields.
    if let Some(version) = plan["version"].as_u64()
        && version != VERSION
    {
        let library = match plan["library"].as_str() {
            Some(library) => format!("hoopai-bulk {library}"),
            None => "an early hoopai-bulk".to_owned(),
        };
        return Err(BulkError::new(
            BulkErrorKind::OtherPlan,
            format!(
                "the job was made by {library}, with files of version {version}; this is \
                 hoopai-bulk {LIBRARY}, with version {VERSION}"
            ),
            format!("run it with the version that made it, or {NEW_JOB}"),
        )
        .at(&path));
    }
    let plan = serde_json::from_value(plan);
    plan.map(Some).map_err(|_| {
        BulkError::new(
            BulkErrorKind::Damaged,
            "the plan of the job was changed and cannot be read",
            format!("restore the file from a backup, or {NEW_JOB}"),
        )
        .at(&path)
    })
}

fn compare(folder: &Path, stored: &Plan, plan: &Plan) -> Result<(), BulkError> {
    // Another version of the library can have other settings.
    let library = match stored.library == plan.library {
        true => String::new(),
        false => format!(
            " (it was made by hoopai-bulk {}, and this is {})",
            stored.library, plan.library
        ),
    };
    let other = |what: String| {
        BulkError::new(
            BulkErrorKind::OtherPlan,
            what + &library,
            "run the job with the settings that it was made with, or start a new job in another folder",
        )
        .at(&folder.join(PLAN))
    };
    if stored.kind != plan.kind {
        return Err(BulkError::new(
            BulkErrorKind::OtherPlan,
            format!("the folder holds a job of another kind, `{}`", stored.kind),
            format!("pass another folder for this {}", plan.kind),
        )
        .at(folder));
    }
    let (before, now) = (&stored.settings, &plan.settings);
    if before["lists"] != now["lists"] {
        return Err(other(format!(
            "the job was made with the lists {}, and not with {}",
            names_of_lists(before),
            names_of_lists(now)
        )));
    }
    let mut changed = Vec::new();
    changed_settings("", before, now, &mut changed);
    if changed.is_empty() {
        return Ok(());
    }
    let changed: Vec<String> = changed.iter().map(|path| in_words(path, before)).collect();
    Err(other(format!(
        "the job was made with other settings: {}",
        changed.join(", ")
    )))
}

/// The names of the lists of a job, each with those of its children: `contacts (notes)`.
fn names_of_lists(settings: &Value) -> String {
    let lists = settings["lists"].as_array().map_or(&[][..], Vec::as_slice);
    let names = lists.iter().enumerate().map(|(number, list)| {
        let children = list.as_array().and_then(|names| names.get(1..));
        let children: Vec<&str> = children
            .unwrap_or_default()
            .iter()
            .flat_map(Value::as_str)
            .collect();
        let name = name_of_list(settings, number);
        match children.is_empty() {
            true => format!("`{name}`"),
            false => format!("`{name}` (with {})", children.join(", ")),
        }
    });
    let names: Vec<String> = names.collect();
    match names.is_empty() {
        true => "none".to_owned(),
        false => names.join(", "),
    }
}

/// The name of a list: that of its operation, or else of its file or table.
fn name_of_list(settings: &Value, number: usize) -> &str {
    let list = &settings["lists"][number];
    let name = list.as_str().or_else(|| list[0].as_str());
    let operation = settings["listSettings"][number]["operation"].as_str();
    operation.or(name).unwrap_or_default()
}

/// The path of a setting as its user reads it: `status` of a list, by the name of the list.
fn in_words(path: &str, settings: &Value) -> String {
    if path == "input" {
        return "the content of the input file".to_owned();
    }
    let Some(path) = path.strip_prefix("listSettings.") else {
        return format!("`{}`", path.strip_prefix("settings.").unwrap_or(path));
    };
    let (number, path) = path.split_once('.').unwrap_or((path, ""));
    let list = name_of_list(settings, number.parse().unwrap_or(usize::MAX));
    let path = path.strip_prefix("parameters.").unwrap_or(path);
    match path {
        "" => format!("the settings of the list `{list}`"),
        path => format!("`{path}` of the list `{list}`"),
    }
}

/// Appends the paths of the settings that differ, without values: `listSettings.0.location`.
fn changed_settings(path: &str, stored: &Value, new: &Value, changed: &mut Vec<String>) {
    let below = |name: &dyn Display| match path {
        "" => name.to_string(),
        path => format!("{path}.{name}"),
    };
    match (stored, new) {
        (stored, new) if stored == new => {}
        (Value::Object(stored), Value::Object(new)) => {
            let names: BTreeSet<&String> = stored.keys().chain(new.keys()).collect();
            for name in names {
                let value = |fields: &Map<String, Value>| fields.get(name).cloned();
                let (stored, new) = (value(stored), value(new));
                let (stored, new) = (stored.unwrap_or_default(), new.unwrap_or_default());
                changed_settings(&below(name), &stored, &new, changed);
            }
        }
        (Value::Array(stored), Value::Array(new)) if stored.len() == new.len() => {
            for (number, (stored, new)) in stored.iter().zip(new).enumerate() {
                changed_settings(&below(&number), stored, new, changed);
            }
        }
        _ => changed.push(path.to_owned()),
    }
}

/// A job must not overwrite files that it did not make. Those of a new plan are from a process that
/// ended before the job began.
fn refuse_other_files(folder: &Path) -> Result<(), BulkError> {
    let failed = |cause| BulkError::io("the folder of the job cannot be read", folder, cause);
    if folder.join(NEW_PLAN).is_file() {
        return Ok(());
    }
    for entry in fs::read_dir(folder).map_err(failed)? {
        if entry.map_err(failed)?.file_name() != LOCK {
            return Err(BulkError::new(
                BulkErrorKind::NoJob,
                format!("the folder holds other files and no plan of a job, `{PLAN}`"),
                "pass an empty folder or one that does not exist, or restore the plan",
            )
            .at(folder));
        }
    }
    Ok(())
}

/// A file of a job that was removed since the job was made.
pub(crate) fn removed(path: &Path) -> BulkError {
    BulkError::new(
        BulkErrorKind::Damaged,
        "a file is missing that records what the job has done",
        format!("restore it from a backup, or {NEW_JOB}"),
    )
    .at(path)
}

/// Whether something has this name, whether it can be read or not.
pub(crate) fn is_there(path: &Path) -> bool {
    match fs::symlink_metadata(path) {
        Ok(_) => true,
        Err(cause) => cause.kind() != std::io::ErrorKind::NotFound,
    }
}

/// Locks a job for this process. The operating system ends the lock with the process.
///
/// The file is made with the job only. If it was removed, a process may still run the job with it.
fn lock(folder: &Path, is_new: bool) -> Result<File, BulkError> {
    let path = folder.join(LOCK);
    if !is_new && !is_there(&path) {
        return Err(BulkError::new(
            BulkErrorKind::Damaged,
            "the file is missing that keeps other processes from running the job",
            "make sure that no process runs it, then make an empty file of this name",
        )
        .at(&path));
    }
    let failed = |cause| BulkError::io("the job cannot be locked", &path, cause);
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(is_new)
        .truncate(false)
        .open(&path)
        .map_err(failed)?;
    match FileExt::try_lock(&file) {
        Ok(()) => {}
        Err(fs4::TryLockError::WouldBlock) => {
            let mut holder = String::new();
            // The holder may be writing its id at this moment.
            let _ = file.read_to_string(&mut holder);
            let holder = holder.trim().parse::<u32>();
            let holder = holder.map_or_else(|_| String::new(), |id| format!(", process {id}"));
            return Err(BulkError::new(
                BulkErrorKind::Busy,
                format!("another process runs the job{holder}"),
                "wait until it ends, or stop it with `pause`: the job can be continued",
            )
            .at(folder));
        }
        Err(fs4::TryLockError::Error(cause)) => return Err(failed(cause)),
    }
    file.set_len(0)
        .and_then(|()| file.rewind())
        .and_then(|()| write!(file, "{}", std::process::id()))
        .map_err(failed)?;
    Ok(file)
}

/// Checks names of lists, which are names of files or tables.
pub(crate) fn check_names(mut names: Vec<&str>) -> Result<(), BulkError> {
    let invalid = |message: String, remedy| BulkError::new(BulkErrorKind::Invalid, message, remedy);
    names.sort_unstable();
    for name in &names {
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if name.is_empty() || name.len() > 100 || !name.chars().all(plain) {
            return Err(invalid(
                format!("{name:?} cannot be the name of a list"),
                "use up to 100 letters, digits, `-` and `_`",
            ));
        }
    }
    for pair in names.windows(2) {
        if pair[0].eq_ignore_ascii_case(pair[1]) {
            return Err(invalid(
                format!("two lists of the job are named `{}`", pair[0]),
                "give each list and each list of children a name of its own",
            ));
        }
    }
    Ok(())
}

/// The id of a record, as text.
pub(crate) fn id(fields: &Map<String, Value>, name: &str) -> Option<String> {
    match fields.get(name)? {
        Value::String(id) if !id.is_empty() => Some(id.clone()),
        Value::Number(id) => Some(id.to_string()),
        _ => None,
    }
}
