//! `cargo xtask compare`: reports the changes between two sources of interface files, with the
//! overlays and documentation of the tree. Writes nothing.

use clap::Args;
use hoopai_codegen::{
    Attention, ChangeReport, Generated, Module, ModuleChanges, ModuleStatus, compare_crates, diff,
    strip_tolerantly,
};

use crate::{
    Console, Fetcher, ReportFormat, Result, Source, Status, Workspace,
    change_report::{status, workspace_version},
    commands::regen::{download_all, unlisted_modules},
    download::{Document, Downloads, SourceParser},
    generation::{generate_crate, in_parallel},
    workspace::select,
};

/// The options of `cargo xtask compare`.
#[derive(Clone, Debug, Args)]
pub(crate) struct Compare {
    /// The source before the changes, as for `regen --source`
    #[arg(value_name = "OLD", value_parser = SourceParser)]
    old: Source,
    /// The source after the changes
    #[arg(value_name = "NEW", value_parser = SourceParser)]
    new: Source,
    /// Only this module; may be given several times
    #[arg(long, value_name = "NAME", num_args = 1..)]
    module: Vec<String>,
    /// The format of the report
    #[arg(long, value_name = "FORMAT", value_enum, default_value = "markdown")]
    report: ReportFormat,
}

pub(crate) fn compare(
    tree: &Workspace,
    options: &Compare,
    fetcher: &Fetcher,
    console: &Console,
) -> Result<Status> {
    let mut modules = select(&tree.modules()?, &options.module)?;
    if options.module.is_empty() {
        for source in [&options.old, &options.new] {
            let unlisted = unlisted_modules(source, &modules, console)?;
            modules.extend(unlisted.into_iter().flatten());
        }
        modules.sort_by(|a, b| a.name.cmp(&b.name));
    }
    let version = workspace_version(tree)?;
    let download = |source: &Source| {
        let progress = console.progress("downloading", modules.len());
        download_all(&Downloads::new(source, fetcher, &progress), &modules)
    };
    let (old, new) = (download(&options.old)?, download(&options.new)?);
    let jobs: Vec<_> = modules.iter().zip(old.into_iter().zip(new)).collect();
    let progress = console.bar("comparing", jobs.len());
    let modules = in_parallel(&jobs, |(module, (old, new))| {
        let found = [(&options.old, old), (&options.new, new)].map(|(source, document)| {
            let is_absent = document.is_err() && source.lacks(module);
            (!is_absent).then_some(document)
        });
        let compared = compare_module(tree, module, found);
        progress.done(&module.name);
        compared.unwrap_or_else(|error| {
            let status = ModuleStatus::Failed(error.to_string());
            ModuleChanges::without_changes(&module.name, status)
        })
    });
    drop(progress);
    let report = ChangeReport { version, modules };
    options.report.print(&report, console);
    Ok(status(&report))
}

/// Compares the documents of a module. `None` stands for a source without one.
fn compare_module(
    tree: &Workspace,
    module: &Module,
    [old, new]: [Option<&Result<Document>>; 2],
) -> Result<ModuleChanges> {
    let unchanged = |status| ModuleChanges::without_changes(&module.name, status);
    let read = |document: Option<&Result<Document>>| {
        document
            .map(|document| Side::read(tree, module, document))
            .transpose()
    };
    let (old, new) = match (read(old)?, read(new)?) {
        // A file without operations adds no module, as in `regen`.
        (None, Some(side)) | (Some(side), None) if side.generated.report.operations == 0 => {
            return Ok(unchanged(ModuleStatus::Unchanged));
        }
        (None, None) => return Ok(unchanged(ModuleStatus::Unchanged)),
        (Some(_), None) => return Ok(unchanged(ModuleStatus::Missing)),
        (None, Some(new)) => {
            let status = ModuleStatus::Added(new.generated.report.operations);
            return Ok(ModuleChanges {
                attention: new.attention,
                ..unchanged(status)
            });
        }
        (Some(old), Some(new)) => (old, new),
    };
    let same = old.spec == new.spec && old.generated.files == new.generated.files;
    Ok(ModuleChanges {
        api: compare_crates(&old.generated.files, &new.generated.files)?,
        interface: diff(&old.spec, &new.spec)?,
        attention: new.attention,
        ..unchanged(if same {
            ModuleStatus::Unchanged
        } else {
            ModuleStatus::Changed
        })
    })
}

/// A module as one source has it.
struct Side {
    spec: Vec<u8>,
    generated: Generated,
    attention: Vec<Attention>,
}

impl Side {
    fn read(tree: &Workspace, module: &Module, document: &Result<Document>) -> Result<Self> {
        let document = document.as_ref().map_err(Clone::clone)?;
        let (spec, mut attention) =
            strip_tolerantly(&document.address, &document.bytes, &document.external_files)?;
        let generated = generate_crate(tree, module, &spec)?;
        attention.extend(generated.attention.iter().cloned());
        Ok(Self {
            spec,
            generated,
            attention,
        })
    }
}
