//! `cargo xtask attend`: settles the deviations in `specs/attention.json`.
//!
//! An entry with a proposed edit is settled by that edit of an overlay or a documentation file, any
//! other entry by accepting it. Both have a reason. The edited modules are generated in memory
//! first, and written only if their entries are settled.

use std::collections::BTreeMap;

use clap::Args;
use hoopai_codegen::{Attention, Edit, Module, apply_edits};

use crate::{
    Console, Result, Workspace,
    commands::codegen::open,
    error::{count, file_error},
    generation::{ModuleTexts, crate_changes, generate_from, in_parallel, spec},
    renames::other_entries,
    workspace::{
        ATTENTION, AttentionList, Changes, WriteLock, documentation_file, overlay_file, select,
    },
};

/// An edit can cause further entries: a removed field has a text. Each round removes lines of a
/// file, so that the rounds end.
const ROUNDS: usize = 50;

/// The options of `cargo xtask attend`.
#[derive(Debug, Default, Args)]
pub(crate) struct Attend {
    /// Only the entries with these numbers
    #[arg(value_name = "N", conflicts_with = "all")]
    entries: Vec<usize>,
    /// All entries, also those that follow from the edits
    #[arg(long)]
    all: bool,
    /// Only entries of this module; may be given several times
    #[arg(long, value_name = "NAME", num_args = 1)]
    module: Vec<String>,
    /// Why the entries are settled so. It becomes part of the description of new overlay actions,
    /// and is stored with accepted entries
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// Accept the entries as they are, without the proposed edits
    #[arg(long)]
    accept: bool,
}

/// An open entry with its number and module.
struct Item<'a> {
    number: usize,
    module: &'a Module,
    entry: Attention,
}

/// An entry that is settled, and why.
#[derive(Clone)]
struct Decision {
    entry: Attention,
    reason: String,
}

pub(crate) fn attend(tree: &Workspace, options: &Attend, console: &Console) -> Result<bool> {
    let lock = WriteLock::acquire(tree)?;
    let all = tree.modules()?;
    let of_modules = select(&all, &options.module)?;
    let mut list = AttentionList::read(tree)?;
    list.retain(&all);
    refresh(tree, &all, &mut list)?;
    let mut items = Vec::new();
    for module in &all {
        for entry in open(list.of(&module.name)) {
            let mut entry = entry.clone();
            entry.edit = entry.edit.filter(|_| !options.accept);
            items.push(Item {
                number: items.len() + 1,
                module,
                entry,
            });
        }
    }
    let number = items.len();
    if let Some(wrong) = options.entries.iter().find(|n| !(1..=number).contains(n)) {
        let range = match number {
            0 => "no entry is open".to_owned(),
            _ => format!("the open entries are 1 to {number}"),
        };
        let problem = format!("has no entry {wrong}: {range}");
        return Err(file_error(
            ATTENTION,
            problem,
            "run cargo xtask attend to list them",
        ));
    }
    items.retain(|item| {
        (options.entries.is_empty() || options.entries.contains(&item.number))
            && of_modules.contains(item.module)
    });
    if items.is_empty() {
        console.line("no open entries");
        return finish(tree, &list, Changes::default(), &lock).map(|()| true);
    }
    let is_selected = options.all || !options.entries.is_empty() || !options.module.is_empty();
    let decisions = if is_selected && (options.reason.is_some() || !console.is_interactive()) {
        decide_all(&items, options.reason.as_deref())?
    } else if console.is_interactive() {
        decide_each(tree, &items, options.reason.as_deref(), console)?
    } else {
        for item in &items {
            console.line(format_args!(
                "{:>4} {}: {}",
                item.number, item.module.name, item.entry
            ));
        }
        console.line(format_args!(
            "{}; to settle them, name their numbers, a --module or --all, with --reason TEXT",
            count(items.len(), "open entry")
                .to_string()
                .replace("entrys", "entries")
        ));
        return Ok(true);
    };

    let mut settled = Settled::default();
    let mut failed = 0;
    for module in &all {
        let Some(decisions) = decisions.get(&module.name) else {
            continue;
        };
        match settle(tree, module, &list, decisions, options) {
            Ok(done) => {
                for ended in list.set(&module.name, done.entries) {
                    console.line(format_args!(
                        "{}: no longer accepted, because it has ended: {ended}",
                        module.name
                    ));
                }
                settled.print(module, &done.decisions, console);
                finish(tree, &list, done.changes, &lock)?;
            }
            Err(error) => {
                failed += 1;
                console.line(format_args!(
                    "{}: FAILED: {error} (its files are unchanged)",
                    module.name
                ));
            }
        }
    }
    let left = list.open().count();
    console.line(format_args!(
        "{} edited, {} accepted, {left} open",
        count(settled.edited, "entry")
            .to_string()
            .replace("entrys", "entries"),
        settled.accepted
    ));
    Ok(failed == 0)
}

/// Computes the entries again, since positions in edited files change.
fn refresh(tree: &Workspace, all: &[Module], list: &mut AttentionList) -> Result<()> {
    let modules: Vec<&Module> = all
        .iter()
        .filter(|module| open(list.of(&module.name)).next().is_some())
        .collect();
    let computed = in_parallel(&modules, |module| {
        let texts = ModuleTexts::read(tree, module)?;
        generate_from(tree, module, &spec(tree, module)?, &texts)
    });
    for (module, generated) in modules.into_iter().zip(computed) {
        let generated = generated?;
        let mut entries = other_entries(list, module, &generated);
        entries.extend(generated.attention);
        list.set(&module.name, entries);
    }
    Ok(())
}

type Decisions = BTreeMap<String, Vec<Decision>>;

fn decide_all(items: &[Item<'_>], reason: Option<&str>) -> Result<Decisions> {
    let Some(reason) = reason.map(str::trim).filter(|reason| !reason.is_empty()) else {
        return Err(file_error(
            "--reason",
            "is missing: each edit and each accepted entry has a reason",
            "add --reason TEXT",
        ));
    };
    let mut decisions = Decisions::new();
    for item in items {
        let decided = decisions.entry(item.module.name.clone()).or_default();
        decided.push(Decision {
            entry: item.entry.clone(),
            reason: reason.to_owned(),
        });
    }
    Ok(decisions)
}

/// Asks about each entry.
fn decide_each(
    tree: &Workspace,
    items: &[Item<'_>],
    reason: Option<&str>,
    console: &Console,
) -> Result<Decisions> {
    let mut decisions = Decisions::new();
    for item in items {
        let name = &item.module.name;
        console.line(format_args!("\n{:>4} {name}: {}", item.number, item.entry));
        let question = match &item.entry.edit {
            Some(edit) => {
                let texts = ModuleTexts::read(tree, item.module)?;
                let file = edited_file(name, edit);
                let old = text_of(&texts, edit).unwrap_or_default();
                let reason = reason.unwrap_or("…");
                match apply_edits(name, &file, text_of(&texts, edit), &[(edit, reason)]) {
                    Ok(new) => print_difference(&file, old, &new, console),
                    Err(error) => {
                        console.line(error);
                        continue;
                    }
                }
                "apply this edit? [y/N/q]"
            }
            None => "accept it as it is? [y/N/q]",
        };
        match console.ask(question).as_deref() {
            Some("y" | "yes") => {}
            None | Some("q") => break,
            Some(_) => continue,
        }
        let stated = match reason {
            Some(reason) => Some(reason.to_owned()),
            None => console.ask("reason:").filter(|reason| !reason.is_empty()),
        };
        match stated {
            Some(reason) => decisions.entry(name.clone()).or_default().push(Decision {
                entry: item.entry.clone(),
                reason,
            }),
            None => console.line("skipped, because it has no reason"),
        }
    }
    Ok(decisions)
}

/// Prints the lines that an edit removes and adds. An edit changes one place.
fn print_difference(file: &str, old: &str, new: &str, console: &Console) {
    let (old, new): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
    let equal = |pairs: &mut dyn Iterator<Item = (&&str, &&str)>| {
        pairs.take_while(|(old, new)| old == new).count()
    };
    let start = equal(&mut old.iter().zip(&new));
    let end = equal(&mut old[start..].iter().rev().zip(new[start..].iter().rev()));
    console.line(format_args!("  {file}:{}", start + 1));
    for line in &old[start..old.len() - end] {
        console.line(format_args!("  - {line}"));
    }
    for line in &new[start..new.len() - end] {
        console.line(format_args!("  + {line}"));
    }
}

fn edited_file(module: &str, edit: &Edit) -> String {
    match edit {
        Edit::RemoveText(_) => documentation_file(module),
        Edit::RemoveAction(_) | Edit::AppendAction(_) => overlay_file(module),
    }
}

fn text_of<'a>(texts: &'a ModuleTexts, edit: &Edit) -> Option<&'a str> {
    match edit {
        Edit::RemoveText(_) => texts.documentation.as_deref(),
        Edit::RemoveAction(_) | Edit::AppendAction(_) => texts.overlay.as_deref(),
    }
}

/// The new state of a module.
struct SettledModule {
    changes: Changes,
    entries: Vec<Attention>,
    decisions: Vec<Decision>,
}

/// Edits the texts of a module, generates it, and marks the accepted entries. With `--all`, entries
/// that the edits cause are settled too.
fn settle(
    tree: &Workspace,
    module: &Module,
    list: &AttentionList,
    decisions: &[Decision],
    options: &Attend,
) -> Result<SettledModule> {
    let spec = spec(tree, module)?;
    let mut texts = ModuleTexts::read(tree, module)?;
    let mut decisions = decisions.to_vec();
    let mut new = decisions.clone();
    for _ in 0..ROUNDS {
        edit(module, &mut texts, &new)?;
        let generated = generate_from(tree, module, &spec, &texts)?;
        let mut entries = other_entries(list, module, &generated);
        entries.extend(generated.attention.iter().cloned());
        for entry in &mut entries {
            let decided = decisions.iter().find(|one| one.entry.is_same(entry));
            if let Some(decision) = decided {
                let is_edited =
                    |one: &Decision| one.entry.is_same(entry) && one.entry.edit.is_some();
                if new.iter().any(is_edited) {
                    let remedy = "correct the overlay or the documentation by hand";
                    let problem = format!("the proposed edit does not settle it: {entry}");
                    return Err(file_error(overlay_file(&module.name), problem, remedy));
                }
                entry.accepted = Some(decision.reason.clone());
            }
        }
        let is_accepted = |entry: &Attention| {
            entry.accepted.is_some()
                || list
                    .of(&module.name)
                    .iter()
                    .any(|old| old.is_same(entry) && old.accepted.is_some())
        };
        let reason = options.reason.as_ref().filter(|_| options.all);
        new = entries
            .iter()
            .filter(|entry| !is_accepted(entry))
            .filter_map(|entry| {
                let mut entry = entry.clone();
                entry.edit = entry.edit.filter(|_| !options.accept);
                Some(Decision {
                    entry,
                    reason: reason?.clone(),
                })
            })
            .collect();
        if new.is_empty() {
            let mut changes = Changes::default();
            for (file, text) in [
                (overlay_file(&module.name), texts.overlay),
                (documentation_file(&module.name), texts.documentation),
            ] {
                if let Some(text) = text {
                    changes.write(tree, file, text.into_bytes())?;
                }
            }
            crate_changes(tree, &mut changes, module, &generated)?;
            return Ok(SettledModule {
                changes,
                entries,
                decisions,
            });
        }
        decisions.extend(new.iter().cloned());
    }
    Err(file_error(
        overlay_file(&module.name),
        format!("has new entries after {ROUNDS} rounds of edits"),
        "settle its entries by number, a few at a time",
    ))
}

/// Applies the edits of the decisions to the texts.
fn edit(module: &Module, texts: &mut ModuleTexts, decisions: &[Decision]) -> Result<()> {
    let name = &module.name;
    let edits = |of_texts: bool| -> Vec<(&Edit, &str)> {
        let edits = decisions
            .iter()
            .filter_map(|one| Some((one.entry.edit.as_ref()?, one.reason.as_str())));
        edits
            .filter(|(edit, _)| matches!(edit, Edit::RemoveText(_)) == of_texts)
            .collect()
    };
    let (texts_edits, overlay_edits) = (edits(true), edits(false));
    if !overlay_edits.is_empty() {
        let old = texts.overlay.as_deref();
        texts.overlay = Some(apply_edits(name, &overlay_file(name), old, &overlay_edits)?);
    }
    if !texts_edits.is_empty() {
        let old = texts.documentation.as_deref();
        let file = documentation_file(name);
        texts.documentation = Some(apply_edits(name, &file, old, &texts_edits)?);
    }
    Ok(())
}

fn finish(
    tree: &Workspace,
    list: &AttentionList,
    mut changes: Changes,
    lock: &WriteLock,
) -> Result<()> {
    list.change(tree, &mut changes)?;
    changes.apply(tree, lock)
}

/// The number of settled entries.
#[derive(Default)]
struct Settled {
    edited: usize,
    accepted: usize,
}

impl Settled {
    fn print(&mut self, module: &Module, decisions: &[Decision], console: &Console) {
        for Decision { entry, reason } in decisions {
            let (count, done) = match &entry.edit {
                Some(Edit::AppendAction(_)) => (&mut self.edited, "action added"),
                Some(Edit::RemoveAction(_)) => (&mut self.edited, "action removed"),
                Some(Edit::RemoveText(_)) => (&mut self.edited, "text removed"),
                None => (&mut self.accepted, "accepted"),
            };
            *count += 1;
            let place = format!("{}#{}", entry.file, entry.pointer);
            let problem = &entry.problem;
            console.line(format_args!(
                "{}: {done}: {place}: {problem} ({reason})",
                module.name
            ));
        }
    }
}
