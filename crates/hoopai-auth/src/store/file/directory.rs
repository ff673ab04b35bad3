//! The directory of a store, and whether it can keep tokens safely.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use super::disk;
use super::lock::FileLocks;
use crate::store_error::{StoreError, StoreErrorKind};
use crate::util::hex::random_hex;

fn unusable(directory: &Path) -> impl Fn(io::Error) -> StoreError {
    move |cause| disk::error("the directory for tokens cannot be used", directory, cause)
}

/// Creates a directory and returns its absolute path.
///
/// The path is absolute so that a process that changes its directory keeps the store.
pub(super) fn create(directory: &Path) -> Result<PathBuf, StoreError> {
    let failed = unusable(directory);
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(directory).map_err(&failed)?;
    let directory = fs::canonicalize(directory).map_err(&failed)?;
    // A new directory is durable once its parent is flushed. If the parent cannot be read, the
    // directory existed before.
    if let Some(parent) = directory.parent() {
        let _ = disk::flush_directory(parent);
    }
    Ok(directory)
}

/// Rejects a directory that others can write to, or whose file system has no working locks.
pub(super) fn check(directory: &Path, locks: &dyn FileLocks) -> Result<(), StoreError> {
    let failed = unusable(directory);
    let name = random_hex::<8>().map_err(|error| failed(io::Error::other(error)))?;
    let path = directory.join(format!("{name}.probe"));
    let first = disk::create(&path).map_err(&failed)?;
    let second = disk::open(&path).map_err(&failed);
    // The open files are enough from here on. Nothing is left if the process ends.
    fs::remove_file(&path).map_err(&failed)?;
    check_owner(directory, &first)?;
    check_locks(directory, &first, &second?, locks)
}

fn unsafe_directory(directory: &Path, message: &str, remedy: &str) -> StoreError {
    StoreError::of_kind(StoreErrorKind::Unsafe, message, remedy).at(directory)
}

/// Checks that a lock through one descriptor excludes another one.
fn check_locks(
    directory: &Path,
    first: &File,
    second: &File,
    locks: &dyn FileLocks,
) -> Result<(), StoreError> {
    let failed = |cause| {
        unsafe_directory(
            directory,
            "files cannot be locked in the directory for tokens",
            "choose a directory on a local disk",
        )
        .caused_by(cause)
    };
    let is_first_locked = locks.try_lock(first).map_err(failed)?;
    let is_second_locked = locks.try_lock(second).map_err(failed)?;
    if is_first_locked && !is_second_locked {
        return Ok(());
    }
    Err(unsafe_directory(
        directory,
        "file locks have no effect in the directory for tokens, so two processes could spend the same refresh token",
        "choose a directory on a local disk, or mount the file system with locks",
    ))
}

/// Checks owner and mode of a directory. `own` is a file that this process created in it.
#[cfg(unix)]
fn check_owner(directory: &Path, own: &File) -> Result<(), StoreError> {
    use std::os::unix::fs::MetadataExt;
    let failed = unusable(directory);
    let metadata = fs::metadata(directory).map_err(&failed)?;
    let own = own.metadata().map_err(&failed)?;
    if metadata.uid() != own.uid() {
        return Err(unsafe_directory(
            directory,
            "the directory for tokens belongs to another user, who can replace its files",
            "make the user that the process runs as its owner (chown), or choose another directory",
        ));
    }
    if metadata.mode() & 0o022 != 0 {
        return Err(unsafe_directory(
            directory,
            "other users can write to the directory for tokens and replace its files",
            "take their rights away (chmod 700), or choose another directory",
        ));
    }
    Ok(())
}

#[cfg(not(unix))]
fn check_owner(_directory: &Path, _own: &File) -> Result<(), StoreError> {
    Ok(())
}
