//! `cargo xtask codegen`: the build step, from `specs/` to `crates/api/` and the facade.

use clap::Args;
use hoopai_codegen::Attention;

use crate::{
    Console, FileError, Result, Workspace,
    error::{count, file_error},
    generation::{
        crate_changes, event_changes, facade_changes, generate_crates, generate_webhooks,
    },
    renames::other_entries,
    workspace::{AttentionList, Changes, WEBHOOKS, WriteLock, select},
};

const COMMAND: &str = "run cargo xtask codegen";

#[derive(Debug, Default, Args)]
pub(crate) struct Codegen {
    /// Write nothing; list every file that differs from its generated form
    #[arg(long)]
    pub(crate) check: bool,
    /// Only this module; may be given several times
    #[arg(long, value_name = "NAME", num_args = 1..)]
    pub(crate) module: Vec<String>,
}

pub(crate) fn codegen(tree: &Workspace, options: &Codegen, console: &Console) -> Result<bool> {
    let lock = (!options.check)
        .then(|| WriteLock::acquire(tree))
        .transpose()?;
    let all = tree.modules()?;
    let modules = select(&all, &options.module)?;
    let generated = generate_crates(tree, &modules, &console.bar("generating", modules.len()));

    let (mut failed, mut operations, mut stale) = (0, 0, 0);
    let mut apply = |changes: Changes| -> Result<bool> {
        let differs = !changes.is_empty();
        match &lock {
            Some(lock) => changes.apply(tree, lock)?,
            None => {
                for finding in differences(tree, &changes) {
                    console.line(finding);
                    stale += 1;
                }
            }
        }
        Ok(differs)
    };
    let mut written = 0;
    let mut attention = AttentionList::read(tree)?;
    for (module, generated) in modules.iter().zip(generated) {
        match generated {
            Ok(generated) => {
                operations += generated.report.operations;
                let mut entries = other_entries(&attention, module, &generated);
                entries.extend(generated.attention.iter().cloned());
                for ended in attention.set(&module.name, entries) {
                    console.line(format_args!(
                        "{}: no longer accepted, because it has ended: {ended}",
                        module.name
                    ));
                }
                for entry in open(attention.of(&module.name)) {
                    console.line(format_args!("{}: ! {entry}", module.name));
                }
                let mut changes = Changes::default();
                crate_changes(tree, &mut changes, module, &generated)?;
                written += usize::from(apply(changes)?);
            }
            Err(error) => {
                failed += 1;
                console.line(format_args!("{}: FAILED: {error}", module.name));
            }
        }
    }
    let mut changes = Changes::default();
    facade_changes(tree, &mut changes, &tree.present(&all))?;
    attention.retain(&all);
    attention.change(tree, &mut changes)?;
    let facade = apply(changes)?;
    let unchanged = modules.len() - written - failed;
    let mut events = 0;
    match generate_webhooks(tree) {
        Ok(Some(generated)) => {
            events = generated.report.operations;
            for entry in &generated.attention {
                failed += 1;
                console.line(format_args!("{WEBHOOKS}: FAILED: {entry}"));
            }
            let mut changes = Changes::default();
            event_changes(tree, &mut changes, &generated)?;
            apply(changes)?;
        }
        Ok(None) => {}
        Err(error) => {
            failed += 1;
            console.line(format_args!("{WEBHOOKS}: FAILED: {error}"));
        }
    }

    let mut summary = count(modules.len(), "module").to_string();
    if events > 0 {
        summary = format!("{summary}, {}", count(events, "event"));
    }
    console.line(if options.check {
        format!("{summary}, {operations} operations: {}, {failed} failed", files_differ(stale))
    } else {
        let facade = if facade { ", facade written" } else { "" };
        format!("{summary}, {operations} operations: {written} written, {unchanged} unchanged, {failed} failed{facade}")
    });
    Ok(failed == 0 && stale == 0)
}

/// The entries that nobody has accepted.
pub(crate) fn open(entries: &[Attention]) -> impl Iterator<Item = &Attention> {
    entries.iter().filter(|entry| entry.accepted.is_none())
}

fn files_differ(stale: usize) -> String {
    match stale {
        0 => "all files are as codegen generates them".to_owned(),
        1 => "1 file differs from the generated form".to_owned(),
        _ => format!("{stale} files differ from the generated form"),
    }
}

/// Changes as findings about the tree.
pub(crate) fn differences(tree: &Workspace, changes: &Changes) -> Vec<FileError> {
    let written = changes.written().map(|path| {
        let problem = if tree.path(path).exists() {
            "differs from the file that codegen generates from specs/"
        } else {
            "is missing"
        };
        file_error(path, problem, COMMAND)
    });
    let removed = changes
        .removed()
        .map(|path| file_error(path, "is not generated by codegen", COMMAND));
    written.chain(removed).collect()
}
