//! Errors of token stores.

use std::fmt;
use std::path::{Path, PathBuf};

type Cause = Box<dyn std::error::Error + Send + Sync>;

/// The kind of a [`StoreError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StoreErrorKind {
    /// Reading or writing failed.
    Io,
    /// The stored data cannot be read as tokens. It is left unchanged.
    Corrupt,
    /// Another process keeps the store locked.
    Locked,
    /// Tokens cannot be kept safely there: others can write to it, or locks have no effect.
    Unsafe,
    /// Another error.
    Other,
}

/// An error of a token store: what is wrong, where, and what to do about it.
///
/// It never shows a token.
pub struct StoreError(Box<Inner>);

struct Inner {
    kind: StoreErrorKind,
    message: String,
    path: Option<PathBuf>,
    remedy: String,
    cause: Option<Cause>,
}

impl StoreError {
    /// An error of a store of your own: what is wrong, and what to do about it.
    ///
    /// Both are shown, so neither may contain a token.
    pub fn new(message: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::of_kind(StoreErrorKind::Other, message, remedy)
    }

    /// Adds the cause.
    #[must_use]
    pub fn caused_by(mut self, cause: impl Into<Cause>) -> Self {
        self.0.cause = Some(cause.into());
        self
    }

    /// An error of a store of your own, of this kind.
    pub fn of_kind(
        kind: StoreErrorKind,
        message: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        StoreError(Box::new(Inner {
            kind,
            message: message.into(),
            path: None,
            remedy: remedy.into(),
            cause: None,
        }))
    }

    pub(crate) fn corrupt(message: impl Into<String>) -> Self {
        Self::of_kind(
            StoreErrorKind::Corrupt,
            message,
            "restore a backup, or move the entry away and have the app authorized again",
        )
    }

    pub(crate) fn at(mut self, path: &Path) -> Self {
        self.0.path = Some(path.to_owned());
        self
    }

    /// The kind of the error.
    pub fn kind(&self) -> StoreErrorKind {
        self.0.kind
    }

    /// The path of the file or directory, for a store of files.
    pub fn path(&self) -> Option<&Path> {
        self.0.path.as_deref()
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &*self.0;
        f.write_str(&inner.message)?;
        if let Some(path) = &inner.path {
            write!(f, " ({})", path.display())?;
        }
        // Messages of the operating system contain no tokens; those of other causes might.
        if let Some(cause) = &inner.cause
            && let Some(cause) = cause.downcast_ref::<std::io::Error>()
        {
            write!(f, ": {cause}")?;
        }
        write!(f, "; {}", inner.remedy)
    }
}

impl fmt::Debug for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoreError")
            .field("kind", &self.0.kind)
            .field("message", &format_args!("{self}"))
            .finish()
    }
}

impl std::error::Error for StoreError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.cause.as_deref().map(|cause| cause as _)
    }
}
