//! The files of a store. Everything here blocks.
//!
//! For each key there are `<name>.json`, the tokens; `<name>.guard`, which whoever writes keeps locked for that moment; and what
//! `lease_file` puts beside them. A guard is never removed: who waits for a lock on a file that is gone guards nothing.

use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use secrecy::zeroize::Zeroizing;
use sha2::{Digest, Sha256};

use super::lock::FileLocks;
use super::{StoreError, Swap};
use crate::{Record, TokenKey, hex};

/// How long to wait for a guard. It is held for a few writes at a time.
const GUARD_WAIT: Duration = Duration::from_secs(10);
const GUARD_PAUSE: Duration = Duration::from_millis(5);

/// No record is longer. What is has been put there by something else.
const LONGEST: u64 = 4 * 1024 * 1024;

/// The files of one key.
pub(super) struct Entry {
    directory: PathBuf,
    name: String,
    pub(super) locks: Arc<dyn FileLocks>,
}

impl Entry {
    /// Names are hashes, so that no id can lead out of the directory or differ in capitals alone from another.
    pub(super) fn new(directory: &Path, key: &TokenKey, locks: Arc<dyn FileLocks>) -> Self {
        let mut hash = Sha256::new();
        for part in [
            key.app.as_str(),
            key.resource.user_type().as_str(),
            key.resource.id(),
        ] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        Entry {
            directory: directory.to_owned(),
            name: hex(&hash.finalize()[..16]),
            locks,
        }
    }

    pub(super) fn file(&self, suffix: &str) -> PathBuf {
        self.directory.join(format!("{}.{suffix}", self.name))
    }

    pub(super) fn data(&self) -> PathBuf {
        self.file("json")
    }
}

/// Makes the directory, and gives its full path, so that a process that changes its own does not lose the store.
pub(super) fn make_directory(directory: &Path) -> Result<PathBuf, StoreError> {
    let failed =
        |cause| StoreError::io("the directory for tokens cannot be used", directory, cause);
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(directory).map_err(failed)?;
    let directory = fs::canonicalize(directory).map_err(failed)?;
    // A directory that was just made lasts once its own entry does. Where that may not be read, it was there before.
    if let Some(parent) = directory.parent() {
        let _ = flush_directory(parent);
    }
    Ok(directory)
}

pub(super) fn load(entry: &Entry, key: &TokenKey) -> Result<Option<Record>, StoreError> {
    let path = entry.data();
    match read(&path) {
        Ok(Some(bytes)) => Record::from_json(&bytes, key)
            .map(Some)
            .map_err(|error| error.at(&path)),
        Ok(None) => Ok(None),
        Err(cause) => Err(StoreError::io(
            "the stored tokens cannot be read",
            &path,
            cause,
        )),
    }
}

pub(super) fn swap(
    entry: &Entry,
    key: &TokenKey,
    expected: Option<u64>,
    new: Option<&Record>,
) -> Result<Swap, StoreError> {
    let _guard = guard(entry)?;
    let stored = load(entry, key)?;
    if stored.map(|record| record.revision) != expected {
        return Ok(Swap::Conflict);
    }
    let path = entry.data();
    let failed = |cause| StoreError::io("the tokens cannot be stored", &path, cause);
    match new {
        Some(record) => replace(&path, &entry.file("new"), &record.to_json(key)).map_err(failed)?,
        None => match fs::remove_file(&path) {
            Ok(()) => flush_directory(&entry.directory).map_err(failed)?,
            Err(fault) if fault.kind() == io::ErrorKind::NotFound => {}
            Err(fault) => return Err(failed(fault)),
        },
    }
    Ok(Swap::Done)
}

/// The right to change the files of a key, until it is dropped.
pub(super) fn guard(entry: &Entry) -> Result<File, StoreError> {
    let path = entry.file("guard");
    let failed = |cause| StoreError::io("the tokens cannot be locked", &path, cause);
    let file = open_or_create(&path).map_err(failed)?;
    let deadline = Instant::now() + GUARD_WAIT;
    loop {
        if entry.locks.try_lock(&file).map_err(failed)? {
            return Ok(file);
        }
        if Instant::now() >= deadline {
            return Err(StoreError::locked(&path));
        }
        std::thread::sleep(GUARD_PAUSE);
    }
}

/// Reads a file whole. `None`: there is none.
pub(super) fn read(path: &Path) -> io::Result<Option<Zeroizing<Vec<u8>>>> {
    let file = match open_with(OpenOptions::new().read(true), path) {
        Ok(file) => file,
        Err(fault) if fault.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(fault) => return Err(fault),
    };
    let length = file.metadata()?.len();
    if length > LONGEST {
        return Err(io::Error::new(
            io::ErrorKind::InvalidData,
            "the file is too long to be ours",
        ));
    }
    // Room for all of it and the read that finds the end, so that no copy is left where it grew out of its place.
    let room = usize::try_from(length).unwrap_or_default() + 64;
    let mut bytes = Zeroizing::new(Vec::with_capacity(room));
    file.take(LONGEST).read_to_end(&mut bytes)?;
    Ok(Some(bytes))
}

/// Puts new content in the place of a file: at every moment there is the old or the new, and after the last step the new for good.
fn replace(path: &Path, draft: &Path, bytes: &[u8]) -> io::Result<()> {
    // What an interrupted writer left.
    remove(draft)?;
    step("begin");
    let written = write_new(draft, bytes);
    if written.is_err() {
        let _ = fs::remove_file(draft);
        return written;
    }
    step("written");
    fs::rename(draft, path)?;
    step("renamed");
    flush_directory(path.parent().unwrap_or(path))
}

fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = create(path)?;
    let (first, rest) = bytes.split_at(bytes.len() / 2);
    file.write_all(first)?;
    step("half");
    file.write_all(rest)?;
    file.sync_all()
}

/// A rename lasts once its directory is on disk. Windows has no such call, and needs none.
pub(super) fn flush_directory(directory: &Path) -> io::Result<()> {
    if cfg!(unix) {
        File::open(directory)?.sync_all()?;
    }
    Ok(())
}

/// Removes a file, if there is one.
pub(super) fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(fault) if fault.kind() != io::ErrorKind::NotFound => Err(fault),
        _ => Ok(()),
    }
}

/// Opens a file of the store for reading and writing.
pub(super) fn open(path: &Path) -> io::Result<File> {
    open_with(&mut private(), path)
}

/// Opens a file of the store, or makes it for its owner alone.
fn open_or_create(path: &Path) -> io::Result<File> {
    open_with(private().create(true).truncate(false), path)
}

/// Makes a file for its owner alone. There must be none.
pub(super) fn create(path: &Path) -> io::Result<File> {
    open_with(private().create_new(true), path)
}

fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Opens a regular file. Nothing else is followed, waited for or read.
fn open_with(options: &mut OpenOptions, path: &Path) -> io::Result<File> {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(options, libc::O_NOFOLLOW | libc::O_NONBLOCK);
    let file = options.open(path).map_err(|cause| match kind_of(path) {
        Some(kind) => io::Error::new(io::ErrorKind::InvalidInput, ForeignFile(kind)),
        None => cause,
    })?;
    match name_of(file.metadata()?.file_type()) {
        Some(kind) => Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            ForeignFile(kind),
        )),
        None => Ok(file),
    }
}

/// What stands where a file of the store should be.
#[derive(Debug)]
struct ForeignFile(&'static str);

impl fmt::Display for ForeignFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} and no file", self.0)
    }
}

impl std::error::Error for ForeignFile {}

/// What was found in the place of a file, if that is why an operation failed.
pub(super) fn foreign_kind(cause: &io::Error) -> Option<&'static str> {
    let foreign = cause.get_ref()?.downcast_ref::<ForeignFile>()?;
    Some(foreign.0)
}

/// What is there, if it is no regular file.
fn kind_of(path: &Path) -> Option<&'static str> {
    name_of(fs::symlink_metadata(path).ok()?.file_type())
}

fn name_of(kind: fs::FileType) -> Option<&'static str> {
    if kind.is_file() {
        None
    } else if kind.is_symlink() {
        Some("a symbolic link")
    } else if kind.is_dir() {
        Some("a directory")
    } else {
        Some("a FIFO, socket or device")
    }
}

/// Where tests end the process, to see what is left.
fn step(_name: &str) {
    #[cfg(test)]
    crate::tests::files::end_at(_name);
}
