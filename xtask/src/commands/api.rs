//! `cargo xtask api`: compares the public API of the hand-written crates with the committed text,
//! so that each change is reviewed. The API of generated crates is visible in their sources.

use std::{
    collections::BTreeMap,
    env,
    ffi::OsString,
    fs, io,
    path::{Path, PathBuf},
    process::{Command, ExitCode},
    sync::OnceLock,
};

use clap::Args;
use public_api::Builder;
use serde::Deserialize;

use crate::{
    Console, Result, Workspace,
    cargo::{command, metadata, succeeds},
    error::{count, file_error, io_error},
    outcome::Outcome,
    workspace::HAND_WRITTEN,
};

const UPDATE: &str = "cargo xtask api --update";
/// The version of rustdoc's JSON format that `public_api` reads: that of Rust 1.95.
const FORMAT_VERSION: u32 = 57;
/// The variable with the path of rustdoc, set if cargo runs this program as rustdoc.
const REAL_RUSTDOC: &str = "HOOPAI_XTASK_INSTEAD_OF_RUSTDOC";
/// The path of this program, read at the start: a CI step may link the program again, and the
/// system then reports the running file as deleted.
static OWN_PATH: OnceLock<io::Result<PathBuf>> = OnceLock::new();
const MAX_PRINTED: usize = 60;
const OMITTED_TRAITS: [&str; 6] = [
    "core::marker::Freeze",
    "core::marker::StructuralPartialEq",
    "core::marker::Unpin",
    "core::marker::UnsafeUnpin",
    "core::panic::unwind_safe::RefUnwindSafe",
    "core::panic::unwind_safe::UnwindSafe",
];

#[derive(Debug, Default, Args)]
pub(crate) struct Api {
    /// Write the current API to the files, to accept the changes
    #[arg(long)]
    update: bool,
}

pub(crate) fn api(tree: &Workspace, options: &Api, console: &Console) -> Result<Outcome> {
    let metadata = metadata(tree)?;
    let mut differing = 0;
    for folder in HAND_WRITTEN {
        let name = folder.rsplit('/').next().unwrap_or(folder);
        let json = metadata
            .target_directory
            .join(format!("doc/{}.json", name.replace('-', "_")));
        if !write_rustdoc_json(tree, name)? {
            return Ok(Outcome::Failed);
        }
        let text = fs::read_to_string(&json)
            .map_err(|error| io_error(json.as_str(), "cannot be read", &error))?;
        if let Some(reason) = unsupported_format(&text) {
            return Ok(Outcome::Skipped(reason));
        }
        let now = items(json.as_std_path())?;
        let file = format!("{folder}/public-api.txt");
        let before = tree.text(&file)?.unwrap_or_default();
        if now == before {
            console.line(format_args!(
                "{name}: {}",
                count(now.lines().count(), "item")
            ));
            continue;
        }
        let changes = changes(&before, &now);
        differing += 1;
        console.line(format_args!(
            "{name}: {} differ from {file}",
            count(changes.len(), "line")
        ));
        for change in changes.iter().take(MAX_PRINTED) {
            console.line(format_args!("  {change}"));
        }
        if changes.len() > MAX_PRINTED {
            console.line(format_args!("  and {} more", changes.len() - MAX_PRINTED));
        }
        if options.update {
            fs::write(tree.path(&file), now)
                .map_err(|error| io_error(&file, "cannot be written", &error))?;
        }
    }
    if differing > 0 {
        console.line(if options.update {
            format!("{} written", count(differing, "text"))
        } else {
            format!("the public API has changed: if this is intended, accept it with {UPDATE}")
        });
    }
    Ok((options.update || differing == 0).into())
}

/// Runs rustdoc with JSON output for a crate.
///
/// JSON output is unstable; a stable rustdoc allows it only with the variable `RUSTC_BOOTSTRAP`. If
/// cargo had this variable, build scripts would run again and all dependent crates would be
/// rebuilt. So cargo runs this program as rustdoc, and this program sets the variable for rustdoc
/// alone.
fn write_rustdoc_json(tree: &Workspace, name: &str) -> Result<bool> {
    let arguments = [
        "rustdoc",
        "--quiet",
        "--package",
        name,
        "--lib",
        "--all-features",
        "--",
    ];
    let json = ["-Z", "unstable-options", "--output-format", "json"];
    let mut command = command(tree, &[&arguments[..], &json].concat());
    let own = OWN_PATH
        .get_or_init(env::current_exe)
        .as_ref()
        .map_err(|error| io_error("cargo xtask", "has no path", error))?;
    let rustdoc = env::var_os("RUSTDOC").unwrap_or_else(|| OsString::from("rustdoc"));
    command.env("RUSTDOC", own).env(REAL_RUSTDOC, rustdoc);
    succeeds(command)
}

/// Runs rustdoc if cargo runs this program as rustdoc, and returns `None` otherwise. Must be called
/// first in `main`.
pub fn run_as_rustdoc() -> Option<ExitCode> {
    OWN_PATH.get_or_init(env::current_exe);
    let rustdoc = env::var_os(REAL_RUSTDOC)?;
    let status = Command::new(rustdoc)
        .args(env::args_os().skip(1))
        .env("RUSTC_BOOTSTRAP", "1")
        .env_remove(REAL_RUSTDOC)
        .status();
    let code = status.ok().and_then(|status| status.code());
    Some(
        code.and_then(|code| u8::try_from(code).ok())
            .map_or(ExitCode::FAILURE, ExitCode::from),
    )
}

/// The reason why this JSON has an unsupported format.
fn unsupported_format(text: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Head {
        format_version: u32,
    }
    match serde_json::from_str::<Head>(text) {
        Ok(head) if head.format_version == FORMAT_VERSION => None,
        Ok(head) => Some(format!(
            "this rustdoc writes JSON in format {}; only format {FORMAT_VERSION}, of Rust 1.95, is supported",
            head.format_version
        )),
        Err(_) => Some("this rustdoc writes JSON without a format version".to_owned()),
    }
}

/// The public items, one a line, with their trait implementations, since users depend on `Clone` or
/// `Send` as well. Other automatic traits are omitted.
fn items(json: &Path) -> Result<String> {
    let api = Builder::from_rustdoc_json(json)
        .omit_blanket_impls(true)
        .build()
        .map_err(|error| {
            file_error(
                json.display().to_string(),
                format!("cannot be read: {error}"),
                "remove it and run the command again",
            )
        })?;
    Ok(api
        .items()
        .map(ToString::to_string)
        .filter(|item| !OMITTED_TRAITS.iter().any(|name| item.contains(name)))
        .fold(String::new(), |all, item| all + &item + "\n"))
}

/// The lines that only one of the texts contains, counted with repetitions.
fn changes(before: &str, now: &str) -> Vec<String> {
    let mut balance: BTreeMap<&str, i64> = BTreeMap::new();
    for (text, one) in [(before, -1), (now, 1)] {
        for line in text.lines() {
            *balance.entry(line).or_default() += one;
        }
    }
    let changed = balance.into_iter().filter(|(_, times)| *times != 0);
    changed
        .map(|(line, times)| format!("{} {line}", if times < 0 { '-' } else { '+' }))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{changes, unsupported_format};

    #[test]
    fn changes_are_added_and_removed_lines() {
        assert_eq!(changes("a\nb\n", "b\nc\n"), ["- a", "+ c"]);
        assert_eq!(changes("a\nb\n", "b\na\n"), [] as [&str; 0]);
    }

    #[test]
    fn unsupported_format_is_named_in_the_reason() {
        assert_eq!(
            unsupported_format(r#"{"root":0,"format_version":57}"#),
            None
        );
        assert!(
            unsupported_format(r#"{"format_version":60}"#)
                .is_some_and(|reason| reason.contains("format 60"))
        );
        assert!(
            unsupported_format("[]")
                .is_some_and(|reason| reason.contains("without a format version"))
        );
    }
}
