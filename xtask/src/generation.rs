//! Generates crates from `specs/` in memory, and computes the changes of the tree.

use std::collections::BTreeSet;

use hoopai_codegen::{
    EventSources, Generated, GeneratedEvents, Module, SourceText, Sources, facade, generate,
    generate_events,
};
use rayon::{ThreadPoolBuilder, prelude::*};

use crate::{
    console::Progress,
    error::{Result, file_error},
    workspace::{
        Changes, DOCUMENTATION, ENVELOPE, EVENTS, FACADE_MANIFEST, HAND_WRITTEN, LICENCES,
        WEBHOOKS, Workspace, crate_folder, documentation_file, overlay_file, spec_file,
    },
};

/// The libraries that parse and print schemas recurse once for each level of nesting.
const STACK: usize = 64 * 1024 * 1024;

/// The spec of a module in the tree.
pub(crate) fn spec(tree: &Workspace, module: &Module) -> Result<Vec<u8>> {
    let file = spec_file(&module.name);
    tree.bytes(&file)?.ok_or_else(|| {
        file_error(
            file,
            "is missing",
            format!("run cargo xtask regen --module {}", module.name),
        )
    })
}

/// Generates the crate of a module from `spec`, and from the overlay and documentation in the tree.
pub(crate) fn generate_crate(tree: &Workspace, module: &Module, spec: &[u8]) -> Result<Generated> {
    generate_from(tree, module, spec, &ModuleTexts::read(tree, module)?)
}

/// The files of a module that people write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ModuleTexts {
    pub(crate) overlay: Option<String>,
    pub(crate) documentation: Option<String>,
}

impl ModuleTexts {
    pub(crate) fn read(tree: &Workspace, module: &Module) -> Result<Self> {
        Ok(Self {
            overlay: tree.text(&overlay_file(&module.name))?,
            documentation: tree.text(&documentation_file(&module.name))?,
        })
    }
}

/// Generates the crate of a module from `spec` and `texts`, with the documentation in the tree that
/// applies to all modules.
pub(crate) fn generate_from(
    tree: &Workspace,
    module: &Module,
    spec: &[u8],
    texts: &ModuleTexts,
) -> Result<Generated> {
    let name = &module.name;
    generate(
        module,
        &Sources {
            spec_file: &spec_file(name),
            spec,
            overlay: source_text(texts.overlay.as_deref(), &overlay_file(name)),
            documentation: source_text(texts.documentation.as_deref(), &documentation_file(name)),
            common: source_text(tree.text(DOCUMENTATION)?.as_deref(), DOCUMENTATION),
        },
    )
}

fn source_text<'a>(text: Option<&'a str>, file: &'a str) -> Option<SourceText<'a>> {
    text.map(|text| SourceText { file, text })
}

/// Generates the events of webhooks, or `None` if the tree has no event files.
pub(crate) fn generate_webhooks(tree: &Workspace) -> Result<Option<GeneratedEvents>> {
    let mut events = Vec::new();
    for name in tree.file_names(EVENTS)? {
        let file = format!("{EVENTS}/{name}");
        if let Some(bytes) = tree.bytes(&file)? {
            events.push((file, bytes));
        }
    }
    if events.is_empty() {
        return Ok(None);
    }
    let envelope = tree
        .bytes(ENVELOPE)?
        .ok_or_else(|| file_error(ENVELOPE, "is missing", "restore it from version control"))?;
    let (overlay, documentation) = (overlay_file(WEBHOOKS), documentation_file(WEBHOOKS));
    generate_events(&EventSources {
        events: &events,
        envelope: (ENVELOPE, &envelope),
        overlay: source_text(tree.text(&overlay)?.as_deref(), &overlay),
        documentation: source_text(tree.text(&documentation)?.as_deref(), &documentation),
    })
    .map(Some)
}

/// Adds the differences between the generated files of events and those in the tree.
pub(crate) fn event_changes(
    tree: &Workspace,
    changes: &mut Changes,
    generated: &GeneratedEvents,
) -> Result<()> {
    for (path, text) in &generated.files {
        changes.write(tree, path.clone(), text.clone().into_bytes())?;
    }
    Ok(())
}

/// Generates the crates of modules in the tree. The results are in the order of `modules`.
pub(crate) fn generate_crates(
    tree: &Workspace,
    modules: &[Module],
    progress: &Progress<'_>,
) -> Vec<Result<Generated>> {
    in_parallel(modules, |module| {
        let generated = spec(tree, module).and_then(|spec| generate_crate(tree, module, &spec));
        progress.done(&module.name);
        generated
    })
}

/// Adds the differences between the crate in the tree and the generated one: files that differ or
/// are missing, and files that are no longer generated.
pub(crate) fn crate_changes(
    tree: &Workspace,
    changes: &mut Changes,
    module: &Module,
    generated: &Generated,
) -> Result<()> {
    let folder = crate_folder(&module.name);
    let mut kept = BTreeSet::new();
    for (path, text) in &generated.files {
        let path = format!("{folder}/{path}");
        changes.write(tree, path.clone(), text.clone().into_bytes())?;
        kept.insert(path);
    }
    kept.extend(licence_changes(tree, changes, &folder)?);
    for (path, bytes) in &generated.workspace_files {
        changes.write(tree, path.clone(), bytes.clone())?;
    }
    for path in tree.files_below(&folder, |_| true)? {
        if !kept.contains(&path) {
            changes.remove(path);
        }
    }
    Ok(())
}

/// Adds the differences between the facade in the tree and one over `modules`, and the licences of
/// hand-written crates.
pub(crate) fn facade_changes(
    tree: &Workspace,
    changes: &mut Changes,
    modules: &[Module],
) -> Result<()> {
    let manifest = tree.text(FACADE_MANIFEST)?.ok_or_else(|| {
        file_error(
            FACADE_MANIFEST,
            "is missing",
            "restore it from version control",
        )
    })?;
    for (path, text) in facade(modules, &manifest)? {
        changes.write(tree, path, text.into_bytes())?;
    }
    for folder in HAND_WRITTEN {
        licence_changes(tree, changes, folder)?;
    }
    // The files of modules that a person removed.
    let is_listed = |name: &str| modules.iter().any(|module| module.name == name);
    for (folder, extension) in [
        ("crates/hoopai-mock/interface", ".json"),
        ("crates/hoopai-catalogue/data", ".json.deflate"),
        ("crates/hoopai-catalogue/src/modules", ".rs"),
        ("tests/generated", ".rs"),
    ] {
        for file in tree.file_names(folder)? {
            let name = file
                .strip_suffix(extension)
                .map(|name| name.replace('_', "-"));
            if name.is_some_and(|name| name != "mod" && !is_listed(&name)) {
                changes.remove(format!("{folder}/{file}"));
            }
        }
    }
    Ok(())
}

/// Adds the licences of the workspace to a crate, since a package contains only files of its
/// folder. Returns their paths.
fn licence_changes(tree: &Workspace, changes: &mut Changes, folder: &str) -> Result<Vec<String>> {
    let mut paths = Vec::new();
    for licence in LICENCES {
        if let Some(bytes) = tree.bytes(licence)? {
            let path = format!("{folder}/{licence}");
            changes.write(tree, path.clone(), bytes)?;
            paths.push(path);
        }
    }
    Ok(paths)
}

/// Calls `work` for each item, on one thread per processor. The results are in the order of the
/// items.
pub(crate) fn in_parallel<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let threads = ThreadPoolBuilder::new().stack_size(STACK).build();
    threads.map_or_else(
        |_| items.iter().map(&work).collect(),
        |threads| threads.install(|| items.par_iter().map(&work).collect()),
    )
}
