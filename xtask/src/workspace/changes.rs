//! Sets of file changes: what differs between the tree and the state that a command computed.
//!
//! Files are written one by one, each atomically. A command that is interrupted leaves a mixed
//! tree, for example a new crate beside an old spec. `cargo xtask check` detects this, and
//! repeating the command repairs it: a command computes the whole state and writes each file that
//! differs.
//!
//! Cargo can read the workspace at any time, so that the command can be repeated: new crates appear
//! with all their files, and manifests are written after the other files. The lock is written last,
//! so that a spec that was replaced before the interruption differs from its lock entry.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{self, File},
};

use fs4::{FileExt, TryLockError};

use super::{LOCK, Workspace, crate_folder};
use crate::error::{Result, file_error, io_error};

const LOCK_FILE: &str = "target/xtask.lock";

/// Files to write and files to remove.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    write: BTreeMap<String, Vec<u8>>,
    remove: BTreeSet<String>,
}

impl Changes {
    /// Adds a file, unless the tree has the same bytes there.
    pub(crate) fn write(&mut self, tree: &Workspace, path: String, bytes: Vec<u8>) -> Result<()> {
        if tree.bytes(&path)?.as_deref() != Some(&bytes) {
            self.write.insert(path, bytes);
        }
        Ok(())
    }

    pub(crate) fn remove(&mut self, path: String) {
        self.remove.insert(path);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.write.is_empty() && self.remove.is_empty()
    }

    pub(crate) fn written(&self) -> impl Iterator<Item = &str> {
        self.write.keys().map(String::as_str)
    }

    pub(crate) fn removed(&self) -> impl Iterator<Item = &str> {
        self.remove.iter().map(String::as_str)
    }

    /// Makes the changes in the tree.
    pub(crate) fn apply(self, tree: &Workspace, _lock: &WriteLock) -> Result<()> {
        for path in &self.remove {
            let removed = tree.writer().remove(&tree.path(path));
            removed.map_err(|error| io_error(path, "cannot be removed", &error))?;
        }
        let mut write = Vec::new();
        let mut new_crates: BTreeMap<String, BTreeMap<String, Vec<u8>>> = BTreeMap::new();
        for (path, bytes) in self.write {
            match crate_file(&path) {
                Some((folder, file)) if !tree.path(&folder).exists() => {
                    let files = new_crates.entry(folder).or_default();
                    files.insert(file.to_owned(), bytes);
                }
                _ => write.push((path, bytes)),
            }
        }
        for (folder, files) in new_crates {
            let created = tree.writer().create_folder(&tree.path(&folder), &files);
            created.map_err(|error| io_error(folder, "cannot be created", &error))?;
        }
        write.sort_by_key(|(path, _)| (path == LOCK, path.ends_with("/Cargo.toml")));
        for (path, bytes) in write {
            let written = tree.writer().write(&tree.path(&path), &bytes);
            written.map_err(|error| io_error(path, "cannot be written", &error))?;
        }
        Ok(())
    }
}

/// The folder of a generated crate and the path in it.
fn crate_file(path: &str) -> Option<(String, &str)> {
    let (module, file) = path.strip_prefix(&crate_folder(""))?.split_once('/')?;
    Some((crate_folder(module), file))
}

/// Held by a command that changes the tree, so that two of them do not run at once.
pub(crate) struct WriteLock(
    #[expect(dead_code, reason = "holds the file lock until it is dropped")] File,
);

impl WriteLock {
    pub(crate) fn acquire(tree: &Workspace) -> Result<Self> {
        let open = || {
            let path = tree.path(LOCK_FILE);
            fs::create_dir_all(path.parent().unwrap_or(&path))?;
            File::options()
                .create(true)
                .truncate(false)
                .write(true)
                .open(path)
        };
        let file = open().map_err(|error| io_error(LOCK_FILE, "cannot be written", &error))?;
        match FileExt::try_lock(&file) {
            Ok(()) => Ok(Self(file)),
            Err(TryLockError::WouldBlock) => Err(file_error(
                LOCK_FILE,
                "another cargo xtask command is changing the tree",
                "wait until it ends",
            )),
            Err(TryLockError::Error(error)) => Err(io_error(LOCK_FILE, "cannot be locked", &error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn second_command_that_writes_is_rejected() {
        let folder = tempfile::tempdir().expect("a folder");
        let tree = Workspace::new(folder.path());
        let _lock = WriteLock::acquire(&tree).expect("free");
        let error = WriteLock::acquire(&tree).err().expect("held");
        assert!(
            error.problem.contains("another cargo xtask command"),
            "{error}"
        );
    }
}
