//! `specs/attention.json`: deviations between the platform's files and our data that are not
//! settled. `cargo xtask regen` writes it.
//!
//! An entry that people accept has their reason beside it. One file has both, so that an acceptance
//! cannot outlive its entry.

use std::collections::BTreeMap;

use hoopai_codegen::{Attention, Module};

use super::{Changes, Workspace};
use crate::error::{Result, file_error};

pub(crate) const ATTENTION: &str = "specs/attention.json";

/// The entries of each module. Modules without entries are left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct AttentionList(BTreeMap<String, Vec<Attention>>);

impl AttentionList {
    /// Reads the list. A missing file is an empty list.
    pub(crate) fn read(tree: &Workspace) -> Result<Self> {
        let Some(text) = tree.text(ATTENTION)? else {
            return Ok(Self::default());
        };
        serde_json::from_str(&text).map(Self).map_err(|error| {
            file_error(
                ATTENTION,
                format!("cannot be read: {error}"),
                "run cargo xtask regen, which writes it",
            )
        })
    }

    /// Replaces the entries of a module. Entries that were accepted stay accepted. Returns the
    /// accepted entries that no longer exist.
    pub(crate) fn set(&mut self, module: &str, mut entries: Vec<Attention>) -> Vec<Attention> {
        let old = self.0.remove(module).unwrap_or_default();
        for entry in entries.iter_mut().filter(|entry| entry.accepted.is_none()) {
            let same = old.iter().find(|old| old.is_same(entry));
            entry.accepted = same.and_then(|old| old.accepted.clone());
        }
        let is_ended = |old: &Attention| {
            old.accepted.is_some() && !entries.iter().any(|entry| entry.is_same(old))
        };
        let ended = old.into_iter().filter(is_ended).collect();
        if !entries.is_empty() {
            self.0.insert(module.to_owned(), entries);
        }
        ended
    }

    /// The entries of a module.
    pub(crate) fn of(&self, module: &str) -> &[Attention] {
        self.0.get(module).map_or(&[], Vec::as_slice)
    }

    /// Removes the entries of modules that are not listed.
    pub(crate) fn retain(&mut self, modules: &[Module]) {
        self.0
            .retain(|name, _| modules.iter().any(|module| module.name == *name));
    }

    /// The entries of a module about the file that was downloaded. The others follow from `specs/`.
    pub(crate) fn of_download(&self, module: &str) -> impl Iterator<Item = &Attention> {
        let entries = self.0.get(module).into_iter().flatten();
        entries.filter(|entry| !entry.file.starts_with("specs/"))
    }

    /// The entries of all modules that nobody has accepted.
    pub(crate) fn open(&self) -> impl Iterator<Item = &Attention> {
        let entries = self.0.values().flatten();
        entries.filter(|entry| entry.accepted.is_none())
    }

    /// Adds the write of the list, or its removal if it is empty.
    pub(crate) fn change(&self, tree: &Workspace, changes: &mut Changes) -> Result<()> {
        if self.0.is_empty() {
            if tree.path(ATTENTION).exists() {
                changes.remove(ATTENTION.to_owned());
            }
            return Ok(());
        }
        let mut text = serde_json::to_string_pretty(&self.0).map_err(|error| {
            file_error(
                ATTENTION,
                format!("cannot be written: {error}"),
                "report it",
            )
        })?;
        text.push('\n');
        changes.write(tree, ATTENTION.to_owned(), text.into_bytes())
    }
}
