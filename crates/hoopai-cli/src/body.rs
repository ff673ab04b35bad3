//! Bodies from arguments: JSON, a file, or the standard input.

use std::path::Path;

use serde_json::Value;

use crate::failure::{Failure, Result};
use crate::input;

/// Reads a body: `@FILE`, `-` for the standard input, or JSON.
pub(crate) fn read(argument: &str) -> Result<Value> {
    let (text, source) = match argument.strip_prefix('@') {
        Some(path) => {
            let text = input::text_file(path).map_err(|error| {
                Failure::usage(format_args!(
                    "the file `{path}` of --body cannot be read: {error}"
                ))
            })?;
            (text, format!("the file `{path}` of --body"))
        }
        None if argument == "-" => {
            let text = input::text(std::io::stdin()).map_err(|error| {
                Failure::usage(format_args!("the standard input cannot be read: {error}"))
            })?;
            (text, "the standard input".to_owned())
        }
        None => (argument.to_owned(), "the value of --body".to_owned()),
    };
    if text.trim().is_empty() {
        return Err(Failure::invalid(
            &["body".to_owned()],
            format_args!("{source} is empty: pass JSON, @FILE, or - for the standard input"),
        ));
    }
    serde_json::from_str(&text).map_err(|error| {
        // The position only: the text of the error can contain values.
        Failure::invalid(
            &["body".to_owned()],
            format_args!(
                "{source} is not JSON (line {}, column {}): pass JSON, @FILE, or - for the standard input",
                error.line(),
                error.column()
            ),
        )
    })
}

/// Splits `NAME=VALUE`.
pub(crate) fn pair(argument: &str, option: &str) -> Result<(String, String)> {
    match argument.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err(Failure::usage(format_args!(
            "{option} `{argument}` has no name and value: write {option} NAME=VALUE"
        ))),
    }
}

/// The name of a file for an upload.
pub(crate) fn file_name(path: &Path) -> String {
    path.file_name().map_or_else(
        || "file".to_owned(),
        |name| name.to_string_lossy().into_owned(),
    )
}
