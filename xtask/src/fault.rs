//! Short ways to a [`FileError`].

use std::{fmt::Display, io};

use hoopai_codegen::FileError;

/// A fault that concerns a whole file (or address).
pub(crate) fn fault(
    file: impl Into<String>,
    problem: impl Into<String>,
    remedy: impl Into<String>,
) -> FileError {
    FileError {
        file: file.into(),
        pointer: String::new(),
        problem: problem.into(),
        remedy: remedy.into(),
    }
}

/// The file system refused: `action` is what was tried, such as `cannot be read`.
pub(crate) fn refused(file: impl Into<String>, action: &str, error: &io::Error) -> FileError {
    let remedy = match error.kind() {
        io::ErrorKind::PermissionDenied => "check who may read and write it",
        io::ErrorKind::StorageFull => "free some space and run the command again",
        io::ErrorKind::NotFound => "check that it is there",
        _ => "repair that and run the command again",
    };
    fault(file, format!("{action}: {error}"), remedy)
}

/// An error and what caused it, down to the root, each said once.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let next = error.to_string();
        if !text.contains(&next) {
            text = format!("{text}: {next}");
        }
        cause = error.source();
    }
    text
}

/// `1 module`, `3 modules`.
pub(crate) fn count(number: usize, thing: &str) -> impl Display {
    format!("{number} {thing}{}", if number == 1 { "" } else { "s" })
}
