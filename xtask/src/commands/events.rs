//! `cargo xtask events`: makes the event files of `specs/webhooks/events` from JSON schemas.

use std::{fs, path::PathBuf};

use clap::Args;
use hoopai_codegen::strip_event;

use crate::{
    Console, Result, Workspace,
    error::{count, file_error, io_error},
    workspace::{Changes, WriteLock, event_file},
};

#[derive(Debug, Args)]
pub(crate) struct Events {
    /// The folder of the schemas, one file <event>.schema.json for each event
    #[arg(value_name = "DIR")]
    pub(crate) source: PathBuf,
}

/// Reduces each schema to facts. Files of events without a schema stay as they are, and so do
/// `model` and `aliases` of the others.
pub(crate) fn events(tree: &Workspace, options: &Events, console: &Console) -> Result<bool> {
    let lock = WriteLock::acquire(tree)?;
    let shown = options.source.display().to_string();
    let unreadable = |error: &std::io::Error| io_error(&shown, "cannot be read", error);
    let entries = fs::read_dir(&options.source).map_err(|error| unreadable(&error))?;
    let mut changes = Changes::default();
    let mut read = 0;
    for entry in entries {
        let path = entry.map_err(|error| unreadable(&error))?.path();
        let file = path.file_name().unwrap_or_default().to_string_lossy();
        let Some(name) = file.strip_suffix(".schema.json") else {
            continue;
        };
        let target = event_file(name);
        let present = tree.bytes(&target)?;
        let schema = fs::read(&path).map_err(|error| unreadable(&error))?;
        let present = present.as_deref().map(|bytes| (target.as_str(), bytes));
        let (title, bytes) = strip_event(&file, &schema, present)?;
        if title != name {
            return Err(file_error(
                file,
                format!("is the schema of `{title}`"),
                "give the file the name of its event",
            ));
        }
        changes.write(tree, target.clone(), bytes)?;
        read += 1;
    }
    let changed = changes.written().count();
    changes.apply(tree, &lock)?;
    console.line(format_args!("{}: {changed} written", count(read, "event")));
    Ok(read > 0)
}
