//! `cargo xtask regen`: downloads the interface of each module into `specs/`, then runs the build step.
//!
//! Three phases, so that nothing is written before all is known: download (a few at a time), generate (in memory, on all
//! processors), and then module by module the swap of the old state for the new.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use clap::Args;
use futures_util::StreamExt;
use hoopai_codegen::{
    Change, ChangeKind, ExampleMismatch, Generated, Module, diff, example_mismatches, strip,
};

use crate::{
    Console, Fetcher, Result, Source, Workspace,
    build::{crate_of, in_parallel, place_crate, place_facade},
    commands::codegen::{Codegen, codegen},
    console::Progress,
    download::{Document, Downloads},
    fault::{count, fault},
    lock::{Lock, Origin, Row},
    source::SourceParser,
    swap::{Guard, Update, guard},
    workspace::{LOCK, select, spec_file},
};

const AT_A_TIME: usize = 4;

/// What to regenerate, and from where.
#[derive(Clone, Debug, Default, Args)]
pub struct Regen {
    /// `platform`, `github`, a URL with `{module}` in it, or a folder with `<module>/openapi.json`
    /// [default: platform, then github for what it does not have]
    #[arg(long, value_name = "SOURCE", conflicts_with = "offline", value_parser = SourceParser)]
    pub source: Option<Source>,
    /// Only this module; may be given several times
    #[arg(long, value_name = "NAME", num_args = 1..)]
    pub module: Vec<String>,
    /// Download nothing: generate from what is in specs/
    #[arg(long)]
    pub offline: bool,
    /// Say what would change, write nothing
    #[arg(long)]
    pub dry_run: bool,
}

/// Downloads and generates. False if a module failed, which has been said.
pub fn regen(
    tree: &Workspace,
    options: &Regen,
    fetcher: &Fetcher,
    console: &Console,
) -> Result<bool> {
    if options.offline {
        let options = Codegen {
            check: options.dry_run,
            module: options.module.clone(),
        };
        return codegen(tree, &options, console);
    }
    let guard = if options.dry_run {
        None
    } else {
        Some(guard(tree)?)
    };
    let all = tree.modules()?;
    let modules = select(&all, &options.module)?;
    let lock = Lock::read(tree)?;
    let source = options.source.clone().unwrap_or_default();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .map_err(|error| {
            fault(
                "network",
                format!("cannot be set up: {error}"),
                "run the command again",
            )
        })?;

    let documents = {
        let progress = console.progress("downloading", modules.len());
        runtime.block_on(download(
            &Downloads::new(&source, fetcher, &progress),
            &modules,
        ))
    };
    let jobs: Vec<_> = modules.iter().zip(documents).collect();
    let prepared = {
        let progress = console.bar("generating", jobs.len());
        in_parallel(&jobs, |(module, document)| {
            prepare(tree, module, document, &progress)
        })
    };

    // From here on ctrl-c stops between two modules, not within one.
    let stop = Arc::new(AtomicBool::new(false));
    let stopping = stop.clone();
    runtime.spawn(async move {
        if tokio::signal::ctrl_c().await.is_ok() {
            stopping.store(true, Ordering::Relaxed);
        }
    });
    let mut run = Run {
        tree,
        console,
        guard,
        present: tree.present(&all),
        all: &all,
        lock,
        tally: Tally::default(),
    };
    for (module, prepared) in modules.iter().zip(prepared) {
        if stop.load(Ordering::Relaxed) {
            return Err(fault(
                &module.name,
                "interrupted: this module and those after it are as they were",
                "run cargo xtask regen again",
            ));
        }
        match prepared {
            Ok(prepared) => run.settle(module, prepared)?,
            Err(fault) => {
                run.tally.failed += 1;
                let kept = if run.has(module) {
                    "its spec and crate stay as they were"
                } else {
                    "it has no crate"
                };
                console.line(format_args!("{}: FAILED: {fault} ({kept})", module.name));
            }
        }
    }
    run.finish()?;
    console.line(run.tally.summary(modules.len(), options.dry_run));
    Ok(run.tally.failed == 0)
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
    started.buffered(AT_A_TIME).collect().await
}

/// A module's new state, all of it in memory.
struct Prepared {
    origin: Origin,
    row: Row,
    spec: Vec<u8>,
    generated: Generated,
    interface: Interface,
    contradictions: Vec<ExampleMismatch>,
}

/// How the interface compares with the one in the tree.
enum Interface {
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
    progress: &Progress<'_>,
) -> Result<Prepared> {
    let document = document.as_ref().map_err(Clone::clone)?;
    let spec = strip(&document.address, &document.bytes, &document.outside)?;
    let interface = match tree.bytes(&spec_file(&module.name))? {
        None => Interface::New,
        Some(old) if old == spec => Interface::Same,
        Some(old) => match diff(&old, &spec) {
            Ok(changes) => Interface::Changed(changes),
            Err(fault) => Interface::Unknown(fault.to_string()),
        },
    };
    let generated = crate_of(tree, module, &spec)?;
    progress.done(&module.name);
    Ok(Prepared {
        origin: document.origin.clone(),
        row: Row::new(
            &module.name,
            &document.origin,
            &document.bytes,
            &document.outside,
            &spec,
        ),
        spec,
        generated,
        interface,
        contradictions: example_mismatches(&document.address, &document.bytes)?,
    })
}

#[derive(Default)]
struct Tally {
    updated: usize,
    unchanged: usize,
    failed: usize,
    operations: usize,
    breaking: usize,
}

impl Tally {
    fn summary(&self, modules: usize, dry_run: bool) -> String {
        let Self {
            updated,
            unchanged,
            failed,
            operations,
            breaking,
        } = self;
        let modules = count(modules, "module");
        let breaking = match breaking {
            0 => String::new(),
            _ => format!(
                "; {} users",
                if *breaking == 1 {
                    "1 change breaks".into()
                } else {
                    format!("{breaking} changes break")
                }
            ),
        };
        let dry_run = if dry_run {
            "; dry run, nothing written"
        } else {
            ""
        };
        format!(
            "{modules}: {updated} updated, {unchanged} unchanged, {failed} failed; {operations} operations{breaking}{dry_run}"
        )
    }
}

/// The writing half of a run.
struct Run<'a> {
    tree: &'a Workspace,
    console: &'a Console,
    /// `None` in a dry run.
    guard: Option<Guard>,
    all: &'a [Module],
    /// The modules that have a spec and a crate by now.
    present: Vec<Module>,
    lock: Lock,
    tally: Tally,
}

impl Run<'_> {
    fn has(&self, module: &Module) -> bool {
        self.present
            .iter()
            .any(|present| present.name == module.name)
    }

    /// Makes the prepared state of a module the tree's, and says what that changes.
    fn settle(&mut self, module: &Module, prepared: Prepared) -> Result<()> {
        let Prepared {
            origin,
            row,
            spec,
            generated,
            interface,
            contradictions,
        } = prepared;
        self.tally.operations += generated.report.operations;

        let mut update = Update::new(format!("module {}", module.name));
        place_crate(self.tree, &mut update, module, &generated)?;
        let same_crate = update.is_empty();
        update.write(self.tree, spec_file(&module.name), spec)?;
        let same_download = self
            .lock
            .0
            .get(&module.name)
            .is_some_and(|old| old.same_download(&row));
        self.lock.0.insert(module.name.clone(), row);
        update.write(self.tree, LOCK.to_owned(), self.lock.write().into_bytes())?;
        if !self.has(module) {
            let is_present =
                |candidate: &&Module| candidate.name == module.name || self.has(candidate);
            self.present = self.all.iter().filter(is_present).cloned().collect();
            if self.guard.is_some() {
                place_facade(self.tree, &mut update, &self.present)?;
            }
        }
        if let Some(guard) = &self.guard {
            update.commit(self.tree, guard)?;
        }
        self.say(
            module,
            &origin,
            &interface,
            same_download,
            same_crate,
            &generated,
        );
        if !same_download || !matches!(interface, Interface::Same) {
            self.say_contradictions(&contradictions);
        }
        Ok(())
    }

    /// What a file that was not there before says against itself.
    fn say_contradictions(&self, all: &[ExampleMismatch]) {
        let left: Vec<_> = all.iter().filter(|one| !one.corrected).collect();
        if all.is_empty() {
            return;
        }
        self.console.line(format_args!(
            "  {}, {} corrected{}",
            if all.len() == 1 {
                "1 type contradicts its own example".into()
            } else {
                format!("{} types contradict their own examples", all.len())
            },
            all.len() - left.len(),
            if left.is_empty() {
                ""
            } else {
                "; left as they are:"
            },
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

    fn say(
        &mut self,
        module: &Module,
        origin: &Origin,
        interface: &Interface,
        same_download: bool,
        same_crate: bool,
        generated: &Generated,
    ) {
        let name = &module.name;
        let from = origin.kind();
        if matches!(interface, Interface::Same) && same_crate {
            self.tally.unchanged += 1;
            let prose = if same_download {
                ""
            } else {
                " (the download differs, its interface does not)"
            };
            return self.console.line(format_args!("{name}: unchanged{prose}"));
        }
        self.tally.updated += 1;
        match interface {
            Interface::New => {
                let operations = count(generated.report.operations, "operation");
                self.console
                    .line(format_args!("{name}: new from {from}, {operations}"));
            }
            Interface::Same => self
                .console
                .line(format_args!("{name}: same interface, crate generated anew")),
            Interface::Unknown(why) => {
                self.console.line(format_args!(
                    "{name}: updated from {from}; no comparison with the old spec: {why}"
                ));
            }
            Interface::Changed(changes) => {
                let breaking = changes.iter().filter(|change| change.breaking).count();
                self.tally.breaking += breaking;
                self.console.line(format_args!(
                    "{name}: updated from {from}, {} in its interface, {breaking} of them breaking users",
                    count(changes.len(), "change")
                ));
                for change in changes {
                    self.console.line(describe(change));
                }
            }
        }
    }

    /// What concerns no single module: rows of modules that are gone, and the facade.
    fn finish(&mut self) -> Result<()> {
        let Some(guard) = &self.guard else {
            return Ok(());
        };
        let mut update = Update::new("lock and facade");
        self.lock
            .0
            .retain(|name, _| self.all.iter().any(|module| module.name == *name));
        if !self.lock.0.is_empty() {
            update.write(self.tree, LOCK.to_owned(), self.lock.write().into_bytes())?;
        }
        place_facade(self.tree, &mut update, &self.present)?;
        update.commit(self.tree, guard)
    }
}

fn describe(change: &Change) -> String {
    let sign = match change.kind {
        ChangeKind::Added => '+',
        ChangeKind::Removed => '-',
        ChangeKind::Changed => '~',
    };
    let detail = if change.detail.is_empty() {
        String::new()
    } else {
        format!(": {}", change.detail)
    };
    let breaking = if change.breaking {
        "  [breaks users]"
    } else {
        ""
    };
    format!("  {sign} {}{detail}{breaking}", change.what)
}
