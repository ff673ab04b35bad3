//! Errors of bulk jobs.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// The kind of a [`BulkError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BulkErrorKind {
    /// Another process runs the job.
    Busy,
    /// The folder holds a job with other settings.
    OtherPlan,
    /// The folder holds files and no job.
    NoJob,
    /// The journal or an output was changed by another program, or is incomplete.
    Damaged,
    /// A file cannot be read or written.
    Io,
    /// A call failed.
    Call,
    /// An item or a setting cannot be used.
    Invalid,
    /// More rows were rejected than the import allows.
    Rejected,
}

/// An error of a bulk job: what was wrong, where, and what to do. It shows no record.
///
/// The job keeps what it has done, and running it again continues there.
pub struct BulkError(Box<Inner>);

struct Inner {
    kind: BulkErrorKind,
    message: String,
    path: Option<PathBuf>,
    remedy: String,
    cause: Option<Cause>,
}

enum Cause {
    Io(io::Error),
    Call(hoopai_runtime::Error),
}

impl BulkError {
    pub(crate) fn new(
        kind: BulkErrorKind,
        message: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        BulkError(Box::new(Inner {
            kind,
            message: message.into(),
            path: None,
            remedy: remedy.into(),
            cause: None,
        }))
    }

    /// A file that cannot be read or written.
    pub(crate) fn io(what: &str, path: &Path, cause: io::Error) -> Self {
        let remedy = match cause.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                "free some space on the disk and run the job again"
            }
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                "let this user write there and run the job again"
            }
            io::ErrorKind::NotFound => "check the path: the file or its folder does not exist",
            io::ErrorKind::NotADirectory
            | io::ErrorKind::IsADirectory
            | io::ErrorKind::AlreadyExists => "check the path: something else has its name",
            _ => "check the disk and run the job again",
        };
        let mut error = Self::new(BulkErrorKind::Io, what, remedy).at(path);
        error.0.cause = Some(Cause::Io(cause));
        error
    }

    /// A call of a list that failed after the retries of the client.
    pub(crate) fn call(list: &str, cause: hoopai_runtime::Error) -> Self {
        let mut error = Self::new(
            BulkErrorKind::Call,
            format!("the list `{list}` cannot be read"),
            "run the job again: it continues after the last checkpoint",
        );
        error.0.cause = Some(Cause::Call(cause));
        error
    }

    /// A row that was sent without an answer.
    pub(crate) fn row(number: u64, cause: hoopai_runtime::Error) -> Self {
        let mut error = Self::new(
            BulkErrorKind::Call,
            format!("row {number} cannot be sent"),
            "run the job again: it looks up the rows without an answer and continues",
        );
        error.0.cause = Some(Cause::Call(cause));
        error
    }

    pub(crate) fn at(mut self, path: &Path) -> Self {
        self.0.path = Some(path.to_owned());
        self
    }

    /// The kind of the error.
    pub fn kind(&self) -> BulkErrorKind {
        self.0.kind
    }

    /// The path of the file or folder, if the error is about one.
    pub fn path(&self) -> Option<&Path> {
        self.0.path.as_deref()
    }

    /// The error of the call, if one failed.
    pub fn call_error(&self) -> Option<&hoopai_runtime::Error> {
        match &self.0.cause {
            Some(Cause::Call(error)) => Some(error),
            _ => None,
        }
    }
}

impl fmt::Display for BulkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &*self.0;
        f.write_str(&inner.message)?;
        if let Some(path) = &inner.path {
            write!(f, " ({})", path.display())?;
        }
        match &inner.cause {
            Some(Cause::Io(cause)) => write!(f, ": {cause}")?,
            Some(Cause::Call(cause)) => write!(f, ": {cause}")?,
            None => {}
        }
        write!(f, "; {}", inner.remedy)
    }
}

/// As `Display`, since `main` prints the `Debug` form of its error.
impl fmt::Debug for BulkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BulkError")
            .field("kind", &self.0.kind)
            .field("message", &format_args!("{self}"))
            .finish()
    }
}

impl std::error::Error for BulkError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self.0.cause.as_ref()? {
            Cause::Io(cause) => Some(cause),
            Cause::Call(cause) => Some(cause),
        }
    }
}
