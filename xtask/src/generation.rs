//! Generates crates from `specs/` in memory, and computes the changes of the tree.

use std::collections::BTreeSet;

use hoopai_codegen::{
    EventSources, Generated, GeneratedEvents, Module, SourceText, Sources, facade, generate,
    generate_events,
};
use rayon::{ThreadPoolBuilder, prelude::*};

use crate::{
    console::Progress,
    error::{FileError, Result, file_error},
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
    let read = |file: String| Ok::<_, FileError>((tree.text(&file)?, file));
    let overlay = read(overlay_file(&module.name))?;
    let documentation = read(documentation_file(&module.name))?;
    let common = read(DOCUMENTATION.to_owned())?;
    generate(
        module,
        &Sources {
            spec_file: &spec_file(&module.name),
            spec,
            overlay: source_text(&overlay),
            documentation: source_text(&documentation),
            common: source_text(&common),
        },
    )
}

fn source_text((text, file): &(Option<String>, String)) -> Option<SourceText<'_>> {
    text.as_deref().map(|text| SourceText { file, text })
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
    let read = |file: String| Ok::<_, FileError>((tree.text(&file)?, file));
    let overlay = read(overlay_file(WEBHOOKS))?;
    let documentation = read(documentation_file(WEBHOOKS))?;
    generate_events(&EventSources {
        events: &events,
        envelope: (ENVELOPE, &envelope),
        overlay: source_text(&overlay),
        documentation: source_text(&documentation),
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
    for (path, text) in &generated.workspace_files {
        changes.write(tree, path.clone(), text.clone().into_bytes())?;
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
