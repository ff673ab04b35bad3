//! Writes and removes files and folders.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

/// The suffix of temporary files and folders.
pub(crate) const TEMPORARY: &str = ".xtask-tmp";

/// Writes and removes files. Tests replace it to interrupt a command.
pub trait FileWriter: Send + Sync {
    /// Replaces or creates a file with its folders.
    fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()>;

    /// Creates a folder with these files, by their paths in the folder.
    fn create_folder(&self, folder: &Path, files: &BTreeMap<String, Vec<u8>>) -> io::Result<()>;

    /// Removes a file, and the folders that become empty.
    fn remove(&self, path: &Path) -> io::Result<()>;
}

/// Writes files and folders under temporary names and renames them, so that none is ever incomplete.
///
/// Temporary names are fixed. A command that is repeated after an interruption replaces its own
/// temporary files.
#[derive(Clone, Copy, Debug)]
pub struct AtomicWriter;

impl FileWriter for AtomicWriter {
    fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        let temporary = temporary(path);
        fs::write(&temporary, bytes)?;
        fs::rename(&temporary, path)
    }

    fn create_folder(&self, folder: &Path, files: &BTreeMap<String, Vec<u8>>) -> io::Result<()> {
        // Beside the parent, since cargo reads all folders in `crates/api`.
        let parent = folder.parent().unwrap_or(folder);
        let temporary = temporary(parent);
        if temporary.exists() {
            fs::remove_dir_all(&temporary)?;
        }
        for (path, bytes) in files {
            self.write(&temporary.join(path), bytes)?;
        }
        fs::create_dir_all(parent)?;
        fs::rename(&temporary, folder)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)?;
        // `remove_dir` fails for the first folder that is not empty.
        let mut folders = path.ancestors().skip(1);
        while folders
            .next()
            .is_some_and(|folder| fs::remove_dir(folder).is_ok())
        {}
        Ok(())
    }
}

fn temporary(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(TEMPORARY);
    PathBuf::from(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn create_folder_replaces_an_incomplete_temporary_folder() {
        let folder = tempfile::tempdir().expect("a folder");
        let root = folder.path();
        let left = root.join("api.xtask-tmp/old.txt");
        AtomicWriter.write(&left, b"old").expect("written");
        let files = BTreeMap::from([("a/b.txt".to_owned(), b"new".to_vec())]);
        AtomicWriter
            .create_folder(&root.join("api/links"), &files)
            .expect("created");
        let text = fs::read_to_string(root.join("api/links/a/b.txt"));
        assert_eq!(text.expect("readable"), "new");
        assert!(!root.join("api/links/old.txt").exists());
        assert!(!root.join("api.xtask-tmp").exists());
    }

    #[test]
    fn write_replaces_the_file_and_leaves_no_temporary_file() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a/b/file.txt");
        for text in ["old", "new"] {
            AtomicWriter.write(&path, text.as_bytes()).expect("written");
            assert_eq!(fs::read_to_string(&path).expect("readable"), text);
        }
        // A file that an interrupted write left.
        fs::write(folder.path().join("a/b/file.txt.xtask-tmp"), "half").expect("written");
        AtomicWriter.write(&path, b"newest").expect("written");
        let names: Vec<_> = fs::read_dir(folder.path().join("a/b"))
            .expect("readable")
            .map(|entry| entry.expect("readable").file_name())
            .collect();
        assert_eq!(names, ["file.txt"]);
    }

    #[test]
    fn remove_also_removes_folders_that_become_empty() {
        let folder = tempfile::tempdir().expect("a folder");
        let root = folder.path();
        for path in ["a/stays.txt", "a/b/c/file.txt"] {
            AtomicWriter.write(&root.join(path), b"").expect("written");
        }
        AtomicWriter
            .remove(&root.join("a/b/c/file.txt"))
            .expect("removed");
        assert!(!root.join("a/b").exists());
        assert!(root.join("a/stays.txt").exists());
        assert!(AtomicWriter.remove(&root.join("a/absent.txt")).is_err());
    }
}
