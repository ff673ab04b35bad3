//! Comparison of a job's folder with its journal.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::error::{BulkError, BulkErrorKind};
use crate::export::verify_export;
use crate::job;

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

/// Compares the files of an export with its journal: sizes and checksums. Of a copy that is kept up
/// to date, it checks the database. It changes nothing, and reads all files.
///
/// # Errors
/// The folder holds no job, or an import, whose files are not compared; the journal or the database
/// is damaged; a file cannot be read.
pub fn verify(folder: impl AsRef<Path>) -> Result<VerifyReport, BulkError> {
    let folder = folder.as_ref();
    match job::kind(folder)?.as_str() {
        "export" => verify_export(folder),
        #[cfg(feature = "sync")]
        "sync" => crate::sync::verify_database(folder),
        kind => Err(BulkError::new(
            BulkErrorKind::Invalid,
            format!("the files of a job of the kind `{kind}` cannot be compared"),
            "pass the folder of an export or of a copy",
        )
        .at(folder)),
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
