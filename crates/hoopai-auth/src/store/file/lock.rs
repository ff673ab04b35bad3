//! Exclusive locks on files.

use std::fs::File;
use std::io;

use fs4::{FileExt, TryLockError};

/// Locks files exclusively. Closing a file frees its lock.
pub(crate) trait FileLocks: Send + Sync + 'static {
    /// Locks a file. `false`: it is locked through another descriptor.
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
