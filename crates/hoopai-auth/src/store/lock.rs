//! Locks on files, and whether they have an effect.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use fs4::{FileExt, TryLockError};

use super::StoreError;
use super::disk;
use crate::hex;

/// Exclusive locks on files. Closing a file frees its lock.
pub(crate) trait FileLocks: Send + Sync + 'static {
    /// Locks a file, unless it is locked through another descriptor: `false`.
    fn try_lock(&self, file: &File) -> io::Result<bool>;
}

/// The locks of the operating system.
pub(super) struct SystemLocks;

impl FileLocks for SystemLocks {
    fn try_lock(&self, file: &File) -> io::Result<bool> {
        match FileExt::try_lock(file) {
            Ok(()) => Ok(true),
            Err(TryLockError::WouldBlock) => Ok(false),
            Err(TryLockError::Error(cause)) => Err(cause),
        }
    }
}

/// Rejects a directory that others can write to, or on whose file system a lock does not keep a second descriptor out.
pub(super) fn check_directory(directory: &Path, locks: &dyn FileLocks) -> Result<(), StoreError> {
    let failed =
        |cause| StoreError::io("the directory for tokens cannot be used", directory, cause);
    let mut chance = [0; 8];
    getrandom::fill(&mut chance).map_err(|fault| failed(io::Error::other(fault)))?;
    let path = directory.join(format!("{}.probe", hex(&chance)));
    let first = disk::create(&path).map_err(failed)?;
    let second = disk::open(&path).map_err(failed);
    // The open files are enough from here on, and nothing is left should the process end.
    fs::remove_file(&path).map_err(failed)?;
    check_owner(directory, &first)?;
    check_locks(directory, &first, &second?, locks)
}

fn check_locks(
    directory: &Path,
    first: &File,
    second: &File,
    locks: &dyn FileLocks,
) -> Result<(), StoreError> {
    let failed = |cause| {
        StoreError::unsafe_place(
            "files cannot be locked in the directory for tokens",
            "choose a directory on a local disk",
        )
        .at(directory)
        .caused_by(cause)
    };
    let first_is_locked = locks.try_lock(first).map_err(failed)?;
    let second_is_locked = locks.try_lock(second).map_err(failed)?;
    if first_is_locked && !second_is_locked {
        return Ok(());
    }
    Err(StoreError::unsafe_place(
        "file locks have no effect in the directory for tokens, so two processes could spend the same refresh token",
        "choose a directory on a local disk, or mount the file system with locks",
    )
    .at(directory))
}

/// `own` is a file that this process has made in the directory.
#[cfg(unix)]
fn check_owner(directory: &Path, own: &File) -> Result<(), StoreError> {
    use std::os::unix::fs::MetadataExt;
    let failed =
        |cause| StoreError::io("the directory for tokens cannot be used", directory, cause);
    let there = fs::metadata(directory).map_err(failed)?;
    let own = own.metadata().map_err(failed)?;
    if there.uid() != own.uid() {
        return Err(StoreError::unsafe_place(
            "the directory for tokens belongs to another user, who can replace its files",
            "make the user that the process runs as its owner (chown), or choose another directory",
        )
        .at(directory));
    }
    if there.mode() & 0o022 != 0 {
        return Err(StoreError::unsafe_place(
            "other users can write to the directory for tokens and replace its files",
            "take their rights away (chmod 700), or choose another directory",
        )
        .at(directory));
    }
    Ok(())
}

#[cfg(not(unix))]
fn check_owner(_directory: &Path, _own: &File) -> Result<(), StoreError> {
    Ok(())
}
