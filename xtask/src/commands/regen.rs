//! `cargo xtask regen`: downloads the interface of each module into `specs/`, then runs the build
//! step.
//!
//! Three phases: download (a few modules at a time), generate (in memory, on all processors), write
//! (module by module). The tree changes only in the last phase.

use clap::Args;
use futures_util::StreamExt;
use hoopai_codegen::{
    ApiChange, Attention, Change, ChangeReport, ConversionNote, ExampleMismatch, Generated, Module,
    ModuleChanges, ModuleStatus, conversion_notes, diff, escape_invisible, example_mismatches,
    strip_tolerantly,
};

use crate::{
    Console, Fetcher, ReportFormat, Result, Source, Status, Workspace,
    change_report::{beside, crate_api_changes, status, workspace_version},
    commands::codegen::{Codegen, codegen, open},
    console::Progress,
    download::{Document, Downloads, SourceParser},
    error::{count, file_error},
    generation::{crate_changes, facade_changes, generate_crate, in_parallel, spec},
    renames::{other_entries, rename_entries},
    workspace::{
        AttentionList, Changes, LOCK, LockEntry, MODULES, SpecLock, SpecOrigin, WriteLock,
        is_module_name, new_module, select, spec_file, updated,
    },
};

const CONCURRENT_DOWNLOADS: usize = 4;

/// The options of `cargo xtask regen`.
#[derive(Clone, Debug, Default, Args)]
pub struct Regen {
    /// `platform`, `github`, a URL with `{module}` in it, a folder with `<module>/openapi.json` or
    /// the layout of the public repository (`apps/<module>.json`), or `FOLDER@COMMIT` for a commit
    /// of a git repository
    /// [default: platform, and github for modules that the platform does not provide]
    #[arg(long, value_name = "SOURCE", conflicts_with = "offline", value_parser = SourceParser)]
    pub source: Option<Source>,
    /// Only this module; may be given several times
    #[arg(long, value_name = "NAME", num_args = 1..)]
    pub module: Vec<String>,
    /// Download nothing: generate from the files in specs/
    #[arg(long)]
    pub offline: bool,
    /// Print the changes, write nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Print a change report: which changes break users of the Rust API, and the next version
    #[arg(long, value_name = "FORMAT", value_enum, conflicts_with = "offline")]
    pub report: Option<ReportFormat>,
    /// Add the new modules of a folder or commit to specs/modules.toml, and mark those that no longer
    /// exist as deprecated, if the source has all modules: the default source, or a folder or commit
    /// with `<module>/openapi.json`
    #[arg(long, conflicts_with_all = ["offline", "module"])]
    pub discover: bool,
}

/// Downloads and generates. With `--offline`, the status is that of `codegen`.
pub fn regen(
    tree: &Workspace,
    options: &Regen,
    fetcher: &Fetcher,
    console: &Console,
) -> Result<Status> {
    if options.offline {
        let options = Codegen {
            check: options.dry_run,
            module: options.module.clone(),
        };
        return codegen(tree, &options, console).map(Status::from);
    }
    let version = match options.report {
        Some(_) => workspace_version(tree)?,
        None => String::new(),
    };
    let messages = beside(console, options.report);
    let modules = regenerate(tree, options, fetcher, &messages)?;
    let report = ChangeReport { version, modules };
    if let Some(format) = options.report {
        format.print(&report, console);
    }
    Ok(status(&report))
}

/// Downloads and generates without `--offline`. Returns the changes of each module.
pub(crate) fn regenerate(
    tree: &Workspace,
    options: &Regen,
    fetcher: &Fetcher,
    console: &Console,
) -> Result<Vec<ModuleChanges>> {
    let write_lock = (!options.dry_run)
        .then(|| WriteLock::acquire(tree))
        .transpose()?;
    let mut all = tree.modules()?;
    let mut modules = select(&all, &options.module)?;
    let lock = SpecLock::read(tree)?;
    let source = options.source.clone().unwrap_or_default();
    if options.module.is_empty() {
        modules.extend(new_modules(&source, &all, options.discover, console)?);
        modules.sort_by(|a, b| a.name.cmp(&b.name));
    }
    let (documents, missing) = {
        let progress = console.progress("downloading", modules.len());
        let downloads = Downloads::new(&source, fetcher, &progress);
        let documents = download_all(&downloads, &modules)?;
        (documents, downloads.missing())
    };
    let has_all_modules = source.has_all_modules()?;
    // A source without any of the modules is the wrong source.
    let is_complete = documents.iter().any(Result::is_ok);
    let is_vanished =
        |name: &str| is_complete && missing.contains(name) && tree.path(&spec_file(name)).is_file();
    for (module, document) in modules.iter_mut().zip(&documents) {
        module.deprecated = match document {
            Ok(_) => false,
            Err(_) => {
                let marks = options.discover && has_all_modules;
                module.deprecated || marks && is_vanished(&module.name)
            }
        };
    }
    let attention = AttentionList::read(tree)?;
    let jobs: Vec<_> = modules.iter().zip(documents).collect();
    let prepared = {
        let progress = console.bar("generating", jobs.len());
        in_parallel(&jobs, |(module, document)| {
            if document.is_err() && is_vanished(&module.name) {
                prepare_vanished(tree, module, &progress)
            } else {
                prepare(tree, module, document, &attention, &progress)
            }
        })
    };
    let mut prepared: Vec<_> = modules.into_iter().zip(prepared).collect();
    prepared.retain(|(module, prepared)| {
        let is_empty_and_new = match prepared {
            Ok(PreparedModule::Current(prepared)) => {
                prepared.generated.report.operations == 0
                    && !all.iter().any(|listed| listed.name == module.name)
            }
            _ => false,
        };
        if is_empty_and_new {
            let name = &module.name;
            console.line(format_args!(
                "{name}: not added, because it has no operations"
            ));
        }
        !is_empty_and_new
    });
    for (module, _) in prepared.iter().filter(|(_, prepared)| prepared.is_ok()) {
        list_module(&mut all, module);
    }
    if let Some(write_lock) = &write_lock {
        let mut changes = Changes::default();
        let old = tree.text(MODULES)?.unwrap_or_default();
        changes.write(tree, MODULES.to_owned(), updated(&old, &all)?.into_bytes())?;
        changes.apply(tree, write_lock)?;
    }

    let mut run = Run {
        tree,
        console,
        write_lock,
        present: tree.present(&all),
        has_all_modules,
        all: &all,
        lock,
        attention,
        tally: Tally::default(),
        changes: Vec::new(),
    };
    let total = prepared.len();
    for (module, prepared) in &prepared {
        match prepared {
            Ok(PreparedModule::Current(prepared)) => run.write(module, prepared)?,
            Ok(PreparedModule::Vanished(generated)) => run.keep(module, generated)?,
            Err(error) => {
                run.tally.failed += 1;
                let kept = if run.has(module) {
                    "its spec and crate are unchanged"
                } else {
                    "it has no crate"
                };
                console.line(format_args!("{}: FAILED: {error} ({kept})", module.name));
                let status = ModuleStatus::Failed(error.to_string());
                let failed = ModuleChanges::without_changes(&module.name, status);
                run.changes.push(failed);
            }
        }
    }
    run.finish()?;
    console.line(run.tally.summary(total, options.dry_run));
    Ok(run.changes)
}

/// Downloads the document of each module, a few at a time.
pub(crate) fn download_all(
    downloads: &Downloads<'_>,
    modules: &[Module],
) -> Result<Vec<Result<Document>>> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .map_err(|error| {
            file_error(
                "network",
                format!("cannot be set up: {error}"),
                "run the command again",
            )
        })?;
    Ok(runtime.block_on(download(downloads, modules)))
}

async fn download(downloads: &Downloads<'_>, modules: &[Module]) -> Vec<Result<Document>> {
    let started = futures_util::stream::iter(modules).map(async |module| {
        let document = downloads.document(module).await;
        match &document {
            Ok(_) => downloads.progress.done(&module.name),
            Err(_) => downloads.progress.done(&format!("{}: failed", module.name)),
        }
        document
    });
    started.buffered(CONCURRENT_DOWNLOADS).collect().await
}

/// The modules that the source has and the list lacks. Without `discover` they are only listed.
fn new_modules(
    source: &Source,
    all: &[Module],
    discover: bool,
    console: &Console,
) -> Result<Vec<Module>> {
    let Some(modules) = unlisted_modules(source, all, console)? else {
        if discover {
            console.note(
                "--discover: this source cannot list its modules; no modules are added. Use a folder or FOLDER@COMMIT as --source to add modules",
            );
        }
        return Ok(Vec::new());
    };
    if !discover {
        for Module { name, .. } in modules {
            console.note(format_args!(
                "the source has the module `{name}`, which {MODULES} lacks; --discover adds it"
            ));
        }
        return Ok(Vec::new());
    }
    Ok(modules)
}

/// The modules that the source has and `listed` lacks, or `None` if the source cannot list its
/// modules.
pub(crate) fn unlisted_modules(
    source: &Source,
    listed: &[Module],
    console: &Console,
) -> Result<Option<Vec<Module>>> {
    let Some(names) = source.module_names(listed)? else {
        return Ok(None);
    };
    let is_listed = |name: &String| listed.iter().any(|module| module.name == *name);
    let mut modules = Vec::new();
    for name in names.iter().filter(|name| !is_listed(name)) {
        if is_module_name(name) {
            modules.push(new_module(name));
        } else {
            console.note(format_args!(
                "the source has `{name}`, whose name is not that of a module; it is ignored"
            ));
        }
    }
    Ok(Some(modules))
}

/// Adds a module to the list, or takes over its mark.
fn list_module(all: &mut Vec<Module>, module: &Module) {
    match all.iter_mut().find(|old| old.name == module.name) {
        Some(old) => old.clone_from(module),
        None => all.push(module.clone()),
    }
    all.sort_by(|a, b| a.name.cmp(&b.name));
}

enum PreparedModule {
    /// The source has the module.
    Current(Box<Prepared>),
    /// The source no longer has the module: its crate from the spec in the tree.
    Vanished(Box<Generated>),
}

fn prepare_vanished(
    tree: &Workspace,
    module: &Module,
    progress: &Progress<'_>,
) -> Result<PreparedModule> {
    let generated = generate_crate(tree, module, &spec(tree, module)?)?;
    progress.done(&module.name);
    Ok(PreparedModule::Vanished(Box::new(generated)))
}

/// A module's new state.
struct Prepared {
    origin: SpecOrigin,
    lock_entry: LockEntry,
    spec: Vec<u8>,
    generated: Generated,
    interface: InterfaceDiff,
    /// The changes of the Rust API. Without a crate in the tree, all is new.
    api: Result<Vec<ApiChange>>,
    example_mismatches: Vec<ExampleMismatch>,
    conversion_notes: Vec<ConversionNote>,
    attention: Vec<Attention>,
}

/// How the interface differs from the one in the tree.
enum InterfaceDiff {
    New,
    Same,
    Changed(Vec<Change>),
    /// The old spec cannot be compared, for this reason.
    Unknown(String),
}

fn prepare(
    tree: &Workspace,
    module: &Module,
    document: &Result<Document>,
    list: &AttentionList,
    progress: &Progress<'_>,
) -> Result<PreparedModule> {
    let document = document.as_ref().map_err(Clone::clone)?;
    let (spec, mut attention) =
        strip_tolerantly(&document.address, &document.bytes, &document.external_files)?;
    let interface = match tree.bytes(&spec_file(&module.name))? {
        None => InterfaceDiff::New,
        Some(old) if old == spec => InterfaceDiff::Same,
        Some(old) => match diff(&old, &spec) {
            Ok(changes) => InterfaceDiff::Changed(changes),
            Err(error) => InterfaceDiff::Unknown(error.to_string()),
        },
    };
    let generated = generate_crate(tree, module, &spec)?;
    let api = match interface {
        InterfaceDiff::New => Ok(Vec::new()),
        _ => crate_api_changes(tree, module, &generated),
    };
    // Without a change of the platform, the overlay or this workspace changes the names.
    let renames = match (&interface, &api) {
        (InterfaceDiff::Same, _) | (_, Err(_)) => &[],
        (_, Ok(changes)) => changes.as_slice(),
    };
    attention.extend(rename_entries(
        tree, module, &spec, &generated, renames, list,
    )?);
    // In the order of codegen and check.
    attention.extend(generated.attention.iter().cloned());
    progress.done(&module.name);
    Ok(PreparedModule::Current(Box::new(Prepared {
        origin: document.origin.clone(),
        lock_entry: LockEntry::new(
            &module.name,
            &document.origin,
            &document.bytes,
            &document.external_files,
            &spec,
        ),
        spec,
        generated,
        interface,
        api,
        example_mismatches: example_mismatches(&document.address, &document.bytes)?,
        conversion_notes: conversion_notes(&document.address, &document.bytes)?,
        attention,
    })))
}

#[derive(Default)]
struct Tally {
    updated: usize,
    unchanged: usize,
    failed: usize,
    vanished: usize,
    operations: usize,
    breaking: usize,
    attention: usize,
}

impl Tally {
    fn summary(&self, modules: usize, dry_run: bool) -> String {
        let modules = count(modules, "module");
        let breaking = match self.breaking {
            0 => String::new(),
            1 => "; 1 change breaks users".to_owned(),
            number => format!("; {number} changes break users"),
        };
        let attention = match self.attention {
            0 => String::new(),
            1 => "; 1 deviation needs attention".to_owned(),
            number => format!("; {number} deviations need attention"),
        };
        let vanished = match self.vanished {
            0 => String::new(),
            number => format!(", {number} vanished"),
        };
        let dry_run = match dry_run {
            true => "; dry run, nothing written",
            false => "",
        };
        format!(
            "{modules}: {} updated, {} unchanged, {} failed{vanished}; {} operations{breaking}{attention}{dry_run}",
            self.updated, self.unchanged, self.failed, self.operations
        )
    }
}

/// The state of the write phase.
struct Run<'a> {
    tree: &'a Workspace,
    console: &'a Console,
    /// `None` in a dry run.
    write_lock: Option<WriteLock>,
    all: &'a [Module],
    /// The modules that have a spec and a crate.
    present: Vec<Module>,
    /// Whether modules that the source lacks no longer exist.
    has_all_modules: bool,
    lock: SpecLock,
    attention: AttentionList,
    tally: Tally,
    /// The modules so far.
    changes: Vec<ModuleChanges>,
}

impl Run<'_> {
    fn has(&self, module: &Module) -> bool {
        self.present
            .iter()
            .any(|present| present.name == module.name)
    }

    /// Writes the state of a module to the tree, and prints its changes.
    fn write(&mut self, module: &Module, prepared: &Prepared) -> Result<()> {
        self.tally.operations += prepared.generated.report.operations;

        let mut changes = Changes::default();
        crate_changes(self.tree, &mut changes, module, &prepared.generated)?;
        let same_crate = changes.is_empty();
        changes.write(self.tree, spec_file(&module.name), prepared.spec.clone())?;
        let entry = prepared.lock_entry.clone();
        let old = self.lock.0.insert(module.name.clone(), entry);
        let same_download = old.is_some_and(|old| old.same_download(&prepared.lock_entry));
        changes.write(self.tree, LOCK.to_owned(), self.lock.write().into_bytes())?;
        if !self.has(module) {
            let is_present =
                |candidate: &&Module| candidate.name == module.name || self.has(candidate);
            self.present = self.all.iter().filter(is_present).cloned().collect();
            if self.write_lock.is_some() {
                facade_changes(self.tree, &mut changes, &self.present)?;
            }
        }
        let ended = self.attention.set(&module.name, prepared.attention.clone());
        if let Some(write_lock) = &self.write_lock {
            // First, since the old name of a renamed item is known only until its crate is written.
            let mut list = Changes::default();
            self.attention.change(self.tree, &mut list)?;
            list.apply(self.tree, write_lock)?;
            changes.apply(self.tree, write_lock)?;
        }
        let mut changed = module_changes(module, prepared, same_crate);
        self.print_changes(&changed, prepared, same_download);
        for note in &prepared.conversion_notes {
            let places = count(note.count, "place");
            let (pointer, text) = (&note.pointer, escape_invisible(&note.text));
            let pointer = escape_invisible(pointer);
            self.console
                .line(format_args!("  . #{pointer}: {text} ({places})"));
        }
        changed.attention = self.print_attention(&module.name, ended);
        self.changes.push(changed);
        if !same_download || !matches!(prepared.interface, InterfaceDiff::Same) {
            self.print_contradictions(&prepared.example_mismatches);
        }
        Ok(())
    }

    /// Keeps a module that the source no longer has, with its mark if it has one.
    fn keep(&mut self, module: &Module, generated: &Generated) -> Result<()> {
        self.tally.vanished += 1;
        self.tally.operations += generated.report.operations;
        let mut changes = Changes::default();
        crate_changes(self.tree, &mut changes, module, generated)?;
        if let Some(write_lock) = &self.write_lock {
            changes.apply(self.tree, write_lock)?;
        }
        let state = match (module.deprecated, self.has_all_modules) {
            (true, _) => {
                "vanished from the source; its last interface is kept, and marked as deprecated"
            }
            (false, true) => {
                "vanished from the source; its last interface is kept; --discover marks it as deprecated"
            }
            (false, false) => {
                "not in this source, which may lack modules that others have; its last interface is kept"
            }
        };
        let name = &module.name;
        self.console.line(format_args!("{name}: {state}"));
        let mut entries = other_entries(&self.attention, module, generated);
        entries.extend(generated.attention.iter().cloned());
        let mut missing = ModuleChanges::without_changes(name, ModuleStatus::Missing);
        let ended = self.attention.set(name, entries);
        missing.attention = self.print_attention(name, ended);
        self.changes.push(missing);
        Ok(())
    }

    /// Prints the entries of a module that have ended and those that are open, and returns the
    /// latter.
    fn print_attention(&mut self, name: &str, ended: Vec<Attention>) -> Vec<Attention> {
        for ended in ended {
            let note = "no longer accepted, because it has ended";
            self.console.line(format_args!("  {note}: {ended}"));
        }
        let open: Vec<Attention> = open(self.attention.of(name)).cloned().collect();
        for entry in &open {
            self.console.line(format_args!("  ! {entry}"));
        }
        self.tally.attention += open.len();
        open
    }

    /// Prints the types that contradict their own examples.
    fn print_contradictions(&self, all: &[ExampleMismatch]) {
        let left: Vec<_> = all.iter().filter(|one| !one.corrected).collect();
        let contradictions = match all.len() {
            0 => return,
            1 => "1 type contradicts its own example".to_owned(),
            number => format!("{number} types contradict their own examples"),
        };
        let corrected = all.len() - left.len();
        let remaining = match left.len() {
            0 => "",
            _ => "; left as they are:",
        };
        self.console.line(format_args!(
            "  {contradictions}, {corrected} corrected{remaining}"
        ));
        for ExampleMismatch {
            pointer,
            declared,
            example,
            ..
        } in left
        {
            self.console.line(format_args!(
                "  ? {pointer}: declared {declared}, the example is {example}"
            ));
        }
    }

    fn print_changes(&mut self, changed: &ModuleChanges, prepared: &Prepared, same_download: bool) {
        let name = &changed.module;
        let from = prepared.origin.kind();
        if changed.status == ModuleStatus::Unchanged {
            self.tally.unchanged += 1;
            let prose = if same_download {
                ""
            } else {
                " (the download differs, its interface does not)"
            };
            return self.console.line(format_args!("{name}: unchanged{prose}"));
        }
        self.tally.updated += 1;
        self.tally.breaking += changed.breaking();
        let updated = match &prepared.interface {
            InterfaceDiff::New => {
                let operations = count(prepared.generated.report.operations, "operation");
                return self
                    .console
                    .line(format_args!("{name}: new from {from}, {operations}"));
            }
            InterfaceDiff::Same => format!("{name}: same interface, crate generated again"),
            InterfaceDiff::Unknown(reason) => {
                format!("{name}: updated from {from}; no comparison with the old spec: {reason}")
            }
            InterfaceDiff::Changed(changes) => format!(
                "{name}: updated from {from}, {} in its interface file",
                count(changes.len(), "change")
            ),
        };
        match &changed.status {
            ModuleStatus::NotComparable(reason) => self.console.line(format_args!(
                "{updated}; no comparison with the old crate: {reason}  [breaking]"
            )),
            _ => self.console.line(format_args!(
                "{updated}; {} of the Rust API, {} of them breaking",
                count(changed.api.len(), "change"),
                changed.breaking()
            )),
        }
        for change in &changed.api {
            let breaking = if change.breaking { "  [breaking]" } else { "" };
            let sign = change.kind.sign();
            self.console
                .line(format_args!("  {sign} {change}{breaking}"));
        }
        if changed.api.is_empty() {
            for change in &changed.interface {
                self.console.line(format_args!("  {change}"));
            }
        }
    }

    /// Removes lock entries of modules that are not listed, and writes the facade.
    fn finish(&mut self) -> Result<()> {
        let Some(write_lock) = &self.write_lock else {
            return Ok(());
        };
        let mut changes = Changes::default();
        self.lock
            .0
            .retain(|name, _| self.all.iter().any(|module| module.name == *name));
        if !self.lock.0.is_empty() {
            changes.write(self.tree, LOCK.to_owned(), self.lock.write().into_bytes())?;
        }
        self.attention.retain(self.all);
        self.attention.change(self.tree, &mut changes)?;
        facade_changes(self.tree, &mut changes, &self.present)?;
        changes.apply(self.tree, write_lock)
    }
}

fn module_changes(module: &Module, prepared: &Prepared, same_crate: bool) -> ModuleChanges {
    let status = match (&prepared.interface, &prepared.api) {
        (InterfaceDiff::New, _) => ModuleStatus::Added(prepared.generated.report.operations),
        (InterfaceDiff::Same, _) if same_crate => ModuleStatus::Unchanged,
        (_, Err(error)) => ModuleStatus::NotComparable(error.to_string()),
        (_, Ok(_)) => ModuleStatus::Changed,
    };
    ModuleChanges {
        module: module.name.clone(),
        status,
        api: prepared.api.clone().unwrap_or_default(),
        interface: match &prepared.interface {
            InterfaceDiff::Changed(changes) => changes.clone(),
            _ => Vec::new(),
        },
        attention: Vec::new(),
    }
}
