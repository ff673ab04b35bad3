//! What can go wrong with a store.

use std::fmt;
use std::path::{Path, PathBuf};

type Cause = Box<dyn std::error::Error + Send + Sync>;

/// What kind of trouble a store has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StoreErrorKind {
    /// Reading or writing failed.
    Io,
    /// What is stored cannot be read as tokens. It stays as it is.
    Corrupt,
    /// Another process keeps the store locked.
    Locked,
    /// The place is not fit to keep tokens: others can write there, or locks have no effect.
    Unsafe,
    /// Something else.
    Other,
}

/// Why a token store did not do what it was asked: what is wrong, where, and what to do about it. It never shows a token.
pub struct StoreError(Box<Inner>);

struct Inner {
    fault: StoreErrorKind,
    what: String,
    place: Option<PathBuf>,
    remedy: String,
    cause: Option<Cause>,
}

impl StoreError {
    /// An error of a store of your own: what is wrong, and what to do about it. Both are shown, so neither may hold a token.
    pub fn new(what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::of(StoreErrorKind::Other, what, remedy)
    }

    /// Names the cause.
    #[must_use]
    pub fn caused_by(mut self, cause: impl Into<Cause>) -> Self {
        self.0.cause = Some(cause.into());
        self
    }

    fn of(fault: StoreErrorKind, what: impl Into<String>, remedy: impl Into<String>) -> Self {
        StoreError(Box::new(Inner {
            fault,
            what: what.into(),
            place: None,
            remedy: remedy.into(),
            cause: None,
        }))
    }

    pub(crate) fn corrupt(what: impl Into<String>) -> Self {
        Self::of(
            StoreErrorKind::Corrupt,
            what,
            "bring a backup back, or move the entry away and have the app authorised again",
        )
    }

    pub(super) fn io(what: &str, place: &Path, cause: std::io::Error) -> Self {
        if let Some(kind) = super::disk::foreign_kind(&cause) {
            let what = format!("{what}, as {kind} stands in the place of a file");
            return Self::of(
                StoreErrorKind::Unsafe,
                what,
                "remove it, after you have found out who put it there",
            )
            .at(place);
        }
        let remedy = match cause.kind() {
            std::io::ErrorKind::PermissionDenied => {
                "let the user that the process runs as read and write there"
            }
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => {
                "make room there"
            }
            _ => "check the disk, and that the directory exists and can be written",
        };
        Self::of(StoreErrorKind::Io, what, remedy)
            .at(place)
            .caused_by(cause)
    }

    pub(super) fn unsafe_place(what: &str, remedy: &str) -> Self {
        Self::of(StoreErrorKind::Unsafe, what, remedy)
    }

    pub(super) fn locked(place: &Path) -> Self {
        Self::of(
            StoreErrorKind::Locked,
            "another process keeps the tokens locked",
            "look for a process that uses the same directory and hangs",
        )
        .at(place)
    }

    pub(super) fn at(mut self, place: &Path) -> Self {
        self.0.place = Some(place.to_owned());
        self
    }

    /// The kind of trouble.
    pub fn fault(&self) -> StoreErrorKind {
        self.0.fault
    }

    /// Where it is, for a store of files.
    pub fn path(&self) -> Option<&Path> {
        self.0.place.as_deref()
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &*self.0;
        f.write_str(&inner.what)?;
        if let Some(place) = &inner.place {
            write!(f, " ({})", place.display())?;
        }
        // The operating system's words hold no tokens; those of other causes might.
        if let Some(cause) = inner
            .cause
            .as_ref()
            .and_then(|cause| cause.downcast_ref::<std::io::Error>())
        {
            write!(f, ": {cause}")?;
        }
        write!(f, "; {}", inner.remedy)
    }
}

impl fmt::Debug for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoreError")
            .field("fault", &self.0.fault)
            .field("text", &format_args!("{self}"))
            .finish()
    }
}

impl std::error::Error for StoreError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.cause.as_deref().map(|cause| cause as _)
    }
}
