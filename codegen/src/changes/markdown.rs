//! The change report as Markdown: the summary, then the modules. Long lists are folded.

use std::fmt::{self, Display};

use super::report::{Bump, ChangeReport, ModuleChanges, ModuleStatus};
use crate::diff::ChangeKind;
use crate::text::code;

/// Lists with more lines are folded.
const FOLD: usize = 12;

/// Hosts limit the text of a pull request to 65,536 characters.
const MAX_LENGTH: usize = 60_000;

/// The lengths to which lists are cut, until the report is short enough.
const CUTS: [usize; 6] = [usize::MAX, 200, 50, 20, 5, 0];

impl ChangeReport {
    /// The report as Markdown: the text of a pull request.
    pub fn markdown(&self) -> String {
        write(self)
    }
}

fn write(report: &ChangeReport) -> String {
    let cut = |length| Report { report, length }.to_string();
    let texts = CUTS.into_iter().map(cut);
    let mut shortest = String::new();
    for text in texts {
        shortest = text;
        if shortest.chars().count() <= MAX_LENGTH {
            break;
        }
    }
    shortest
}

struct Report<'a> {
    report: &'a ChangeReport,
    /// The longest list.
    length: usize,
}

impl Display for Report<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let report = self.report;
        writeln!(f, "# Changes of the platform's interface\n")?;
        summary(f, report)?;
        let listed: Vec<&ModuleChanges> = report
            .modules
            .iter()
            .filter(|module| module.is_listed())
            .collect();
        if listed.is_empty() {
            return Ok(());
        }
        f.write_str(
            "\n| module | added | removed | changed | renamed | breaking | attention |\n|---|---|---|---|---|---|---|\n",
        )?;
        for module in &listed {
            let name = match module.status {
                ModuleStatus::Changed | ModuleStatus::Unchanged => code(&module.module),
                _ => format!("{} ({})", code(&module.module), words(&module.status)),
            };
            let count = |kind| module.count(kind);
            writeln!(
                f,
                "| {name} | {} | {} | {} | {} | {} | {} |",
                count(ChangeKind::Added),
                count(ChangeKind::Removed),
                count(ChangeKind::Changed),
                count(ChangeKind::Renamed),
                module.breaking(),
                module.attention.len(),
            )?;
        }
        listed
            .into_iter()
            .try_for_each(|module| self.module(f, module))
    }
}

fn summary(f: &mut fmt::Formatter<'_>, report: &ChangeReport) -> fmt::Result {
    let all = plural(report.modules.len(), "module");
    writeln!(f, "- {} of {all} changed.", report.changed())?;
    match report.breaking() {
        0 => writeln!(f, "- No change breaks users of the Rust API.")?,
        1 => writeln!(f, "- **1 change breaks users of the Rust API.**")?,
        number => writeln!(f, "- **{number} changes break users of the Rust API.**")?,
    }
    match report.bump() {
        Bump::None => writeln!(f, "- The version stays {}.", report.version)?,
        bump => writeln!(
            f,
            "- Next version: {}, after {} ({}).",
            report.next_version(),
            report.version,
            bump.name()
        )?,
    }
    match report.attention() {
        0 => {}
        1 => writeln!(f, "- **1 deviation needs attention.**")?,
        number => writeln!(f, "- **{number} deviations need attention.**")?,
    }
    match report.failed() {
        0 => Ok(()),
        number => writeln!(f, "- **{} failed.**", plural(number, "module")),
    }
}

fn words(status: &ModuleStatus) -> &'static str {
    match status {
        ModuleStatus::Unchanged => "unchanged",
        ModuleStatus::Changed => "changed",
        ModuleStatus::Added(_) => "new",
        ModuleStatus::Missing => "no file",
        ModuleStatus::NotComparable(_) => "not comparable",
        ModuleStatus::Failed(_) => "failed",
    }
}

impl Report<'_> {
    fn module(&self, f: &mut fmt::Formatter<'_>, module: &ModuleChanges) -> fmt::Result {
        writeln!(f, "\n## {}", module.module)?;
        match &module.status {
            ModuleStatus::Unchanged => writeln!(f, "\nUnchanged.")?,
            ModuleStatus::Changed if module.api.is_empty() => {
                writeln!(f, "\nThe Rust API is unchanged.")?;
            }
            ModuleStatus::Changed => {}
            ModuleStatus::Added(operations) => {
                writeln!(f, "\nNew module with {}.", plural(*operations, "operation"))?;
            }
            ModuleStatus::Missing => {
                writeln!(
                    f,
                    "\nThe source has no file for this module; its crate stays."
                )?;
            }
            ModuleStatus::NotComparable(reason) => {
                writeln!(
                    f,
                    "\nNot comparable with the crate before: {}",
                    code(reason)
                )?;
            }
            ModuleStatus::Failed(reason) => {
                writeln!(
                    f,
                    "\nFailed, so the module stays as it is: {}",
                    code(reason)
                )?;
            }
        }
        let changes = |breaking: bool| {
            let changes = module
                .api
                .iter()
                .filter(move |change| change.breaking == breaking);
            changes
                .map(|change| format!("`{}` {change}", change.kind.sign()))
                .collect::<Vec<_>>()
        };
        let interface = module.interface.iter();
        let interface = interface.map(|change| code(&change.to_string()));
        let attention = module
            .attention
            .iter()
            .map(|entry| code(&entry.to_string()));
        self.list(f, "Breaking", &changes(true), FOLD)?;
        self.list(f, "Other changes of the Rust API", &changes(false), FOLD)?;
        self.list(f, "Attention", &attention.collect::<Vec<_>>(), FOLD)?;
        self.list(
            f,
            "Changes of the interface file",
            &interface.collect::<Vec<_>>(),
            0,
        )
    }

    /// A list with a title, folded if it is longer than `fold`.
    fn list(
        &self,
        f: &mut fmt::Formatter<'_>,
        title: &str,
        lines: &[String],
        fold: usize,
    ) -> fmt::Result {
        if lines.is_empty() {
            return Ok(());
        }
        let title = format!("{title} ({})", lines.len());
        let is_folded = lines.len() > fold;
        if is_folded {
            write!(f, "\n<details><summary>{title}</summary>\n\n")?;
        } else {
            write!(f, "\n**{title}**\n\n")?;
        }
        for line in lines.iter().take(self.length) {
            writeln!(f, "- {line}")?;
        }
        if lines.len() > self.length {
            writeln!(
                f,
                "- {} more, in the report as JSON",
                lines.len() - self.length
            )?;
        }
        if is_folded {
            f.write_str("\n</details>\n")?;
        }
        Ok(())
    }
}

fn plural(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}
