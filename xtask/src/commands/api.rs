//! `cargo xtask api`: what the hand-written crates offer, item by item, next to the text of it that is committed. So no
//! change of it goes in unseen. Generated crates are seen in their own sources.

use std::{
    collections::BTreeMap,
    env,
    ffi::OsString,
    fs,
    path::Path,
    process::{Command, ExitCode},
};

use clap::Args;
use public_api::Builder;
use serde::Deserialize;

use crate::{
    Console, Result, Workspace,
    cargo::{Metadata, command, succeeds},
    commands::ci::Outcome,
    fault::{count, fault, refused},
    workspace::HAND_WRITTEN,
};

const UPDATE: &str = "cargo xtask api --update";
/// The format of rustdoc's JSON that the library reads: that of Rust 1.95. Others are not to be trusted, they read wrongly
/// as often as not at all.
const FORMAT: u32 = 57;
/// Tells this program that cargo calls it in rustdoc's place, and which rustdoc it stands for.
const INSTEAD_OF: &str = "HOOPAI_XTASK_INSTEAD_OF_RUSTDOC";
const SHOWN: usize = 60;
const UNSAID: [&str; 6] = [
    "core::marker::Freeze",
    "core::marker::StructuralPartialEq",
    "core::marker::Unpin",
    "core::marker::UnsafeUnpin",
    "core::panic::unwind_safe::RefUnwindSafe",
    "core::panic::unwind_safe::UnwindSafe",
];

#[derive(Debug, Default, Args)]
pub(crate) struct Api {
    /// Write the texts anew: accept what changed
    #[arg(long)]
    update: bool,
}

pub(crate) fn api(tree: &Workspace, options: &Api, console: &Console) -> Result<Outcome> {
    let metadata = Metadata::read(tree)?;
    let mut differing = 0;
    for folder in HAND_WRITTEN {
        let name = folder.rsplit('/').next().unwrap_or(folder);
        let json = metadata
            .target_directory
            .join(format!("doc/{}.json", name.replace('-', "_")));
        if !document(tree, name)? {
            return Ok(Outcome::Failed);
        }
        let shown = json.display().to_string();
        let text =
            fs::read_to_string(&json).map_err(|error| refused(&shown, "cannot be read", &error))?;
        if let Some(why) = unreadable(&text) {
            return Ok(Outcome::Skipped(why));
        }
        let now = items(&json)?;
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
        for change in changes.iter().take(SHOWN) {
            console.line(format_args!("  {change}"));
        }
        if changes.len() > SHOWN {
            console.line(format_args!("  and {} more", changes.len() - SHOWN));
        }
        if options.update {
            fs::write(tree.path(&file), now)
                .map_err(|error| refused(&file, "cannot be written", &error))?;
        }
    }
    if differing > 0 {
        console.line(if options.update {
            format!("{} written", count(differing, "text"))
        } else {
            format!("what the crates offer has changed: if that is meant, accept it with {UPDATE}")
        });
    }
    Ok((options.update || differing == 0).into())
}

/// Has rustdoc describe a crate as JSON.
///
/// That is not stable yet, and rustdoc does it only if told by a variable to forget that it is a stable one. Were cargo
/// given the variable, build scripts would see it as well and all that depends on them would be built again, now and on the
/// next build without it. So cargo calls this program for rustdoc, and only rustdoc gets the variable.
fn document(tree: &Workspace, name: &str) -> Result<bool> {
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
    let own =
        env::current_exe().map_err(|error| refused("cargo xtask", "cannot find itself", &error))?;
    let rustdoc = env::var_os("RUSTDOC").unwrap_or_else(|| OsString::from("rustdoc"));
    command.env("RUSTDOC", own).env(INSTEAD_OF, rustdoc);
    succeeds(command)
}

/// Where cargo has called this program for rustdoc, calls it. Nothing otherwise.
pub fn instead_of_rustdoc() -> Option<ExitCode> {
    let rustdoc = env::var_os(INSTEAD_OF)?;
    let status = Command::new(rustdoc)
        .args(env::args_os().skip(1))
        .env("RUSTC_BOOTSTRAP", "1")
        .env_remove(INSTEAD_OF)
        .status();
    let code = status.ok().and_then(|status| status.code());
    Some(
        code.and_then(|code| u8::try_from(code).ok())
            .map_or(ExitCode::FAILURE, ExitCode::from),
    )
}

/// Why this JSON cannot be read, if so.
fn unreadable(text: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Head {
        format_version: u32,
    }
    match serde_json::from_str::<Head>(text) {
        Ok(head) if head.format_version == FORMAT => None,
        Ok(head) => Some(format!(
            "this rustdoc writes its JSON in format {}, and format {FORMAT}, of Rust 1.95, is what can be read",
            head.format_version
        )),
        Err(_) => Some("this rustdoc writes a JSON that names no format".to_owned()),
    }
}

/// The public items, a line each, with what is implemented for them, derived or not: to lose `Clone` or `Send` breaks users,
/// too. Of what the compiler finds out by itself the rest says nothing to them.
fn items(json: &Path) -> Result<String> {
    let api = Builder::from_rustdoc_json(json)
        .omit_blanket_impls(true)
        .build()
        .map_err(|error| {
            fault(
                json.display().to_string(),
                format!("cannot be read: {error}"),
                "remove it and run the command again",
            )
        })?;
    Ok(api
        .items()
        .map(ToString::to_string)
        .filter(|item| !UNSAID.iter().any(|name| item.contains(name)))
        .fold(String::new(), |all, item| all + &item + "\n"))
}

/// The lines that one text has and the other has not, as often as that is so.
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
    use super::{changes, unreadable};

    #[test]
    fn what_came_and_what_went() {
        assert_eq!(changes("a\nb\n", "b\nc\n"), ["- a", "+ c"]);
        assert_eq!(changes("a\nb\n", "b\na\n"), [] as [&str; 0]);
    }

    #[test]
    fn another_format_is_named() {
        assert_eq!(unreadable(r#"{"root":0,"format_version":57}"#), None);
        assert!(
            unreadable(r#"{"format_version":60}"#).is_some_and(|why| why.contains("format 60"))
        );
        assert!(unreadable("[]").is_some_and(|why| why.contains("no format")));
    }
}
