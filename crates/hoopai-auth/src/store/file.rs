//! A store of files.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use hoopai_runtime::time::BoxFuture;

use super::disk::{self, Entry};
use super::lease_file;
use super::lock::{FileLocks, SystemLocks, check_directory};
use super::{Lease, StoreError, Swap, TokenStore};
use crate::{Record, TokenKey, lock};

/// Keeps tokens in a directory, a file for each account. Several processes of one machine may share it.
///
/// A change is whole or not there: it is written beside the file, flushed to disk and renamed. The operating system's file locks
/// keep processes apart, and it frees those of a process that ended. A lease lasts as long as its holder keeps its lock, whatever the
/// clocks say. The directory must be on a file system with locks that have an effect, which is tested when the store is opened.
///
/// The files hold tokens in the clear; on Unix only their owner may read them, and a directory that others can write to is rejected. A
/// file that cannot be read as tokens is left alone and reported; so is a symbolic link, FIFO, device or directory in the place of one.
#[derive(Clone)]
pub struct FileStore {
    directory: Arc<PathBuf>,
    locks: Arc<dyn FileLocks>,
}

impl FileStore {
    /// A store in a directory, which is made if it does not exist, for its owner alone.
    ///
    /// # Errors
    /// The directory cannot be made, or the path is a file; others can write to the directory; file locks have no effect there, as on some
    /// network file systems.
    pub fn open(directory: impl AsRef<Path>) -> Result<Self, StoreError> {
        Self::with_locks(directory.as_ref(), Arc::new(SystemLocks))
    }

    pub(crate) fn with_locks(
        directory: &Path,
        locks: Arc<dyn FileLocks>,
    ) -> Result<Self, StoreError> {
        let directory = disk::make_directory(directory)?;
        check_directory(&directory, &*locks)?;
        Ok(FileStore {
            directory: Arc::new(directory),
            locks,
        })
    }

    fn entry(&self, key: &TokenKey) -> Entry {
        Entry::new(&self.directory, key, self.locks.clone())
    }

    /// The file in which the tokens of a key are, or would be.
    pub fn path_of(&self, key: &TokenKey) -> PathBuf {
        self.entry(key).data()
    }

    /// Does the work of a disk where it holds up no other task, to its end even if nobody waits for it any more.
    async fn run<T: Send + 'static>(
        &self,
        key: &TokenKey,
        work: impl FnOnce(&Entry, &TokenKey) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (entry, key) = (self.entry(key), key.clone());
        let outcome = Arc::new(Mutex::new(None));
        let place = outcome.clone();
        // One type of task for all that is done: what surrounds a task is compiled anew for each type of one.
        let work: Box<dyn FnOnce() + Send> =
            Box::new(move || *lock(&place) = Some(work(&entry, &key)));
        let broken_off = || {
            StoreError::new(
                "the work on the token files was broken off",
                "make calls only while the runtime is running",
            )
        };
        match tokio::task::spawn_blocking(work).await {
            Ok(()) => lock(&outcome).take().unwrap_or_else(|| Err(broken_off())),
            Err(fault) => Err(broken_off().caused_by(fault)),
        }
    }
}

/// Shows the directory.
impl fmt::Debug for FileStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileStore")
            .field("directory", &self.directory)
            .finish_non_exhaustive()
    }
}

impl TokenStore for FileStore {
    fn load<'a>(&'a self, key: &'a TokenKey) -> BoxFuture<'a, Result<Option<Record>, StoreError>> {
        Box::pin(self.run(key, disk::load))
    }

    fn swap<'a>(
        &'a self,
        key: &'a TokenKey,
        expected: Option<u64>,
        new: Option<Record>,
    ) -> BoxFuture<'a, Result<Swap, StoreError>> {
        Box::pin(self.run(key, move |entry, key| {
            disk::swap(entry, key, expected, new.as_ref())
        }))
    }

    fn lease<'a>(
        &'a self,
        key: &'a TokenKey,
        _ttl: Duration,
    ) -> BoxFuture<'a, Result<Option<Lease>, StoreError>> {
        Box::pin(self.run(key, |entry, _| Ok(lease_file::take(entry)?.map(Lease::new))))
    }

    fn path(&self, key: &TokenKey) -> Option<PathBuf> {
        Some(self.path_of(key))
    }
}
