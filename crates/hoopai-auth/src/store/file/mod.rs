//! A store of files: one JSON file for each account, replaced atomically.
//!
//! Depends on `record`, `store_error` and the traits of `store`. Everything but this file blocks.

mod directory;
mod disk;
mod lease;
pub(crate) mod lock;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use hoopai_runtime::time::BoxFuture;
use tokio::sync::oneshot;

use self::disk::KeyFiles;
use self::lock::{FileLocks, SystemLocks};
use super::{Lease, Swap, TokenStore};
use crate::record::{Record, TokenKey};
use crate::store_error::StoreError;

/// Keeps tokens in a directory, in one file for each account. Processes of one machine can use the
/// same directory.
///
/// Changes are atomic: new content is written to a second file, flushed to disk and renamed. The
/// operating system's file locks exclude other processes, and are freed when a process ends. A
/// lease lasts as long as its holder keeps its lock; clocks do not matter. The directory must be on
/// a file system with working locks, which is tested when the store is opened.
///
/// The files contain tokens in clear text. On Unix only their owner may read them, and a directory
/// that others can write to is rejected. A file that cannot be read as tokens is left unchanged and
/// reported; so is a symbolic link, FIFO, device or directory in its place.
#[derive(Clone)]
pub struct FileStore {
    directory: Arc<PathBuf>,
    locks: Arc<dyn FileLocks>,
}

impl FileStore {
    /// Opens a store in a directory. A missing directory is created for its owner alone.
    ///
    /// # Errors
    /// The directory cannot be created, or the path is a file; others can write to the directory;
    /// file locks have no effect there, as on some network file systems.
    pub fn open(directory: impl AsRef<Path>) -> Result<Self, StoreError> {
        Self::with_locks(directory.as_ref(), Arc::new(SystemLocks))
    }

    pub(crate) fn with_locks(
        directory: &Path,
        locks: Arc<dyn FileLocks>,
    ) -> Result<Self, StoreError> {
        let directory = directory::create(directory)?;
        directory::check(&directory, &*locks)?;
        Ok(FileStore {
            directory: Arc::new(directory),
            locks,
        })
    }

    fn files(&self, key: &TokenKey) -> KeyFiles {
        KeyFiles::new(&self.directory, key, self.locks.clone())
    }

    /// The path of the file for the tokens of a key, which need not exist.
    pub fn path_of(&self, key: &TokenKey) -> PathBuf {
        self.files(key).data()
    }

    /// Runs blocking work on the files of a key.
    async fn run<T: Send + 'static>(
        &self,
        key: &TokenKey,
        work: impl FnOnce(&KeyFiles, &TokenKey) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (files, key) = (self.files(key), key.clone());
        Self::run_blocking(move || work(&files, &key)).await
    }

    /// Runs blocking work on another thread, to its end even if the caller stops waiting.
    async fn run_blocking<T: Send + 'static>(
        work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (sender, receiver) = oneshot::channel();
        // One type of closure: tokio's task code is compiled for each type.
        let work: Box<dyn FnOnce() + Send> = Box::new(move || {
            let _ = sender.send(work());
        });
        tokio::task::spawn_blocking(work);
        receiver.await.unwrap_or_else(|_| {
            Err(StoreError::new(
                "the work on the token files was interrupted",
                "make calls only while the runtime is running",
            ))
        })
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
        Box::pin(self.run(key, move |files, key| {
            disk::swap(files, key, expected, new.as_ref())
        }))
    }

    fn lease<'a>(
        &'a self,
        key: &'a TokenKey,
        _ttl: Duration,
    ) -> BoxFuture<'a, Result<Option<Lease>, StoreError>> {
        Box::pin(self.run(key, |files, _| {
            Ok(lease::try_acquire(files)?.map(Lease::new))
        }))
    }

    fn keys<'a>(
        &'a self,
        app: &'a str,
    ) -> BoxFuture<'a, Result<Option<Vec<TokenKey>>, StoreError>> {
        let (directory, app) = (self.directory.clone(), app.to_owned());
        Box::pin(Self::run_blocking(move || {
            disk::keys(&directory, &app).map(Some)
        }))
    }

    fn path(&self, key: &TokenKey) -> Option<PathBuf> {
        Some(self.path_of(key))
    }
}
