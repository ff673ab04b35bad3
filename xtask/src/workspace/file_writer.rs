//! Writing and removing single files.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// The suffix of temporary files.
pub(crate) const TEMPORARY: &str = ".xtask-tmp";

/// Writes and removes files. Tests replace it to interrupt a command.
pub trait FileWriter: Send + Sync {
    /// Replaces or creates a file with its folders.
    fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()>;

    /// Removes a file, and the folders that become empty.
    fn remove(&self, path: &Path) -> io::Result<()>;
}

/// Replaces each file by renaming a temporary file beside it, so that no file is ever half written.
///
/// The temporary file has a fixed name. A command that is repeated after an interruption overwrites
/// and renames it.
#[derive(Clone, Copy, Debug)]
pub struct AtomicWriter;

impl FileWriter for AtomicWriter {
    fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        let mut temporary = path.as_os_str().to_owned();
        temporary.push(TEMPORARY);
        let temporary = PathBuf::from(temporary);
        fs::write(&temporary, bytes)?;
        fs::rename(&temporary, path)
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

#[cfg(test)]
mod tests {
    use super::*;

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
