//! `cargo xtask codegen`: the build step, from `specs/` to `crates/api/` and the facade.

use clap::Args;

use crate::{
    Console, FileError, Result, Workspace,
    build::{crates_of, place_crate, place_facade},
    fault::{count, fault},
    swap::{Update, guard},
    workspace::select,
};

const COMMAND: &str = "run cargo xtask codegen";

#[derive(Debug, Default, Args)]
pub(crate) struct Codegen {
    /// Write nothing; list every file that is not what codegen makes
    #[arg(long)]
    pub(crate) check: bool,
    /// Only this module; may be given several times
    #[arg(long, value_name = "NAME", num_args = 1..)]
    pub(crate) module: Vec<String>,
}

pub(crate) fn codegen(tree: &Workspace, options: &Codegen, console: &Console) -> Result<bool> {
    let guard = if options.check {
        None
    } else {
        Some(guard(tree)?)
    };
    let all = tree.modules()?;
    let modules = select(&all, &options.module)?;
    let generated = crates_of(tree, &modules, &console.bar("generating", modules.len()));

    let (mut failed, mut operations, mut stale) = (0, 0, 0);
    let mut settle = |update: Update| -> Result<bool> {
        let changes = !update.is_empty();
        match &guard {
            Some(guard) => update.commit(tree, guard)?,
            None => {
                for finding in differences(tree, &update) {
                    console.line(finding);
                    stale += 1;
                }
            }
        }
        Ok(changes)
    };
    let mut written = 0;
    for (module, generated) in modules.iter().zip(generated) {
        match generated {
            Ok(generated) => {
                operations += generated.report.operations;
                let mut update = Update::new(format!("module {}", module.name));
                place_crate(tree, &mut update, module, &generated)?;
                written += usize::from(settle(update)?);
            }
            Err(fault) => {
                failed += 1;
                console.line(format_args!("{}: FAILED: {fault}", module.name));
            }
        }
    }
    let mut update = Update::new("the facade");
    place_facade(tree, &mut update, &tree.present(&all))?;
    let facade = settle(update)?;

    let what = count(modules.len(), "module");
    console.line(if options.check {
        format!("{what}, {operations} operations: {}, {failed} failed", files_differ(stale))
    } else {
        let facade = if facade { ", facade written" } else { "" };
        let unchanged = modules.len() - written - failed;
        format!("{what}, {operations} operations: {written} written, {unchanged} unchanged, {failed} failed{facade}")
    });
    Ok(failed == 0 && stale == 0)
}

fn files_differ(stale: usize) -> String {
    match stale {
        0 => "all files are what codegen makes".to_owned(),
        _ => format!("{} not what codegen makes", count(stale, "file")),
    }
}

/// What an update would do, as findings about the tree as it is.
pub(crate) fn differences(tree: &Workspace, update: &Update) -> Vec<FileError> {
    let written = update.written().map(|path| {
        let problem = if tree.path(path).exists() {
            "is not what codegen makes of specs/"
        } else {
            "is missing"
        };
        fault(path, problem, COMMAND)
    });
    let removed = update
        .removed()
        .map(|path| fault(path, "is not made by codegen", COMMAND));
    written.chain(removed).collect()
}
