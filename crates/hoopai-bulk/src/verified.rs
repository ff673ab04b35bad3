//! The result of a comparison of a job's files with its journal.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::error::BulkError;

/// Whether the files of a job are as the job wrote them.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct VerifyReport {
    /// Whether the job has ended. The last lines of a file can lack a checkpoint if it has not.
    pub complete: bool,
    /// The files.
    pub files: Vec<VerifiedFile>,
}

/// A file of a [`VerifyReport`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct VerifiedFile {
    /// The name of the list.
    pub name: String,
    /// The file.
    pub path: PathBuf,
    /// The number of its records, as the job wrote them.
    pub rows: u64,
    /// Its size, as the job wrote it.
    pub bytes: u64,
    /// How the file differs.
    pub problem: Option<FileProblem>,
}

/// How a file differs from what the job wrote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FileProblem {
    /// It does not exist.
    Missing,
    /// It is shorter.
    Truncated,
    /// Its content has another checksum.
    Changed,
    /// Something follows its last record.
    Longer,
}

impl FileProblem {
    /// The problem in words: `truncated`.
    pub fn as_str(self) -> &'static str {
        match self {
            FileProblem::Missing => "missing",
            FileProblem::Truncated => "truncated",
            FileProblem::Changed => "changed",
            FileProblem::Longer => "longer",
        }
    }
}

impl VerifyReport {
    /// Whether no file differs.
    pub fn is_intact(&self) -> bool {
        self.files.iter().all(|file| file.problem.is_none())
    }
}

/// The size of a file. `None`: it does not exist.
pub(crate) fn size(path: &Path) -> Result<Option<u64>, BulkError> {
    match fs::metadata(path) {
        Ok(metadata) => Ok(Some(metadata.len())),
        Err(cause) if cause.kind() == ErrorKind::NotFound => Ok(None),
        Err(cause) => Err(BulkError::io("the output cannot be read", path, cause)),
    }
}
