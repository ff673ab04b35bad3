//! Writes recordings and proposals.
//!
//! `exchanges.ndjson` has an exchange on each line. `proposals/<module>.yaml` is an overlay with the
//! proposed actions, and lists the other deviations as comments.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::Value;

use super::deviations::{Action, Deviation};
use super::exchange::Exchange;

/// The file of deviations at unknown paths.
const UNKNOWN: &str = "unknown-paths";

/// The files of a recording.
pub(super) struct Output {
    folder: PathBuf,
    written: Mutex<Written>,
}

struct Written {
    exchanges: File,
    count: usize,
    deviations: BTreeMap<&'static str, BTreeSet<Deviation>>,
}

impl Output {
    /// Opens a folder, which is created if it is missing. Exchanges are added to earlier ones;
    /// proposals replace those of the same modules.
    pub(super) fn open(folder: &Path) -> io::Result<Self> {
        let open = || {
            fs::create_dir_all(folder.join("proposals"))?;
            let mut options = File::options();
            options.create(true).append(true);
            options.open(folder.join("exchanges.ndjson"))
        };
        let exchanges = open().map_err(|error| {
            io::Error::other(format!(
                "the folder {} cannot be written: {error}; choose another with --output",
                folder.display()
            ))
        })?;
        let written = Written {
            exchanges,
            count: 0,
            deviations: BTreeMap::new(),
        };
        Ok(Self {
            folder: folder.to_owned(),
            written: Mutex::new(written),
        })
    }

    /// Writes an exchange, and the proposals if it has new deviations.
    pub(super) fn add(&self, exchange: Exchange) -> io::Result<()> {
        let mut written = self.written();
        writeln!(written.exchanges, "{}", exchange.recorded)?;
        written.count += 1;
        let module = exchange.module.unwrap_or(UNKNOWN);
        let known = written.deviations.entry(module).or_default();
        let before = known.len();
        known.extend(exchange.deviations);
        if known.len() == before {
            return Ok(());
        }
        let text = overlay(module, known);
        let folder = self.folder.join("proposals");
        let new = folder.join(format!("{module}.yaml.new"));
        fs::write(&new, text)?;
        fs::rename(new, folder.join(format!("{module}.yaml")))
    }

    /// The numbers of exchanges and of different deviations.
    pub(super) fn counts(&self) -> (usize, usize) {
        let written = self.written();
        let deviations = written.deviations.values().map(BTreeSet::len).sum();
        (written.count, deviations)
    }

    fn written(&self) -> MutexGuard<'_, Written> {
        self.written.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An overlay with the actions of deviations. JSON texts are valid YAML.
fn overlay(module: &str, deviations: &BTreeSet<Deviation>) -> String {
    let quoted = |text: &str| Value::from(text).to_string();
    let mut lines = vec![format!(
        "# Proposals from recorded exchanges. Check each, and move it to specs/{module}/overlay.yaml."
    )];
    let others = deviations.iter().filter(|one| one.action.is_none());
    lines.extend(others.map(|one| format!("# Without a proposal: {}.", one.sentence)));
    lines.push("overlay: 1.0.0".to_owned());
    lines.push("info:".to_owned());
    lines.push(format!("  title: {module}"));
    lines.push("  version: 1.0.0".to_owned());
    // Several deviations can have the same remedy; an action without effect would be reported.
    let mut remedies: BTreeMap<&Action, Vec<&str>> = BTreeMap::new();
    for deviation in deviations {
        if let Some(action) = &deviation.action {
            let sentences = remedies.entry(action).or_default();
            sentences.push(&deviation.sentence);
        }
    }
    let mut actions = Vec::new();
    for (action, sentences) in remedies {
        let reason = format!("Recorded: {}.", sentences.join("; "));
        actions.push(format!("  - target: {}", quoted(&action.target)));
        actions.push(format!("    description: {}", quoted(&reason)));
        actions.push(format!("    update: {}", action.update));
    }
    match actions.is_empty() {
        true => lines.push("actions: []".to_owned()),
        false => {
            lines.push("actions:".to_owned());
            lines.extend(actions);
        }
    }
    lines.push(String::new());
    lines.join("\n")
}
