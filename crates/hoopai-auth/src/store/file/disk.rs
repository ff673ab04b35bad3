//! Reads and replaces the files of a store.
//!
//! The files of a key are `<name>.json`, the tokens; `<name>.guard`, which a writer keeps locked
//! while it writes; and those of `lease`. A guard is never removed, as a lock on a removed file
//! excludes no other process.

use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use secrecy::zeroize::Zeroizing;
use sha2::{Digest, Sha256};

use super::lock::FileLocks;
use crate::record::{Record, TokenKey};
use crate::store::Swap;
use crate::store_error::{StoreError, StoreErrorKind};
use crate::util::hex::hex;

/// How long to wait for a guard. A writer holds it for a few writes.
const GUARD_WAIT: Duration = Duration::from_secs(10);
const GUARD_PAUSE: Duration = Duration::from_millis(5);

/// The maximum size of a file. Longer files were not written by this library.
const MAX_BYTES: u64 = 4 * 1024 * 1024;

/// The files of one key.
pub(super) struct KeyFiles {
    directory: PathBuf,
    name: String,
    pub(super) locks: Arc<dyn FileLocks>,
}

impl KeyFiles {
    /// Names are hashes. So an id cannot be a path out of the directory, and names are distinct on
    /// file systems that ignore case.
    pub(super) fn new(directory: &Path, key: &TokenKey, locks: Arc<dyn FileLocks>) -> Self {
        let mut hash = Sha256::new();
        for part in [
            key.app.as_str(),
            key.account.user_type().as_str(),
            key.account.id(),
        ] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        KeyFiles {
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

pub(super) fn load(files: &KeyFiles, key: &TokenKey) -> Result<Option<Record>, StoreError> {
    let path = files.data();
    let bytes =
        read(&path).map_err(|cause| error("the stored tokens cannot be read", &path, cause))?;
    let record = bytes.map(|bytes| Record::from_json(&bytes, key));
    record.transpose().map_err(|error| error.at(&path))
}

/// Returns the keys of an app's records. Files that cannot be read as records are left out.
pub(super) fn keys(directory: &Path, app: &str) -> Result<Vec<TokenKey>, StoreError> {
    let failed = |cause| error("the directory for tokens cannot be read", directory, cause);
    let mut keys = Vec::new();
    for entry in fs::read_dir(directory).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let bytes = read(&path).ok().flatten();
        match bytes.and_then(|bytes| TokenKey::from_json(&bytes)) {
            Some(key) if key.app == app => keys.push(key),
            Some(_) => {}
            None => {
                tracing::warn!(path = %path.display(), "a file is left out of the list of accounts, as it has no readable tokens")
            }
        }
    }
    Ok(keys)
}

pub(super) fn swap(
    files: &KeyFiles,
    key: &TokenKey,
    expected: Option<u64>,
    new: Option<&Record>,
) -> Result<Swap, StoreError> {
    let _guard = guard(files)?;
    let stored = load(files, key)?;
    if stored.map(|record| record.revision) != expected {
        return Ok(Swap::Conflict);
    }
    let path = files.data();
    let failed = |cause| error("the tokens cannot be stored", &path, cause);
    match new {
        Some(record) => replace(&path, &files.file("new"), &record.to_json(key)).map_err(failed)?,
        None => remove(&path)
            .and_then(|()| flush_directory(&files.directory))
            .map_err(failed)?,
    }
    Ok(Swap::Done)
}

/// Locks the files of a key against other writers, until the returned file is dropped.
pub(super) fn guard(files: &KeyFiles) -> Result<File, StoreError> {
    let path = files.file("guard");
    let failed = |cause| error("the tokens cannot be locked", &path, cause);
    let file = open_or_create(&path).map_err(failed)?;
    let deadline = Instant::now() + GUARD_WAIT;
    loop {
        if files.locks.try_lock(&file).map_err(failed)? {
            return Ok(file);
        }
        if Instant::now() >= deadline {
            let error = StoreError::of_kind(
                StoreErrorKind::Locked,
                "another process keeps the tokens locked",
                "look for a process that uses the same directory and hangs",
            );
            return Err(error.at(&path));
        }
        std::thread::sleep(GUARD_PAUSE);
    }
}

/// Reads a whole file. `None`: it does not exist.
pub(super) fn read(path: &Path) -> io::Result<Option<Zeroizing<Vec<u8>>>> {
    let file = match open_with(OpenOptions::new().read(true), path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let length = file.metadata()?.len();
    if length > MAX_BYTES {
        return Err(io::Error::new(
            io::ErrorKind::InvalidData,
            "the file is too long to be ours",
        ));
    }
    // The buffer must not grow: that would leave copies of the tokens in freed memory. The extra
    // bytes are for the read that finds the end.
    let capacity = usize::try_from(length)
        .unwrap_or_default()
        .saturating_add(64);
    let mut bytes = Zeroizing::new(Vec::with_capacity(capacity));
    file.take(MAX_BYTES).read_to_end(&mut bytes)?;
    Ok(Some(bytes))
}

/// Replaces a file atomically. The new content is durable when this returns.
fn replace(path: &Path, draft: &Path, bytes: &[u8]) -> io::Result<()> {
    // An interrupted writer may have left one.
    remove(draft)?;
    crash_point("begin");
    let written = write_new(draft, bytes);
    if written.is_err() {
        let _ = fs::remove_file(draft);
        return written;
    }
    crash_point("written");
    fs::rename(draft, path)?;
    crash_point("renamed");
    flush_directory(path.parent().unwrap_or(path))
}

fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = create(path)?;
    let (first, rest) = bytes.split_at(bytes.len() / 2);
    file.write_all(first)?;
    crash_point("half");
    file.write_all(rest)?;
    file.sync_all()
}

/// Flushes a directory, which makes renames in it durable. Windows has no such call and needs none.
pub(super) fn flush_directory(directory: &Path) -> io::Result<()> {
    if cfg!(unix) {
        File::open(directory)?.sync_all()?;
    }
    Ok(())
}

/// Removes a file if it exists.
pub(super) fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Opens a file of the store for reading and writing.
pub(super) fn open(path: &Path) -> io::Result<File> {
    open_with(&mut private(), path)
}

/// Opens a file of the store, or creates it for its owner alone.
fn open_or_create(path: &Path) -> io::Result<File> {
    open_with(private().create(true).truncate(false), path)
}

/// Creates a file for its owner alone. It must not exist.
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

/// Opens a regular file. Links are not followed, and other kinds of files are rejected.
fn open_with(options: &mut OpenOptions, path: &Path) -> io::Result<File> {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(options, libc::O_NOFOLLOW | libc::O_NONBLOCK);
    let foreign = |kind| io::Error::new(io::ErrorKind::InvalidInput, ForeignFile(kind));
    let file = options.open(path).map_err(|cause| {
        let metadata = fs::symlink_metadata(path).ok();
        let kind = metadata.and_then(|metadata| foreign_kind(metadata.file_type()));
        kind.map_or(cause, foreign)
    })?;
    match foreign_kind(file.metadata()?.file_type()) {
        Some(kind) => Err(foreign(kind)),
        None => Ok(file),
    }
}

/// The kind of file that was found in the place of a regular file.
#[derive(Debug)]
struct ForeignFile(&'static str);

impl fmt::Display for ForeignFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} and no file", self.0)
    }
}

impl std::error::Error for ForeignFile {}

fn foreign_kind(file_type: fs::FileType) -> Option<&'static str> {
    if file_type.is_file() {
        None
    } else if file_type.is_symlink() {
        Some("a symbolic link")
    } else if file_type.is_dir() {
        Some("a directory")
    } else {
        Some("a FIFO, socket or device")
    }
}

/// Returns the error of a failed file operation, with a remedy for its cause.
pub(super) fn error(message: &str, path: &Path, cause: io::Error) -> StoreError {
    let foreign = cause.get_ref().and_then(|cause| cause.downcast_ref());
    if let Some(ForeignFile(kind)) = foreign {
        let message = format!("{message}, as {kind} is in the place of a file");
        let remedy = "find out who put it there, then remove it";
        return StoreError::of_kind(StoreErrorKind::Unsafe, message, remedy).at(path);
    }
    let remedy = match cause.kind() {
        io::ErrorKind::PermissionDenied => {
            "let the user that the process runs as read and write there"
        }
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "make room there",
        _ => "check the disk, and that the directory exists and can be written",
    };
    StoreError::of_kind(StoreErrorKind::Io, message, remedy)
        .at(path)
        .caused_by(cause)
}

/// Ends the process at a named step, in tests that started it for that.
fn crash_point(_name: &str) {
    #[cfg(test)]
    crate::tests::file_store::exit_at(_name);
}
