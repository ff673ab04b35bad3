//! `cargo xtask history`: regenerates a copy of the tree from older files of the platform, checks
//! that the copy compiles, and tests the mock server in it. Regenerating it from today's files must
//! restore the tree.

use std::{
    collections::BTreeSet,
    fs, io,
    path::{Path, PathBuf},
    process::Command,
};

use clap::Args;

use crate::{
    Console, Fetcher, Limits, Result, Source, Status, Workspace,
    cargo::{command, metadata, output, succeeds},
    commands::regen::{Regen, regen},
    error::{file_error, io_error},
    outcome::Outcome,
    workspace::{Changes, WriteLock},
};

const OLDER: &str = "../shared/upstream-history";
const TODAY: &str = "../shared/upstream";
/// In `target`, with a constant path, so that cargo finds what it compiled before.
const FOLDER: &str = "target/history";

/// The options of `cargo xtask history`.
#[derive(Debug, Default, Args)]
pub(crate) struct History {
    /// A folder with older states, each in the form of a --source folder
    /// [default: ../shared/upstream-history]
    #[arg(long, value_name = "DIR")]
    older: Option<PathBuf>,
    /// The folder from which the tree was generated [default: ../shared/upstream]
    #[arg(long, value_name = "DIR")]
    today: Option<PathBuf>,
    /// Do not compile the copy, and run no tests in it
    #[arg(long)]
    no_check: bool,
    /// Also run the tests of the facade in the copy
    #[arg(long, conflicts_with = "no_check")]
    facade_tests: bool,
}

pub(crate) fn history(tree: &Workspace, options: &History, console: &Console) -> Result<Outcome> {
    let folder =
        |option: &Option<PathBuf>, default| option.clone().unwrap_or_else(|| tree.path(default));
    let (older, today) = (folder(&options.older, OLDER), folder(&options.today, TODAY));
    for folder in [&older, &today] {
        if !folder.is_dir() {
            return Ok(Outcome::Skipped(format!(
                "{} does not exist",
                folder.display()
            )));
        }
    }
    let copy = Workspace::new(tree.path(FOLDER).join("tree"));
    synchronise(tree, &copy)?;
    for state in states(&older)? {
        console.line(format_args!("{}:", state.display()));
        if !regenerate(&copy, state, console)? {
            return Ok(Outcome::Failed);
        }
        if !options.no_check && !compiles(tree, &copy)? {
            console.line("the regenerated tree does not compile");
            return Ok(Outcome::Failed);
        }
        if !options.no_check && !passes(tree, &copy, options.facade_tests, console)? {
            console.line("tests fail that name no operation that this state lacks");
            return Ok(Outcome::Failed);
        }
        if !regenerate(&copy, today.clone(), console)? {
            return Ok(Outcome::Failed);
        }
        let differing = differing(tree, &copy)?;
        for path in &differing {
            let problem = "is not restored by regenerating from today's files";
            console.line(file_error(path, problem, "run cargo xtask regen --source with that folder, and commit the result, or correct codegen"));
        }
        if !differing.is_empty() {
            return Ok(Outcome::Failed);
        }
    }
    Ok(Outcome::Passed)
}

/// The older states, the newest last.
fn states(folder: &Path) -> Result<Vec<PathBuf>> {
    let unreadable =
        |error: io::Error| io_error(folder.display().to_string(), "cannot be read", &error);
    let mut states = Vec::new();
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if path.is_dir() {
            states.push(path);
        }
    }
    states.sort();
    Ok(states)
}

fn regenerate(copy: &Workspace, source: PathBuf, console: &Console) -> Result<bool> {
    let options = Regen {
        source: Some(Source::Folder(source)),
        ..Regen::default()
    };
    let (quiet, output) = Console::captured();
    let status = regen(copy, &options, &Fetcher::new(Limits::default())?, &quiet)?;
    let regenerated = status != Status::Failure;
    let text = output.text();
    if regenerated {
        console.line(text.lines().last().unwrap_or_default());
    } else {
        console.line(text);
    }
    Ok(regenerated)
}

/// Compiles all module crates, the facade and the mock.
fn compiles(tree: &Workspace, copy: &Workspace) -> Result<bool> {
    let arguments = "check --quiet -p hoopai -p hoopai-mock --features hoopai/full";
    succeeds(cargo_in(tree, copy, arguments)?)
}

/// Runs the tests that do not need generated types. Those of the mock server need the interface
/// only, and skip the operations that it lacks. Those of the facade need types of a few modules.
fn passes(
    tree: &Workspace,
    copy: &Workspace,
    facade_tests: bool,
    console: &Console,
) -> Result<bool> {
    let mut runs = vec!["test --quiet --no-fail-fast -p hoopai-mock --lib --test it"];
    if facade_tests {
        runs.push("test --quiet --no-fail-fast -p hoopai --lib --test it");
    }
    for arguments in runs {
        let mut command = cargo_in(tree, copy, arguments)?;
        command.env("HOOPAI_REGENERATED", "1");
        let (passed, text) = output(command)?;
        if !passed {
            console.line(text);
            return Ok(false);
        }
        for line in text
            .lines()
            .filter(|line| line.starts_with("test result: "))
        {
            console.line(line);
        }
    }
    Ok(true)
}

/// The copy and the tree have one folder of build results, so that other crates are compiled once.
fn cargo_in(tree: &Workspace, copy: &Workspace, arguments: &str) -> Result<Command> {
    let mut command = command(copy, &arguments.split(' ').collect::<Vec<_>>());
    command.env("CARGO_TARGET_DIR", metadata(tree)?.target_directory);
    command.env("CARGO_INCREMENTAL", "0");
    Ok(command)
}

/// The files of the tree, without those of version control and build results.
fn files(tree: &Workspace) -> Result<BTreeSet<String>> {
    tree.files_below(".", |path| {
        !path.starts_with("./target") && !path.starts_with("./.git") && !path.ends_with("/target")
    })
}

/// Makes the copy equal to the tree. Equal files keep their times, on which cargo relies.
fn synchronise(tree: &Workspace, copy: &Workspace) -> Result<()> {
    let lock = WriteLock::acquire(copy)?;
    let mut changes = Changes::default();
    let files = files(tree)?;
    for path in &files {
        if let Some(bytes) = tree.bytes(path)? {
            changes.write(copy, path.clone(), bytes)?;
        }
    }
    for path in self::files(copy)?.difference(&files) {
        changes.remove(path.clone());
    }
    changes.apply(copy, &lock)
}

/// The files that only one of the trees has, or that differ.
fn differing(tree: &Workspace, copy: &Workspace) -> Result<Vec<String>> {
    let (files, copied) = (files(tree)?, files(copy)?);
    let mut differing = Vec::new();
    for path in files.union(&copied) {
        let is_lock = path == "./Cargo.lock";
        if !is_lock && tree.bytes(path)? != copy.bytes(path)? {
            differing.push(path.trim_start_matches("./").to_owned());
        }
    }
    Ok(differing)
}
