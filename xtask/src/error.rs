//! The error of every command, and functions that create it.

use std::{fmt::Display, io};

pub use hoopai_codegen::FileError;

/// The result of every function here that can fail.
pub type Result<T> = std::result::Result<T, FileError>;

/// An error that concerns a whole file or address.
pub(crate) fn file_error(
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

/// An error of the file system. `action` names what failed, such as `cannot be read`.
pub(crate) fn io_error(file: impl Into<String>, action: &str, error: &io::Error) -> FileError {
    let remedy = match error.kind() {
        io::ErrorKind::PermissionDenied => "check its permissions",
        io::ErrorKind::StorageFull => "free some space and run the command again",
        io::ErrorKind::NotFound => "check that it exists",
        _ => "repair that and run the command again",
    };
    file_error(file, format!("{action}: {error}"), remedy)
}

/// An error and its causes, down to the root, without repetitions.
pub(crate) fn error_chain(error: &dyn std::error::Error) -> String {
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
pub(crate) fn count(number: usize, noun: &str) -> impl Display {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}
