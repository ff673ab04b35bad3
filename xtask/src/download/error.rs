//! The error of one download.

use std::time::Duration;

/// Why a file was not downloaded.
#[derive(Clone, Debug)]
pub(crate) struct FetchError {
    pub(crate) problem: String,
    pub(crate) remedy: String,
    pub(crate) kind: FetchErrorKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FetchErrorKind {
    /// The server does not provide the file. Another source may have it.
    Unavailable,
    /// The server states that the file does not exist. Another source may have it.
    Missing,
    /// Another attempt may succeed, after the delay that the server requested.
    Transient(Option<Duration>),
    /// No connection. Each server is retried for its first file only.
    Unreachable,
    /// Further attempts fail in the same way.
    Permanent,
}

impl FetchError {
    pub(crate) fn new(kind: FetchErrorKind, problem: impl Into<String>, remedy: &str) -> Self {
        Self {
            problem: problem.into(),
            remedy: remedy.to_owned(),
            kind,
        }
    }

    pub(crate) fn unavailable(problem: impl Into<String>, remedy: &str) -> Self {
        Self::new(FetchErrorKind::Unavailable, problem, remedy)
    }

    pub(crate) fn missing(problem: impl Into<String>, remedy: &str) -> Self {
        Self::new(FetchErrorKind::Missing, problem, remedy)
    }

    pub(crate) fn transient(problem: impl Into<String>, remedy: &str) -> Self {
        Self::new(FetchErrorKind::Transient(None), problem, remedy)
    }

    pub(crate) fn permanent(problem: impl Into<String>, remedy: &str) -> Self {
        Self::new(FetchErrorKind::Permanent, problem, remedy)
    }

    pub(crate) fn is_unavailable(&self) -> bool {
        matches!(
            self.kind,
            FetchErrorKind::Unavailable | FetchErrorKind::Missing
        )
    }
}
