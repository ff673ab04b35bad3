//! Leases as files.
//!
//! `<name>.lease` names its holder; `<name>.<holder>.held` is a file that the holder keeps locked.
//! A lease is free if there is no `<name>.lease`, or if the lock of its holder can be taken: its
//! process has ended. Clocks do not matter, as clocks are set and machines are suspended. So a
//! process that ended delays no other one, and one that hangs keeps its lease: it may still send.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use hoopai_runtime::time::BoxFuture;
use serde::{Deserialize, Serialize};

use super::disk::{self, KeyFiles};
use crate::store::LeaseGuard;
use crate::store_error::StoreError;
use crate::util::hex::random_hex;

/// The content of a lease file.
#[derive(Serialize, Deserialize)]
struct LeaseFile {
    holder: String,
}

/// A lease that this process holds.
pub(super) struct HolderLock {
    path: PathBuf,
    file: Option<File>,
}

/// Takes the lease unless another holder has it.
pub(super) fn try_acquire(files: &KeyFiles) -> Result<Option<HolderLock>, StoreError> {
    let _guard = disk::guard(files)?;
    let path = files.file("lease");
    let failed = |cause| disk::error("the lease cannot be stored", &path, cause);
    if let Some(holder) = read_holder(&path).map_err(failed)? {
        let holder_path = holder_path(files, &holder);
        let is_active = is_locked(files, &holder_path).map_err(|cause| {
            disk::error(
                "the holder of the lease cannot be checked",
                &holder_path,
                cause,
            )
        })?;
        if is_active {
            return Ok(None);
        }
        let _ = fs::remove_file(holder_path);
    }
    let holder = random_hex::<8>().map_err(|error| failed(io::Error::other(error)))?;
    let holder_path = holder_path(files, &holder);
    // The lease file is written first: if the process ends here, the next one finds the other file
    // through it.
    write(&path, &files.file("lease-new"), holder).map_err(failed)?;
    let file = disk::create(&holder_path).map_err(failed)?;
    let is_locked = files.locks.try_lock(&file).map_err(failed)?;
    let lock = HolderLock {
        path: holder_path,
        file: Some(file),
    };
    Ok(is_locked.then_some(lock))
}

fn holder_path(files: &KeyFiles, holder: &str) -> PathBuf {
    files.file(&format!("{holder}.held"))
}

/// Whether a process keeps a file locked.
fn is_locked(files: &KeyFiles, path: &Path) -> io::Result<bool> {
    match disk::open(path) {
        Ok(file) => Ok(!files.locks.try_lock(&file)?),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// Reads the holder of a lease. A file that cannot be read is unfinished or foreign, and counts as
/// no lease.
fn read_holder(path: &Path) -> io::Result<Option<String>> {
    let bytes = disk::read(path)?;
    Ok(bytes.and_then(|bytes| {
        let LeaseFile { holder } = serde_json::from_slice(&bytes).ok()?;
        let is_hex = holder.bytes().all(|byte| byte.is_ascii_hexdigit());
        is_hex.then_some(holder)
    }))
}

/// Writes a lease file. It is not flushed: a lease need not outlive a power failure, as its holder
/// does not.
fn write(path: &Path, draft: &Path, holder: String) -> io::Result<()> {
    disk::remove(draft)?;
    let mut file = disk::create(draft)?;
    file.write_all(&serde_json::to_vec(&LeaseFile { holder })?)?;
    drop(file);
    fs::rename(draft, path)
}

impl LeaseGuard for HolderLock {
    fn release(self: Box<Self>) -> BoxFuture<'static, ()> {
        Box::pin(async {
            let work: Box<dyn FnOnce() + Send> = Box::new(move || drop(self));
            let _ = tokio::task::spawn_blocking(work).await;
        })
    }
}

/// Frees the lease. The lease file stays: it is void without the lock.
impl Drop for HolderLock {
    fn drop(&mut self) {
        drop(self.file.take());
        let _ = fs::remove_file(&self.path);
    }
}
